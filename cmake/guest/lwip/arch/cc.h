/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * What lwIP asks of a system; libos/net/system.cpp defines it. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
__attribute__((noreturn)) void ampoule_net_failed(void);
unsigned ampoule_net_random(void);
void *ampoule_net_allocate(size_t size);
void *ampoule_net_allocate_zeroed(size_t count, size_t size);
void ampoule_net_free(void *memory);
/* A name server that DHCP told of; addresses are big-endian. */
void ampoule_net_nameserver(unsigned index, uint32_t address);
/* The linker's answers: can anything refer to it? */
int __ampoule_live_ampoule_use_ipv6(void);
int __ampoule_live_ampoule_use_groups(void);
/* libos/abi/config.h */
extern const unsigned ampoule_config_ipv6;
extern const char *const ampoule_config_address;
#ifdef __cplusplus
}
#endif

/* Not the name of a system call. */
#define sys_now ampoule_net_now

/* A promise that lwIP made itself is broken. The panic lists the callers, so
 * the text is no news. */
#define LWIP_PLATFORM_ASSERT(text) ampoule_net_failed()
#define LWIP_PLATFORM_DIAG(text)
#define LWIP_RAND() ampoule_net_random()
#define AMPOULE_HAS_IPV6                                                       \
  (ampoule_config_ipv6 && __ampoule_live_ampoule_use_ipv6())
/* "dhcp", or an address. */
#define AMPOULE_HAS_DHCP (ampoule_config_address[0] == 'd')
