# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# FatFs: fatfs.a as bitcode. entries.c is one translation unit with its ff.c.
set(fatfs ${AMPOULE_SOURCES}/fatfs/lib/oofatfs)
set(fatfs_includes "SHELL:-isystem ${CMAKE_CURRENT_SOURCE_DIR}/fatfs"
    "SHELL:-isystem ${fatfs}" "-DFFCONF_H=<ffconf.h>")
guest_library(fatfs
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fatfs/entries.c ${fatfs}/ffunicode.c
  FLAGS ${bitcode} -std=gnu11 -ffreestanding -Oz -w ${fatfs_includes}
        ${libc_includes} DEPENDS c-headers)
