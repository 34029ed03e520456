# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# OpenBSD's arc4random, as libbsd has it: arc4random.a as bitcode. Its names are
# ours there: a program may have its own functions of these names.
set(arc4random ${AMPOULE_SOURCES}/arc4random/src)
guest_library(arc4random
  SOURCES ${arc4random}/arc4random.c
  FLAGS ${bitcode} -std=gnu11 -ffreestanding -Oz -w -D_GNU_SOURCE
        -Dgetentropy=ampoule_gather_entropy -Darc4random=ampoule_random_number
        -Darc4random_buf=ampoule_random_fill
        -Darc4random_stir=ampoule_random_stir
        -Darc4random_addrandom=ampoule_random_add
        "SHELL:-isystem ${CMAKE_CURRENT_SOURCE_DIR}/arc4random" ${libc_includes}
  DEPENDS c-headers)
