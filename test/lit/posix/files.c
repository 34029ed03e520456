// REQUIRES: direct
// RUN: rm -rf %t && mkdir %t && cd %t && sh %S/Inputs/compare.sh %cc "%direct" %s 105
#include "try.h"
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>

static struct stat status;
static int entries(const char *path) {
  DIR *directory = opendir(path);
  int count = 0;
  if (!directory)
    return -1;
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}
static void make(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  write(fd, text, strlen(text));
  close(fd);
}

int main(void) {
  char buffer[PATH_MAX], name[300];
  umask(022);
  TRY(mkdir("d", 0777));
  TRY(mkdir("d", 0777));
  TRY(mkdir("none/d", 0777));
  TRY(mkdir("", 0777));
  TRY(mkdir("d/.", 0777));
  TRY(stat("d", &status));
  TRY(status.st_mode);
  TRY(chdir("d"));
  TRY(chdir("none"));
  make("f", "text");
  TRY(stat("f", &status));
  TRY(status.st_mode);
  TRY(status.st_size);
  TRY(status.st_nlink);
  TRY(link("f", "g"));
  TRY(link("f", "g"));
  TRY(link("none", "h"));
  TRY(link("../d", "h"));
  TRY(stat("g", &status));
  TRY(status.st_nlink);
  TRY(symlink("f", "s"));
  TRY(symlink("f", "s"));
  TRY(symlink("nowhere", "broken"));
  TRY(symlink("loop", "loop"));
  TRY(mkdir("broken", 0777));
  TRY(mkdir("s", 0777));
  TRY(fchmodat(AT_FDCWD, "broken", 0600, AT_SYMLINK_NOFOLLOW));
  TRY(fchmodat(AT_FDCWD, "s", 0600, AT_SYMLINK_NOFOLLOW));
  TRY(fchmodat(AT_FDCWD, "f", 0600, AT_SYMLINK_NOFOLLOW));
  TRY(readlink("s", buffer, sizeof(buffer)));
  TRY(readlink("s", buffer, 0));
  TRY(readlink("f", buffer, sizeof(buffer)));
  TRY(readlink("none", buffer, sizeof(buffer)));
  TRY(stat("broken", &status));
  TRY(stat("loop", &status));
  TRY(lstat("broken", &status));
  HOLDS(S_ISLNK(status.st_mode));
  TRY(status.st_size);
  TRY(open("loop", O_RDONLY));
  TRY(open("s", O_RDONLY | O_NOFOLLOW));
  TRY(open("broken", O_RDONLY));
  TRY(open("broken", O_CREAT | O_EXCL | O_WRONLY, 0600));
  TRY(open("broken", O_CREAT | O_WRONLY, 0600) > 2);
  TRY(access("nowhere", F_OK));
  TRY(access("none", F_OK));
  TRY(access("f", R_OK | W_OK));
  TRY(faccessat(AT_FDCWD, "f", 99, 0));
  TRY(chmod("f", 0640));
  TRY(stat("g", &status));
  TRY(status.st_mode & 07777);
  TRY(chmod("none", 0640));
  TRY(rename("g", "h"));
  TRY(rename("none", "h"));
  TRY(rename("h", "none/h"));
  TRY(mkdir("sub", 0700));
  TRY(rename("h", "sub"));
  TRY(rename("sub", "h"));
  TRY(rename("sub", "sub/below"));
  TRY(mkdir("sub/below", 0700));
  TRY(rename("../d", "sub/below/d"));
  TRY(rmdir("sub"));
  TRY(rmdir("f"));
  TRY(rmdir("none"));
  TRY(rmdir("."));
  TRY(unlink("sub"));
  TRY(unlink("none"));
  TRY(unlink("s/x"));
  TRY(entries("."));
  TRY(entries("none"));
  TRY(entries("f"));
  TRY(rename("sub/below", "moved"));
  TRY(entries("sub"));
  TRY(rmdir("sub"));
  TRY(stat("moved/..", &status));
  TRY(truncate("f", 2));
  TRY(stat("f", &status));
  TRY(status.st_size);
  TRY(truncate("f", -1));
  TRY(truncate("moved", 0));
  TRY(truncate("none", 0));
  memset(name, 'n', 299), name[299] = 0;
  TRY(open(name, O_CREAT | O_WRONLY, 0600));
  name[255] = 0;
  TRY(open(name, O_CREAT | O_WRONLY, 0600) > 2);
  TRY(unlink(name));
  memset(buffer, '/', sizeof(buffer)), buffer[sizeof(buffer) - 1] = 0;
  TRY(stat(buffer, &status));
  int folder = open("moved", O_RDONLY | O_DIRECTORY);
  TRY(mkdirat(folder, "at", 0755));
  TRY(openat(folder, "file", O_CREAT | O_WRONLY, 0600) > 2);
  TRY(fstatat(folder, "file", &status, 0));
  TRY(fstatat(99, "file", &status, 0));
  TRY(fstatat(folder, "", &status, AT_EMPTY_PATH));
  HOLDS(S_ISDIR(status.st_mode));
  TRY(renameat(folder, "file", AT_FDCWD, "from"));
  TRY(unlinkat(folder, "at", 0));
  TRY(unlinkat(folder, "at", AT_REMOVEDIR));
  TRY(unlinkat(folder, "at", AT_REMOVEDIR));
  TRY(symlinkat("target", folder, "link"));
  TRY(readlinkat(folder, "link", buffer, sizeof(buffer)));
  TRY(linkat(AT_FDCWD, "from", folder, "hard", 0));
  TRY(read(folder, buffer, 1));
  TRY(write(folder, buffer, 1));
  TRY(fchdir(folder));
  TRY(fchdir(99));
  TRY(stat("hard", &status));
  TRY(chdir(".."));
  struct timespec times[2] = {{1000, 5}, {2000, 6}};
  TRY(utimensat(AT_FDCWD, "f", times, 0));
  TRY(stat("f", &status));
  TRY(status.st_atim.tv_sec);
  TRY(status.st_mtim.tv_sec);
  TRY(status.st_mtim.tv_nsec);
  times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = 2000000000;
  TRY(utimensat(AT_FDCWD, "f", times, 0));
  times[1].tv_nsec = UTIME_NOW;
  TRY(utimensat(AT_FDCWD, "f", times, 0));
  TRY(stat("f", &status));
  TRY(status.st_atim.tv_sec);
  HOLDS(status.st_mtim.tv_sec > 1700000000);
  TRY(umask(077));
  TRY(umask(022));
  int fd = open("f", O_RDWR);
  TRY(unlink("f"));
  TRY(fstat(fd, &status));
  TRY(status.st_nlink);
  TRY(write(fd, "still", 5));
  TRY(pread(fd, buffer, 5, 0));
  TRY(memcmp(buffer, "still", 5));
  TRY(fchmod(fd, 0400));
  TRY(fstat(fd, &status));
  TRY(status.st_mode & 0777);
  TRY(close(fd));
  TRY(fchmod(fd, 0400));
  fd = open(".", O_TMPFILE | O_RDWR, 0600);
  HOLDS(fd > 0);
  TRY(write(fd, "x", 1));
  TRY(fstat(fd, &status));
  TRY(status.st_nlink);
  TRY(pread(fd, buffer, 5, 0));
  fd = memfd_create("memory", MFD_CLOEXEC);
  HOLDS(fd > 0);
  TRY(write(fd, "memory", 6));
  TRY(lseek(fd, 1, SEEK_SET));
  TRY(read(fd, buffer, 6));
  strcpy(name, "tmpXXXXXX");
  fd = mkstemp(name);
  HOLDS(fd > 0 && strcmp(name, "tmpXXXXXX"));
  unlink(name);
  strcpy(name, "dirXXXXXX");
  HOLDS(mkdtemp(name));
  TRY(rmdir(name));
  strcpy(name, "bad");
  TRY(mkstemp(name));
  TRY(posix_fallocate(fd, 0, 100));
  TRY(fstat(fd, &status));
  TRY(status.st_size);
  HOLDS(getcwd(buffer, sizeof(buffer)));
  HOLDS(getcwd(buffer, 1));
  TRY(errno);
  TEXT(basename(strcpy(buffer, "/a/b/")));
  TEXT(dirname(strcpy(buffer, "/a/b/")));
  TEXT(realpath("moved/../moved/./hard", buffer) ? basename(buffer) : NULL);
  TEXT(realpath("none", buffer));
  TRY(remove("moved/hard"));
  TRY(remove("moved/link"));
  TRY(remove("moved"));
  TRY(statvfs("none", NULL));
  TRY(pathconf(".", _PC_NAME_MAX));
  TRY(open("none", O_TMPFILE | O_RDWR, 0600));
  TRY(open(".", O_TMPFILE | O_RDONLY, 0600));
}
