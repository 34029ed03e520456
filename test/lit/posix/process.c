// REQUIRES: direct
// RUN: rm -rf %t && mkdir %t && cd %t && sh %S/Inputs/compare.sh %cc "%direct" %s 70
#include "try.h"
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  uid_t a, b, c;
  gid_t list[40] = {5, 6, 7};
  TRY(wait(NULL));
  TRY(waitpid(-1, NULL, WNOHANG));
  TRY(getuid());
  TRY(setgroups(3, list));
  TRY(getgroups(0, NULL));
  TRY(getgroups(1, list));
  TRY(getgroups(3, list));
  TRY(list[2]);
  TRY(setregid(10, 11));
  TRY(getgid());
  TRY(getegid());
  TRY(setresuid(1, 2, 3));
  TRY(getresuid(&a, &b, &c));
  TRY(a * 100 + b * 10 + c);
  TRY(setuid(3));
  TRY(geteuid());
  TRY(getuid());
  TRY(setuid(7));
  TRY(seteuid(1));
  TRY(setreuid(-1, 3));
  TRY(setreuid(3, 1));
  TRY(getresuid(&a, &b, &c));
  TRY(a * 100 + b * 10 + c);
  TRY(setreuid(9, -1));
  TRY(setgroups(1, list));
  TRY(setresgid(11, 10, 11));
  TRY(getegid());
  TRY(setgid(99));
  struct rlimit limit;
  TRY(getrlimit(99, &limit));
  TRY(getrlimit(RLIMIT_NOFILE, &limit));
  HOLDS(limit.rlim_cur >= 64 && limit.rlim_cur <= limit.rlim_max);
  limit.rlim_cur = 10, limit.rlim_max = 5;
  TRY(setrlimit(RLIMIT_CPU, &limit));
  TRY(getpriority(PRIO_PROCESS, 0));
  TRY(getpriority(99, 0));
  TRY(setpriority(PRIO_PROCESS, 0, 5));
  TRY(getpriority(PRIO_PROCESS, 0));
  TRY(nice(3));
  struct sysinfo information;
  TRY(sysinfo(&information));
  HOLDS(information.totalram >= information.freeram && information.mem_unit);
  struct utsname name;
  TRY(uname(&name));
  TEXT(name.sysname);
  TEXT(name.machine);
  TRY(sysconf(_SC_PAGESIZE));
  TRY(sysconf(_SC_CLK_TCK));
  TRY(sysconf(99999));
  HOLDS(sysconf(_SC_PHYS_PAGES) > 100);
  HOLDS(sysconf(_SC_NPROCESSORS_ONLN) > 0);
  cpu_set_t set;
  TRY(sched_getaffinity(0, sizeof(set), &set));
  HOLDS(CPU_COUNT(&set) > 0);
  CPU_ZERO(&set);
  TRY(sched_setaffinity(0, sizeof(set), &set));
  TRY(sched_get_priority_max(SCHED_OTHER));
  HOLDS(sched_getcpu() >= 0);
  HOLDS(getpgrp() == getpgid(0));
  HOLDS(getsid(0) == getsid(getpid()) || getsid(0) == -1);

  char *page;
  HOLDS((page = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
  TRY(page[9999]);
  page[0] = 7;
  TRY(msync(page, 4096, MS_SYNC));
  TRY(msync(page + 1, 4096, MS_SYNC));
  TRY(mlock(page, 4096));
  TRY(munlock(page, 4096));
  unsigned char present[3];
  TRY(mincore(page, 4096, present));
  TRY(present[0] & 1);
  TRY(madvise(page, 4096, MADV_DONTNEED));
  TRY(page[0]);
  HOLDS((page = mremap(page, 10000, 50000, MREMAP_MAYMOVE)) != MAP_FAILED);
  TRY(page[49151]);
  TRY(munmap(page, 50000));
  TRY(munmap(page + 1, 4096));
  TRY(munmap(page, 0));
  TRY((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  TRY((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0));
  TRY((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -1);
  HOLDS(malloc(SIZE_MAX / 2) == NULL);
  TRY(errno);
  HOLDS(calloc(SIZE_MAX / 2, 3) == NULL);
  TRY(posix_memalign((void **)&page, 3, 10));
  TRY(posix_memalign((void **)&page, 4096, 10));
  HOLDS((long)page % 4096 == 0);

  struct timespec t = {0, -1};
  TRY(nanosleep(&t, NULL));
  TRY(clock_gettime(99, &t));
  TRY(clock_getres(CLOCK_MONOTONIC, &t));
  t.tv_sec = 0, t.tv_nsec = 1000;
  TRY(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL));
  TRY(clock_nanosleep(99, 0, &t, NULL));
  TRY(kill(getpid(), 0));
  TRY(kill(getpid(), 99));
  TRY(raise(0));
  struct sigaction action = {0};
  TRY(sigaction(SIGKILL, &action, NULL));
  TRY(sigaction(99, NULL, NULL));
  sigset_t mask;
  sigemptyset(&mask);
  TRY(sigaddset(&mask, 99));
  TRY(sigprocmask(99, &mask, NULL));
  TRY(sigismember(&mask, SIGINT));
  stack_t stack = {.ss_sp = &limit, .ss_flags = 0, .ss_size = 10};
  TRY(sigaltstack(&stack, NULL));
  TRY(setenv("A", "b", 1));
  TEXT(getenv("A"));
  TRY(setenv("A=", "b", 1));
  TRY(unsetenv("A"));
  TEXT(getenv("A"));
}
