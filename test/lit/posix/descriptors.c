// REQUIRES: direct
// RUN: rm -rf %t && mkdir %t && cd %t && sh %S/Inputs/compare.sh %cc "%direct" %s 60
#include "try.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void) {
  char buffer[64];
  int fd, ends[2];
  TRY(fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0644) >= 0 ? 3 : -1);
  fd = 3;
  TRY(open("a", O_RDWR | O_CREAT | O_EXCL, 0644));
  TRY(open("none", O_RDONLY));
  TRY(open("", O_RDONLY));
  TRY(open("a/b", O_RDONLY));
  TRY(open("a/", O_RDONLY));
  TRY(open(".", O_WRONLY));
  TRY(open("a", O_RDONLY | O_DIRECTORY));
  TRY(write(fd, "0123456789", 10));
  TRY(lseek(fd, 0, SEEK_CUR));
  TRY(lseek(fd, -3, SEEK_END));
  TRY(read(fd, buffer, 10));
  TRY(read(fd, buffer, 10));
  TRY(lseek(fd, -1, SEEK_SET));
  TRY(lseek(fd, 0, 99));
  TRY(lseek(fd, 100, SEEK_SET));
  TRY(read(fd, buffer, 1));
  TRY(pread(fd, buffer, 4, 2));
  TRY(memcmp(buffer, "2345", 4));
  TRY(pread(fd, buffer, 4, -1));
  TRY(pwrite(fd, "xy", 2, 12));
  TRY(pread(fd, buffer, 10, 8));
  TRY(memcmp(buffer, "89\0\0xy", 6));
  TRY(lseek(fd, 0, SEEK_CUR));
  TRY(ftruncate(fd, 4));
  TRY(lseek(fd, 0, SEEK_END));
  TRY(ftruncate(fd, -1));
  struct iovec two[2] = {{buffer, 2}, {buffer + 2, 2}};
  TRY(lseek(fd, 0, SEEK_SET));
  TRY(readv(fd, two, 2));
  TRY(writev(fd, two, 2));
  TRY(writev(fd, two, -1));
  TRY(readv(99, two, 2));
  TRY(preadv(fd, two, 2, 1));
  TRY(pwritev(fd, two, 2, 20));
  TRY(lseek(fd, 0, SEEK_END));
  TRY(dup(fd));
  TRY(dup2(fd, 9));
  TRY(dup2(99, 9));
  TRY(dup2(fd, -1));
  TRY(dup2(fd, fd));
  TRY(dup3(fd, fd, 0));
  TRY(dup3(fd, 10, O_CLOEXEC));
  TRY(fcntl(10, F_GETFD));
  TRY(fcntl(9, F_GETFD));
  TRY(fcntl(9, F_SETFD, FD_CLOEXEC));
  TRY(fcntl(9, F_GETFD));
  TRY(fcntl(fd, F_DUPFD, 20));
  TRY(fcntl(20, F_DUPFD_CLOEXEC, 20));
  TRY(fcntl(21, F_GETFD));
  TRY(fcntl(99, F_GETFD));
  TRY(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
  TRY(fcntl(fd, F_SETFL, O_APPEND));
  TRY(fcntl(20, F_GETFL) & O_APPEND);
  TRY(lseek(fd, 0, SEEK_SET));
  TRY(write(20, "end", 3));
  TRY(lseek(fd, 0, SEEK_CUR));
  TRY(close(20));
  TRY(close(20));
  TRY(close(-1));
  TRY(read(99, buffer, 1));
  TRY(write(99, buffer, 1));
  TRY(lseek(99, 0, SEEK_SET));
  TRY(isatty(fd));
  TRY(isatty(99));
  fd = open("a", O_RDONLY);
  TRY(write(fd, "x", 1));
  TRY(ftruncate(fd, 0));
  close(fd);
  fd = open("a", O_WRONLY);
  TRY(read(fd, buffer, 1));
  close(fd);
  TRY(pipe(ends));
  TRY(lseek(ends[0], 0, SEEK_CUR));
  TRY(pread(ends[0], buffer, 1, 0));
  TRY(write(ends[0], "x", 1));
  TRY(read(ends[1], buffer, 1));
  TRY(write(ends[1], "abc", 3));
  int count = 0;
  TRY(ioctl(ends[0], FIONREAD, &count));
  TRY(count);
  TRY(read(ends[0], buffer, 2));
  struct pollfd both[2] = {{ends[0], POLLIN | POLLOUT}, {ends[1], POLLIN | POLLOUT}};
  TRY(poll(both, 2, 0));
  TRY(both[0].revents);
  TRY(both[1].revents);
  TRY(close(ends[1]));
  TRY(poll(both, 2, 0));
  TRY(both[0].revents);
  TRY(both[1].revents);
  TRY(read(ends[0], buffer, 2));
  TRY(read(ends[0], buffer, 2));
  TRY(poll(NULL, 0, 1));
  TRY(pipe2(ends, 12345));
  TRY(eventfd(0, 12345));
  TRY(fd = eventfd(3, EFD_NONBLOCK) > 0);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  struct timeval none = {0, 0};
  TRY(select(ends[0] + 1, &set, NULL, NULL, &none));
  TRY(FD_ISSET(ends[0], &set) != 0);
  TRY(select(-1, NULL, NULL, NULL, &none));
  fd = open("/dev/null", O_RDWR);
  TRY(read(fd, buffer, 5));
  TRY(write(fd, buffer, 5));
  fd = open("/dev/zero", O_RDWR);
  TRY(read(fd, buffer, 5));
  TRY(buffer[4]);
  fd = open("/dev/full", O_RDWR);
  TRY(write(fd, buffer, 5));
  struct stat status;
  TRY(fstat(fd, &status));
  HOLDS(S_ISCHR(status.st_mode));
  TRY(unlink("a"));
}
