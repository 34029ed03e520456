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
# As many connections may wait to be accepted as Linux allows: 4096.
patch_file(${lwip}/include/lwip/tcp.h ${patched_lwip}/lwip/tcp.h
  "  u8_t backlog;\n  u8_t accepts_pending;"
  "  u16_t backlog;\n  u16_t accepts_pending;")

file(GLOB sources ${lwip}/core/*.c ${lwip}/core/ipv4/*.c ${lwip}/core/ipv6/*.c)
list(FILTER sources EXCLUDE REGEX
     "/(altcp.*|autoip|dhcp6|dns|ip|netif|stats|sys|timeouts)\\.c$")
list(APPEND sources ${patched_lwip}/ip.c ${patched_lwip}/netif.c
     ${patched_lwip}/ethernet.c)
guest_library(lwip SOURCES ${sources}
  FLAGS ${bitcode} -std=gnu11 -ffreestanding -Oz -w ${lwip_includes}
        ${libc_includes} DEPENDS c-headers)
