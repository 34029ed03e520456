# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# lwIP: lwip.a as bitcode, without its own sockets, threads and timers
# (libos/net and libos/posix have ours).
set(patched_lwip ${CMAKE_BINARY_DIR}/lwip)
set(lwip_includes "SHELL:-isystem ${patched_lwip}"
    "SHELL:-isystem ${CMAKE_CURRENT_SOURCE_DIR}/lwip"
    "SHELL:-isystem ${lwip}/include")

# Where the linker answers that nothing can use IPv6, no address and no packet
# is one.
patch_file(${lwip}/include/lwip/ip_addr.h ${patched_lwip}/lwip/ip_addr.h
  "#define IP_IS_V6_VAL(ipaddr)          (IP_GET"
  "#define IP_IS_V6_VAL(ipaddr)          (AMPOULE_HAS_IPV6 && IP_GET"
  "#include \"lwip/ip4_addr.h\"\n#include \"lwip/ip6_addr.h\""
  "#include <lwip/ip4_addr.h>\n#include <lwip/ip6_addr.h>")
patch_file(${lwip}/core/ip.c ${patched_lwip}/ip.c
  "if (IP_HDR_GET_VERSION(p->payload) == 6)"
  "if (AMPOULE_HAS_IPV6 && IP_HDR_GET_VERSION(p->payload) == 6)")
patch_file(${lwip}/netif/ethernet.c ${patched_lwip}/ethernet.c
  "if ((p->len < next_hdr_offset) || pbuf_remove_header(p, next_hdr_offset)) {
        LWIP_DEBUGF(ETHARP_DEBUG | LWIP_DBG_TRACE | LWIP_DBG_LEVEL_WARNING,
                    (\"ethernet_input: IPv6"
  "if (!AMPOULE_HAS_IPV6 || (p->len < next_hdr_offset) || pbuf_remove_header(p, next_hdr_offset)) {
        LWIP_DEBUGF(ETHARP_DEBUG | LWIP_DBG_TRACE | LWIP_DBG_LEVEL_WARNING,
                    (\"ethernet_input: IPv6")
patch_file(${lwip}/core/netif.c ${patched_lwip}/netif.c
  "if (report_type & NETIF_REPORT_TYPE_IPV6)"
  "if (AMPOULE_HAS_IPV6 && (report_type & NETIF_REPORT_TYPE_IPV6))"
  "    nd6_restart_netif(netif);" "    if (AMPOULE_HAS_IPV6) nd6_restart_netif(netif);"
  "    nd6_cleanup_netif(netif);" "    if (AMPOULE_HAS_IPV6) nd6_cleanup_netif(netif);")
# Where the address is stated, no interface has a DHCP client. What the client is
# told of name servers goes to musl's resolver (libos/net/resolver.cpp).
patch_file(${lwip}/include/lwip/dhcp.h ${patched_lwip}/lwip/dhcp.h
  "((struct dhcp*)netif_get_client_data(netif, LWIP_NETIF_CLIENT_DATA_INDEX_DHCP))"
  "(AMPOULE_HAS_DHCP ? (struct dhcp*)netif_get_client_data(netif, LWIP_NETIF_CLIENT_DATA_INDEX_DHCP) : NULL)")
patch_file(${lwip}/core/ipv4/dhcp.c ${patched_lwip}/dhcp.c
  "#define LWIP_DHCP_PROVIDE_DNS_SERVERS 0"
  "#define LWIP_DHCP_PROVIDE_DNS_SERVERS 3"
  "dns_setserver(n, &dns_addr);"
  "ampoule_net_nameserver(n, ip_2_ip4(&dns_addr)->addr);")
# Where the linker answers that nothing joins a group, no interface has any. (Those
# of IPv6 are how neighbours find each other.)
patch_file(${lwip}/include/lwip/netif.h ${patched_lwip}/lwip/netif.h
  "#define NETIF_FLAG_IGMP         0x20U"
  "#define NETIF_FLAG_IGMP         (__ampoule_live_ampoule_use_groups() ? 0x20U : 0U)")
patch_file(${lwip}/core/ipv4/ip4.c ${patched_lwip}/ip4.c
  "igmp_input(p, inp, ip4_current_dest_addr());"
  "if (NETIF_FLAG_IGMP) igmp_input(p, inp, ip4_current_dest_addr()); else pbuf_free(p);")
# As many connections may wait to be accepted as Linux allows: 4096.
patch_file(${lwip}/include/lwip/tcp.h ${patched_lwip}/lwip/tcp.h
  "  u8_t backlog;\n  u8_t accepts_pending;"
  "  u16_t backlog;\n  u16_t accepts_pending;")

file(GLOB sources ${lwip}/core/*.c ${lwip}/core/ipv4/*.c ${lwip}/core/ipv6/*.c)
list(FILTER sources EXCLUDE REGEX
     "/(altcp.*|autoip|dhcp|dhcp6|dns|ip|ip4|netif|stats|sys|timeouts)\\.c$")
list(APPEND sources ${patched_lwip}/ip.c ${patched_lwip}/netif.c
     ${patched_lwip}/ethernet.c ${patched_lwip}/dhcp.c
     ${patched_lwip}/ip4.c)
guest_library(lwip SOURCES ${sources}
  FLAGS ${bitcode} -std=gnu11 -ffreestanding -Oz -w ${lwip_includes}
        ${libc_includes} DEPENDS c-headers)
