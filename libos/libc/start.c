// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Brings up musl without its dynamic start code (src/env/__libc_start_main.c):
// there is no auxiliary vector from a kernel, thread-local storage is described
// by the link script, and descriptors 0 to 2 are always there. Compiled against
// musl's internal headers.
#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"
#include "pthread_impl.h"

/// Written by linker/Layout: of the thread-local storage, where it is copied from,
/// how much of that is in the file, its alignment, and how far before the thread
/// pointer it begins.
extern char __ampoule_tls_start[], __ampoule_tls_filesz[],
    __ampoule_tls_align[], __ampoule_tls_offset[];

int __ampoule_live_pthread_create(void);
int __ampoule_live___stack_chk_fail(void);
extern const uint64_t ampoule_config_thread_stack;

/// For whoever asks later (libos/posix/proc.cpp).
hidden char **ampoule_arguments;

/// The linker leaves room for its storage in front of it.
__attribute__((section(".bss.ampoule_first_thread"))) static struct pthread
    firstThread;

/// What musl's src/env/__init_tls.c finds out from program headers is known.
static void startFirstThread(void) {
  static struct tls_module module;
  static uintptr_t vector[2];
  size_t offset = (size_t)__ampoule_tls_offset;
  module.image = __ampoule_tls_start;
  module.len = (size_t)__ampoule_tls_filesz;
  char *storage = (char *)&firstThread - offset;
  memcpy(storage, module.image, module.len);
  vector[0] = 1;
  vector[1] = (uintptr_t)storage;
  firstThread.dtv = vector;
  if (__ampoule_live_pthread_create()) {
    // For __copy_tls().
    module.align = (size_t)__ampoule_tls_align;
    if (module.align < sizeof(void *))
      module.align = sizeof(void *);
    module.size = module.offset = offset;
    libc.tls_head = &module;
    libc.tls_cnt = 1;
    libc.tls_align = module.align;
    libc.tls_size = (2 * sizeof(void *) + sizeof(struct pthread) + offset +
                     module.align + 7) &
                    -(size_t)8;
    __default_stacksize = ampoule_config_thread_stack;
  }
  __init_tp(&firstThread);
}

/// Its own frame is older than the canary.
__attribute__((no_stack_protector)) void
ampoule_start_libc(char **arguments, char **environment, const uint64_t secret[2]) {
  // As pairs: what getauxval() and malloc() search.
  static size_t pairs[] = {AT_PAGESZ, 4096, AT_RANDOM, 0, AT_NULL, 0};
  pairs[3] = (uintptr_t)secret;
  libc.auxv = pairs;
  libc.page_size = 4096;
  __environ = environment;
  ampoule_arguments = arguments;
  char *name = arguments[0] ? arguments[0] : "";
  __progname = __progname_full = name;
  for (; *name; ++name)
    if (*name == '/')
      __progname = name + 1;
  startFirstThread();
  if (__ampoule_live___stack_chk_fail())
    __init_ssp((void *)secret);
}
