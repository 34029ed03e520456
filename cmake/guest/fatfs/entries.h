/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * What a POSIX system asks of a FAT file system and FatFs does not have: entries
 * of directories that stay known while files are open, names that replace others,
 * files without a name.
 *
 * What is on the disk is right after each write, as far as FAT can be: clusters
 * are taken before an entry names them, and given back after none does. A power
 * cut then costs clusters that nothing names, and no more; but a file that was
 * being renamed can have both names. For that, disk_write() keeps writes of
 * directories and of the FAT in their order (libos/fat/volume.cpp). */
#pragma once

#include <ff.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The directory with that first cluster; 0: the root. */
typedef DWORD FatDirectory;

/* Where an entry is, and what it says. */
typedef struct {
  DWORD sector;
  DWORD offset;   /* in the sector */
  DWORD cluster;  /* the first one of the content; 0: none */
  DWORD size;
  DWORD modified; /* date << 16 | time */
  DWORD next;     /* of fat_next: what to go on with */
  BYTE attributes;
  TCHAR name[FF_LFN_BUF + 1];
} FatEntry;

/* Finds a name, whatever its case; `entry` has it as it is spelt on the disk. */
FRESULT fat_find(FATFS *fs, FatDirectory directory, const TCHAR *name,
                 FatEntry *entry);
/* The first entry at or behind an offset, but not "." and "..". */
FRESULT fat_next(FATFS *fs, FatDirectory directory, DWORD from, FatEntry *entry);
/* FR_DENIED: it is not. */
FRESULT fat_check_empty(FATFS *fs, FatDirectory directory);

/* Makes an empty file, or a directory; the name must be free. */
FRESULT fat_make(FATFS *fs, FatDirectory directory, const TCHAR *name,
                 int is_directory);
/* Takes a name away, but not the clusters behind it. */
FRESULT fat_remove(FATFS *fs, FatDirectory directory, const TCHAR *name);
/* Gives back the clusters from that one on. */
FRESULT fat_release(FATFS *fs, DWORD cluster);
/* Gives what has one name another, which must be free, or be the same in another
 * case. */
FRESULT fat_rename(FATFS *fs, FatDirectory from, const TCHAR *name,
                   FatDirectory to, const TCHAR *new_name);
/* Gives a file the name of another, whose clusters are then nobody's. */
FRESULT fat_replace(FATFS *fs, FatDirectory from, const TCHAR *name,
                    FatDirectory to, const TCHAR *new_name);
/* Writes attributes and time of an entry. */
FRESULT fat_store(FATFS *fs, const FatEntry *entry);

void fat_open(FATFS *fs, const FatEntry *entry, BYTE mode, FIL *file);
/* The file's entry is now there. */
void fat_move(FIL *file, const FatEntry *entry);
/* After an error FatFs refuses a file for ever. It looks for its place anew. */
void fat_retry(FIL *file);
/* Writes what is not written yet; `modified` for the entry. */
FRESULT fat_save(FIL *file, DWORD modified);
/* The same of a file without an entry. */
FRESULT fat_save_unnamed(FIL *file);
/* Cuts a file where its pointer is. */
FRESULT fat_cut(FIL *file, DWORD modified, int has_entry);

#ifdef __cplusplus
}
#endif
