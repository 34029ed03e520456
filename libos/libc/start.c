// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Brings up musl without its dynamic start code (src/env/__libc_start_main.c):
// there is no auxiliary vector from a kernel, thread-local storage is described
// by the link script, and descriptors 0 to 2 are always there. Compiled against
// musl's internal headers.
#include <elf.h>
#include <stdint.h>
#include <unistd.h>

#include "libc.h"
#include "pthread_impl.h"

extern char __ampoule_tls_start[], __ampoule_tls_filesz[],
    __ampoule_tls_memsz[], __ampoule_tls_align[];

int __ampoule_live_pthread_create(void);
int __ampoule_live___stack_chk_fail(void);
extern const uint64_t ampoule_config_thread_stack;

/// For whoever asks later (libos/posix/proc.cpp).
hidden char **ampoule_arguments;

/// Its own frame is older than the canary.
__attribute__((no_stack_protector)) void
ampoule_start_libc(char **arguments, char **environment, const void *entropy) {
  Elf64_Phdr tls = {
      .p_type = PT_TLS,
      .p_vaddr = (uintptr_t)__ampoule_tls_start,
      .p_filesz = (uintptr_t)__ampoule_tls_filesz,
      .p_memsz = (uintptr_t)__ampoule_tls_memsz,
      .p_align = (uintptr_t)__ampoule_tls_align,
  };
  // By number, as __init_tls wants them.
  size_t byNumber[AT_PHNUM + 1] = {
      [AT_PHDR] = (uintptr_t)&tls, [AT_PHENT] = sizeof(tls), [AT_PHNUM] = 1};
  // As pairs: what getauxval() and malloc() search.
  static size_t pairs[] = {AT_PAGESZ, 4096, AT_RANDOM, 0, AT_NULL, 0};
  pairs[3] = (uintptr_t)entropy;
  libc.auxv = pairs;
  libc.page_size = 4096;
  __environ = environment;
  ampoule_arguments = arguments;
  char *name = arguments[0] ? arguments[0] : "";
  __progname = __progname_full = name;
  for (; *name; ++name)
    if (*name == '/')
      __progname = name + 1;
  if (__ampoule_live_pthread_create())
    __default_stacksize = ampoule_config_thread_stack;
  __init_tls(byNumber);
  if (__ampoule_live___stack_chk_fail())
    __init_ssp((void *)entropy);
}
