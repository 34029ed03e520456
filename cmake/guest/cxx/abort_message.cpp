// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libc++abi's last words. Its own version formats with vfprintf, which would
// come into every image that can throw. Its messages have strings (%s) in them,
// and those of failed assertions a line number (%d), which is left out.
#include "abort_message.h"

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

static void print(const char *text, std::size_t size) {
  while (size != 0) {
    ssize_t written = write(STDERR_FILENO, text, size);
    if (written <= 0)
      return;
    text += written;
    size -= static_cast<std::size_t>(written);
  }
}

void __abort_message(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print("libc++abi: ", sizeof("libc++abi: ") - 1);
  while (const char *directive = std::strchr(format, '%')) {
    print(format, static_cast<std::size_t>(directive - format));
    if (directive[1] == 's') {
      const char *text = va_arg(arguments, const char *);
      print(text, std::strlen(text));
    } else {
      (void)va_arg(arguments, int);
    }
    format = directive + 2;
  }
  print(format, std::strlen(format));
  print("\n", 1);
  va_end(arguments);
  std::abort();
}
