// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One TCP connection after the other: "s" and a number of bytes as a line has
// them sent, anything else is read to its end.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

static char buffer[65536];

static void sendTo(int client, long size) {
  while (size > 0) {
    ssize_t sent = write(client, buffer,
                         size < long(sizeof(buffer)) ? size : sizeof(buffer));
    if (sent <= 0)
      return;
    size -= sent;
  }
}

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(9000);
  if (bind(server, reinterpret_cast<sockaddr *>(&address), sizeof(address)) ||
      listen(server, 8)) {
    std::perror("bulk");
    return 1;
  }
  std::printf("bulk: listening on port 9000\n");
  std::fflush(stdout);
  while (true) {
    int client = accept(server, nullptr, nullptr);
    char line[32] = "";
    if (read(client, line, sizeof(line) - 1) > 0) {
      if (line[0] == 's')
        sendTo(client, std::atol(line + 1));
      else
        while (read(client, buffer, sizeof(buffer)) > 0)
          ;
    }
    close(client);
  }
}
