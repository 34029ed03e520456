// Every TRY is a case: the call, its result, and errno if it failed.
#ifndef TRY_H
#define TRY_H
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#define TRY(call)                                                              \
  do {                                                                         \
    errno = 0;                                                                 \
    long result_ = (long)(call);                                               \
    printf("%d: %s = %ld%s%s\n", __LINE__, #call, result_,                     \
           result_ == -1 ? " " : "", result_ == -1 ? strerror(errno) : "");    \
  } while (0)
/// Only whether it holds: for what differs from system to system.
#define HOLDS(condition) TRY(!!(condition))
#define TEXT(text)                                                             \
  do {                                                                         \
    const char *text_ = (text);                                                \
    printf("%d: %s = %s\n", __LINE__, #text, text_ ? text_ : "(null)");        \
  } while (0)
#endif
