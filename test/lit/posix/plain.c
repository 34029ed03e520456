// Without optimisation, and without the C++ library: the library OS's classes are
// complete by themselves.
// REQUIRES: direct
// RUN: %cc -O0 %s -o %t && %direct %t one | FileCheck --match-full-lines %s
// RUN: %llvm/llvm-nm %t.dbg | grep __cxa_pure_virtual
// CHECK: written 1, closed 0
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  long written = write(ends[0], argv[1], argc - 1);
  printf("written %ld, closed %d\n", written, close(ends[argc - 1]));
}
