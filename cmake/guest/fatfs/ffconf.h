/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * How FatFs is built (the ffconf.h beside its source tells what each means). The
 * linker takes out what a program does not use. */
#pragma once

#define FFCONF_DEF 86604

#define FF_FS_READONLY 0
#define FF_FS_MINIMIZE 0
#define FF_USE_STRFUNC 0
#define FF_USE_FIND 0
#define FF_USE_MKFS 0
#define FF_USE_FASTSEEK 0
#define FF_USE_EXPAND 0
#define FF_USE_CHMOD 0
#define FF_USE_LABEL 0
#define FF_USE_FORWARD 0

/* Long names, in UTF-8; the buffer for one is on the stack. Short names that
 * others wrote are in code page 437. */
#define FF_CODE_PAGE 437
#define FF_USE_LFN 2
#define FF_MAX_LFN 255
#define FF_LFN_UNICODE 2
#define FF_LFN_BUF 255
#define FF_SFN_BUF 12
#define FF_STRF_ENCODE 3

/* A name is looked up in the directory that is current: libos/posix/mounts.cpp
 * walks the paths. */
#define FF_FS_RPATH 1

#define FF_VOLUMES 1
#define FF_STR_VOLUME_ID 0
#define FF_MULTI_PARTITION 0
#define FF_MIN_SS 512
#define FF_MAX_SS 4096
#define FF_USE_TRIM 0
/* What the file system says of free clusters may be older than its last use. */
#define FF_FS_NOFSINFO 1
#define FF_FS_TINY 0
#define FF_FS_EXFAT 0
#define FF_FS_NORTC 0
/* One thread at a time: libos/posix/mounts.h. */
#define FF_FS_LOCK 0
#define FF_FS_REENTRANT 0
