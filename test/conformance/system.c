// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a test finds where libc++ itself runs it: a directory of its own, which is not
// the root; and, for tests of files, which make and remove their directories by
// system(), what they ask of a shell: mkdir -p, chmod -R 777, rm -rf.
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void begin(void) {
  mkdir("/test", 0777);
  chdir("/test");
}

static int makeWithParents(char *path) {
  for (char *at = path + 1; (at = strchr(at, '/')); *at++ = '/') {
    *at = 0;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
      return 1;
  }
  return mkdir(path, 0777) != 0 && errno != EEXIST;
}

static int forAll(const char *path, int (*action)(const char *));

static int allow(const char *path) {
  return chmod(path, 0777) != 0 || forAll(path, allow);
}

static int removeAll(const char *path) {
  return forAll(path, removeAll) || remove(path) != 0;
}

/// Does something with everything in a directory, if it is one.
static int forAll(const char *path, int (*action)(const char *)) {
  struct stat status;
  if (lstat(path, &status) != 0)
    return 1;
  if (!S_ISDIR(status.st_mode))
    return 0;
  DIR *directory = opendir(path);
  if (!directory)
    return 1;
  int failed = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    char name[PATH_MAX];
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
      continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    // As chmod -R: what a link names is elsewhere.
    if (action == removeAll || entry->d_type != DT_LNK)
      failed |= action(name);
  }
  closedir(directory);
  return failed;
}

int system(const char *command) {
  char path[PATH_MAX];
  if (sscanf(command, "mkdir -p %s", path) == 1)
    return makeWithParents(path) << 8;
  if (sscanf(command, "chmod -R 777 %s", path) == 1)
    return allow(path) << 8;
  if (sscanf(command, "rm -rf %s", path) == 1)
    return removeAll(path) << 8;
  return 127 << 8; // sh: not found
}
