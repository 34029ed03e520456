/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * How lwIP is built (lwip/opt.h has the defaults and what each means). What is
 * compiled in is everything that some program can use; the linker takes out
 * what this one does not. */
#pragma once

/* One caller at a time (libos/threads/call.h); timers are libos/net/timers.cpp. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TIMERS 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0

/* Memory is the library OS's, as much as there is. */
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC ampoule_net_allocate
#define MEM_CUSTOM_CALLOC ampoule_net_allocate_zeroed
#define MEM_CUSTOM_FREE ampoule_net_free
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

#define LWIP_STATS 0

/* Protocols. */
#define LWIP_ARP 1
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 101 /* as Linux (neigh/default/unres_qlen) */
#define IP_REASS_MAX_PBUFS 128
#define LWIP_RAW 1
#define LWIP_IGMP 1
#define LWIP_MULTICAST_TX_OPTIONS 1
#define IP_SOF_BROADCAST 1
#define IP_DEFAULT_TTL 64
#define LWIP_DHCP 1
/* Nobody else has the address: not worth the seconds that asking takes. */
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_IPV6 1
#define LWIP_IPV6_NUM_ADDRESSES 4
#define IPV6_FRAG_COPYHEADER 1 /* pointers have eight bytes */
#define LWIP_ND6_NUM_NEIGHBORS 64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define MEMP_NUM_ND6_QUEUE 64
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_LOOPIF_MULTICAST 1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* TCP. */
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 4
#define TCP_WND (512 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN 4096
#define TCP_SNDLOWAT (64 * 1024)
#define TCP_SNDQUEUELOWAT 1024
#define LWIP_TCP_SACK_OUT 1
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define LWIP_TCP_RTO_TIME 1000 /* RFC 6298, 2.1 */
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_MSL 30000
/* The lower half is the program's to bind. */
#define TCP_LOCAL_PORT_RANGE_START 0x8000
#define TCP_LOCAL_PORT_RANGE_END 0xffff
#define TCP_ENSURE_LOCAL_PORT_RANGE(port) ((u16_t)((port) | 0x8000))
#define UDP_LOCAL_PORT_RANGE_START 0x8000
#define UDP_LOCAL_PORT_RANGE_END 0xffff
#define UDP_ENSURE_LOCAL_PORT_RANGE(port) ((u16_t)((port) | 0x8000))
#define SO_REUSE 1
#define SO_REUSE_RXTOALL 1
#define LWIP_HOOK_TCP_ISN(local, localPort, remote, remotePort)                \
  ampoule_net_random()

#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define LWIP_DISABLE_MEMP_SANITY_CHECKS 1
