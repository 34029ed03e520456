// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Name servers come from the configuration, or else from DHCP.
#include "libos/net/resolver.h"

#include "libos/abi/config.h"

#include <lwip/ip_addr.h>

namespace ampoule::net {
namespace {

constexpr unsigned kMostServers = 3;             // MAXNS of musl
constinit std::uint32_t told[kMostServers] = {}; ///< by DHCP; 0: none

class Text {
public:
  explicit Text(char (&room)[kTextSize]) : room(room) {}

  Text &operator<<(const char *text) {
    while (*text)
      put(*text++);
    return *this;
  }
  void put(char c) {
    if (length < kTextSize)
      room[length++] = c;
  }
  void address(std::uint32_t value) {
    const ip4_addr_t address = {value};
    char text[IP4ADDR_STRLEN_MAX];
    *this << ip4addr_ntoa_r(&address, text, sizeof(text));
  }

  std::size_t length = 0;

private:
  char (&room)[kTextSize];
};

void addServers(Text &text) {
  const char *stated = ampoule_config_nameservers;
  if (*stated) {
    text << "nameserver ";
    for (; *stated; ++stated)
      if (*stated == ',')
        text << "\nnameserver ";
      else
        text.put(*stated);
    text << "\n";
    return;
  }
  for (std::uint32_t server : told)
    if (server) {
      text << "nameserver ";
      text.address(server);
      text << "\n";
    }
}

} // namespace

std::size_t resolverText(const char *path, char (&room)[kTextSize]) {
  Text text(room);
  if (__builtin_strcmp(path, "/etc/resolv.conf") == 0)
    addServers(text);
  else if (__builtin_strcmp(path, "/etc/hosts") == 0)
    text << "127.0.0.1 localhost " << ampoule_config_hostname
         << "\n::1 localhost\n";
  return text.length;
}

} // namespace ampoule::net

extern "C" void ampoule_net_nameserver(unsigned index, std::uint32_t address) {
  if (index < ampoule::net::kMostServers)
    ampoule::net::told[index] = address;
}
