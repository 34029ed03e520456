// REQUIRES: direct
// RUN: rm -rf %t && mkdir %t && cd %t && sh %S/Inputs/compare.sh %cc "%direct" %s 35
#include "try.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  char buffer[16], *a, *b, *c;
  int fd = open("f", O_RDWR | O_CREAT, 0600), other;
  TRY(ftruncate(fd, 10000));
  HOLDS((a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED);
  HOLDS((b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096)) != MAP_FAILED);
  HOLDS((c = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0)) != MAP_FAILED);
  strcpy(a, "shared");
  TRY(pread(fd, buffer, 6, 0));
  TRY(memcmp(buffer, "shared", 6));
  TRY(pwrite(fd, "written", 7, 4096));
  TRY(memcmp(b, "written", 7));
  TRY(memcmp(a + 4096, "written", 7));
  strcpy(c, "private");
  TRY(memcmp(a, "shared", 6));
  TRY(pread(fd, buffer, 6, 0));
  TRY(memcmp(buffer, "shared", 6));
  TRY(ftruncate(fd, 100000));
  TRY(memcmp(a, "shared", 6));
  TRY(pwrite(fd, "far", 3, 99990));
  HOLDS((b = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 98304)) != MAP_FAILED);
  TRY(memcmp(b + 99990 - 98304, "far", 3));
  TRY(msync(a, 8192, MS_SYNC));
  TRY(munmap(c, 4096));
  TRY(munmap(b, 4096));
  TRY(madvise(a, 4096, MADV_DONTNEED));
  TRY(memcmp(a, "shared", 6));
  TRY(close(fd));
  TRY(unlink("f"));
  TRY(memcmp(a, "shared", 6));
  a[0] = 'S';
  TRY(munmap(a, 8192));
  fd = open("g", O_RDWR | O_CREAT, 0600);
  TRY(write(fd, "text", 4));
  other = open("g", O_RDONLY);
  TRY((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0));
  HOLDS((a = mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, 0)) != MAP_FAILED);
  TRY(pwrite(fd, "T", 1, 0));
  TRY(memcmp(a, "Text", 5));
  TRY(munmap(a, 4096));
  other = open("g", O_WRONLY);
  TRY((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, other, 0));
  TRY((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, 99, 0));
  TRY((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 1));
  TRY((long)mmap(NULL, 4096, PROT_READ, 0, fd, 0));
  fd = open(".", O_RDONLY);
  TRY((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
  fd = memfd_create("m", 0);
  TRY(ftruncate(fd, 4096));
  HOLDS((a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED);
  HOLDS((b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED);
  a[7] = 77;
  TRY(b[7]);
  TRY(munmap(b, 4096));
  TRY(a[7]);
}
