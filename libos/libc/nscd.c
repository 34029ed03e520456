// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// In the place of musl's src/passwd/nscd_query.c: an image has no name service that
// could be asked for users, and needs no sockets to find that out.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/// "Not found"; the caller closes what is returned.
__attribute__((visibility("hidden"))) FILE *
__nscd_query(int32_t request, const char *key, int32_t *answer, size_t size,
             int *isSwapped) {
  int error = errno;
  memset(answer, 0, size);
  *isSwapped = 0;
  FILE *none = fopen("/dev/null", "re");
  if (none)
    errno = error;
  return none;
}
