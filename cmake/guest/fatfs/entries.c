/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * One translation unit with FatFs, whose inner functions these need. */
#include <ff.c>

#include "entries.h"

static void start(DIR *place, FATFS *fs, FatDirectory directory) {
  place->obj.fs = fs;
  place->obj.sclust = directory;
  fs->cdir = directory;
}

/* Everything so far is on the disk before what comes. */
static FRESULT settle(FATFS *fs) {
  FRESULT result = sync_window(fs);
  if (result == FR_OK && disk_ioctl(fs->drv, CTRL_SYNC, 0) != RES_OK)
    result = FR_DISK_ERR;
  return result;
}

static FRESULT find(DIR *place, FATFS *fs, FatDirectory directory,
                    const TCHAR *name) {
  start(place, fs, directory);
  FRESULT result = follow_path(place, name);
  if (result == FR_OK && place->fn[NSFLAG] & (NS_DOT | NS_NONAME))
    result = FR_INVALID_NAME;
  return result;
}

static void describe(DIR *place, FatEntry *entry) {
  FILINFO info;
  get_fileinfo(place, &info);
  entry->sector = place->sect;
  entry->offset = (DWORD)(place->dir - place->obj.fs->win);
  entry->cluster = ld_clust(place->obj.fs, place->dir);
  entry->size = info.fsize;
  entry->modified = (DWORD)info.fdate << 16 | info.ftime;
  entry->next = place->dptr + SZDIRE;
  entry->attributes = info.fattrib;
  mem_cpy(entry->name, info.fname, sizeof entry->name);
}

FRESULT fat_next(FATFS *fs, FatDirectory directory, DWORD from,
                 FatEntry *entry) {
  DIR place;
  DEF_NAMBUF
  INIT_NAMBUF(fs);
  start(&place, fs, directory);
  FRESULT result = dir_sdi(&place, from);
  if (result == FR_INT_ERR && from)
    return FR_NO_FILE; /* just behind the last cluster */
  if (result == FR_OK)
    result = dir_read(&place, 0);
  if (result == FR_OK)
    describe(&place, entry);
  return result;
}

FRESULT fat_find(FATFS *fs, FatDirectory directory, const TCHAR *name,
                 FatEntry *entry) {
  DIR place;
  DEF_NAMBUF
  INIT_NAMBUF(fs);
  FRESULT result = find(&place, fs, directory, name);
  if (result != FR_OK)
    return result;
  /* It is read once more: as yet the buffer has the name that was asked for. */
  return fat_next(fs, directory,
                  place.blk_ofs == 0xFFFFFFFF ? place.dptr : place.blk_ofs,
                  entry);
}

FRESULT fat_check_empty(FATFS *fs, FatDirectory directory) {
  FatEntry entry;
  FRESULT result = fat_next(fs, directory, 0, &entry);
  return result == FR_OK ? FR_DENIED : result == FR_NO_FILE ? FR_OK : result;
}

static FRESULT save_entry(FIL *file, DWORD modified) {
  FATFS *fs = file->obj.fs;
  FRESULT result = move_window(fs, file->dir_sect);
  if (result != FR_OK)
    return result;
  BYTE *at = file->dir_ptr;
  at[DIR_Attr] |= AM_ARC;
  st_clust(fs, at, file->obj.sclust);
  st_dword(at + DIR_FileSize, file->obj.objsize);
  st_dword(at + DIR_ModTime, modified);
  fs->wflag = 1;
  return sync_window(fs);
}

FRESULT fat_make(FATFS *fs, FatDirectory directory, const TCHAR *name,
                 int is_directory) {
  FIL file;
  fs->cdir = directory;
  if (is_directory)
    return f_mkdir(fs, name);
  FRESULT result = f_open(fs, &file, name, FA_WRITE | FA_CREATE_NEW);
  return result == FR_OK ? save_entry(&file, GET_FATTIME()) : result;
}

FRESULT fat_remove(FATFS *fs, FatDirectory directory, const TCHAR *name) {
  DIR place;
  DEF_NAMBUF
  INIT_NAMBUF(fs);
  FRESULT result = find(&place, fs, directory, name);
  if (result == FR_OK)
    result = dir_remove(&place);
  return result == FR_OK ? sync_window(fs) : result;
}

FRESULT fat_release(FATFS *fs, DWORD cluster) {
  FFOBJID object = {.fs = fs};
  FRESULT result = cluster ? remove_chain(&object, cluster, 0) : FR_OK;
  return result == FR_OK ? sync_window(fs) : result;
}

/* What of an entry goes with the content, not with the name. */
static void copy_content(BYTE *to, const BYTE *from) {
  to[DIR_Attr] = from[DIR_Attr];
  mem_cpy(to + DIR_NTres + 1, from + DIR_NTres + 1, SZDIRE - DIR_NTres - 1);
}

FRESULT fat_rename(FATFS *fs, FatDirectory from, const TCHAR *name,
                   FatDirectory to, const TCHAR *new_name) {
  DIR old, place;
  BYTE saved[SZDIRE];
  DEF_NAMBUF
  INIT_NAMBUF(fs);
  FRESULT result = find(&old, fs, from, name);
  if (result != FR_OK)
    return result;
  mem_cpy(saved, old.dir, SZDIRE);
  result = find(&place, fs, to, new_name);
  if (result == FR_OK && (place.sect != old.sect || place.dptr != old.dptr))
    return FR_EXIST;
  if (result != FR_OK && result != FR_NO_FILE)
    return result;
  result = dir_register(&place);
  if (result != FR_OK)
    return result;
  copy_content(place.dir, saved);
  fs->wflag = 1;
  if (saved[DIR_Attr] & AM_DIR && from != to) {
    DWORD sector = clst2sect(fs, ld_clust(fs, saved));
    result = sector ? move_window(fs, sector) : FR_INT_ERR;
    if (result == FR_OK && fs->win[SZDIRE + 1] == '.') {
      st_clust(fs, fs->win + SZDIRE, to);
      fs->wflag = 1;
    }
  }
  /* Two names rather than none; both are one write if they are neighbours. */
  if (result == FR_OK && old.sect != place.sect)
    result = settle(fs);
  if (result == FR_OK)
    result = dir_remove(&old);
  return result == FR_OK ? sync_window(fs) : result;
}

FRESULT fat_replace(FATFS *fs, FatDirectory from, const TCHAR *name,
                    FatDirectory to, const TCHAR *new_name) {
  DIR old, place;
  BYTE saved[SZDIRE];
  DEF_NAMBUF
  INIT_NAMBUF(fs);
  FRESULT result = find(&place, fs, to, new_name);
  if (result == FR_OK)
    result = find(&old, fs, from, name);
  if (result != FR_OK)
    return result;
  mem_cpy(saved, old.dir, SZDIRE);
  /* The new name always has a content, the old one or the new one. */
  result = dir_remove(&old);
  if (result == FR_OK && old.sect != place.sect)
    result = settle(fs);
  if (result == FR_OK)
    result = move_window(fs, place.sect);
  if (result != FR_OK)
    return result;
  copy_content(place.dir, saved);
  fs->wflag = 1;
  return sync_window(fs);
}

FRESULT fat_store(FATFS *fs, const FatEntry *entry) {
  FRESULT result = move_window(fs, entry->sector);
  if (result != FR_OK)
    return result;
  BYTE *at = fs->win + entry->offset;
  at[DIR_Attr] = entry->attributes;
  st_dword(at + DIR_ModTime, entry->modified);
  fs->wflag = 1;
  return sync_window(fs);
}

void fat_open(FATFS *fs, const FatEntry *entry, BYTE mode, FIL *file) {
  mem_set(file, 0, sizeof *file);
  file->obj.fs = fs;
  file->obj.id = fs->id;
  file->obj.sclust = entry->cluster;
  file->obj.objsize = entry->size;
  file->flag = mode;
  fat_move(file, entry);
}

void fat_move(FIL *file, const FatEntry *entry) {
  file->dir_sect = entry->sector;
  file->dir_ptr = file->obj.fs->win + entry->offset;
}

void fat_retry(FIL *file) {
  file->err = 0;
  file->fptr = 0;
  file->clust = 0;
}

static FRESULT save_data(FIL *file) {
  if (!(file->flag & FA_DIRTY))
    return FR_OK;
  if (disk_write(file->obj.fs->drv, file->buf, file->sect, 1) != RES_OK)
    return FR_DISK_ERR;
  file->flag &= (BYTE)~FA_DIRTY;
  return FR_OK;
}

FRESULT fat_save(FIL *file, DWORD modified) {
  FRESULT result = save_data(file);
  if (result == FR_OK && file->flag & FA_MODIFIED)
    result = save_entry(file, modified);
  if (result != FR_OK)
    return result;
  file->flag &= (BYTE)~FA_MODIFIED;
  return sync_fs(file->obj.fs);
}

FRESULT fat_save_unnamed(FIL *file) {
  FRESULT result = save_data(file);
  return result == FR_OK ? sync_fs(file->obj.fs) : result;
}

FRESULT fat_cut(FIL *file, DWORD modified, int has_entry) {
  FATFS *fs = file->obj.fs;
  DWORD last = 0, rest = file->obj.sclust;
  FRESULT result = save_data(file);
  if (result != FR_OK || file->fptr >= file->obj.objsize)
    return result;
  if (file->fptr) {
    last = file->clust;
    rest = get_fat(&file->obj, last);
    if (rest == 0xFFFFFFFF)
      return FR_DISK_ERR;
    if (rest < 2)
      return FR_INT_ERR;
  } else {
    file->obj.sclust = 0;
  }
  file->obj.objsize = file->fptr;
  if (file->fptr % SS(fs) == 0)
    file->sect = 0;
  /* The entry first: then it never names what is free. */
  if (has_entry)
    result = save_entry(file, modified);
  if (result == FR_OK && rest >= 2 && rest < fs->n_fatent)
    result = remove_chain(&file->obj, rest, last);
  if (result == FR_OK)
    result = sync_window(fs);
  if (result != FR_OK)
    file->err = (BYTE)result;
  return result;
}
