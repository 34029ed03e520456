// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An authoritative name server over UDP and TCP (RFC 1035, section 4.2). The
// zone is part of the image; answers that were given once are remembered.
#include "zone.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#ifdef __ampoule__
#include <ampoule/config.h>
AMPOULE_CONFIG config = ampoule::Config().embed("zone", "/zone");
#endif

/// A client over TCP: two bytes of length before each message.
struct Client {
  int socket;
  std::string input;
};

static int listenOn(int type, unsigned short port) {
  int socket = ::socket(AF_INET, type, 0), yes = 1;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (bind(socket, reinterpret_cast<sockaddr *>(&address), sizeof(address)) ||
      (type == SOCK_STREAM && listen(socket, 64))) {
    std::perror("dns: cannot listen");
    std::exit(1);
  }
  return socket;
}

static void serveDatagram(int socket, Zone &zone) {
  char buffer[4096];
  sockaddr_storage from;
  socklen_t size = sizeof(from);
  auto *address = reinterpret_cast<sockaddr *>(&from);
  ssize_t got = recvfrom(socket, buffer, sizeof(buffer), 0, address, &size);
  if (got <= 0)
    return;
  std::string reply = zone.answer(std::string(buffer, got), 512);
  if (!reply.empty())
    sendto(socket, reply.data(), reply.size(), 0, address, size);
}

/// False: the client is done, or does not keep to the protocol.
static bool serveStream(Client &client, Zone &zone) {
  char buffer[4096];
  ssize_t got = recv(client.socket, buffer, sizeof(buffer), 0);
  if (got <= 0)
    return false;
  client.input.append(buffer, got);
  while (client.input.size() >= 2) {
    std::size_t size = get16(client.input, 0);
    if (client.input.size() < 2 + size)
      break;
    std::string reply = zone.answer(client.input.substr(2, size), 65535);
    client.input.erase(0, 2 + size);
    if (reply.empty())
      return false;
    std::string framed;
    put16(framed, reply.size());
    framed += reply;
    if (send(client.socket, framed.data(), framed.size(), MSG_NOSIGNAL) !=
        ssize_t(framed.size()))
      return false;
  }
  return true;
}

int main(int argc, char **argv) {
  try {
    Zone zone(argc > 1 ? argv[1] : "/zone/example.zone");
    unsigned short port = argc > 2 ? std::atoi(argv[2]) : 53;
    int datagrams = listenOn(SOCK_DGRAM, port),
        streams = listenOn(SOCK_STREAM, port);
    std::puts(("dns: listening on port " + std::to_string(port)).c_str());
    std::fflush(stdout);
    std::vector<Client> clients;
    std::vector<pollfd> waiting;
    while (true) {
      waiting = {{datagrams, POLLIN, 0}, {streams, POLLIN, 0}};
      for (const Client &client : clients)
        waiting.push_back({client.socket, POLLIN, 0});
      if (poll(waiting.data(), waiting.size(), -1) < 0)
        continue;
      if (waiting[0].revents)
        serveDatagram(datagrams, zone);
      for (std::size_t i = clients.size(); i-- > 0;)
        if (waiting[2 + i].revents && !serveStream(clients[i], zone)) {
          close(clients[i].socket);
          clients.erase(clients.begin() + i);
        }
      if (waiting[1].revents)
        if (int socket = accept(streams, nullptr, nullptr); socket >= 0)
          clients.push_back({socket, ""});
    }
  } catch (const std::exception &error) {
    std::fputs(("dns: " + std::string(error.what()) + "\n").c_str(), stderr);
    return 1;
  }
}
