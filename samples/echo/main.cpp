// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The echo protocol (RFC 862) over TCP, for any number of clients, with Asio.
#include <asio.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
public:
  explicit Session(tcp::socket socket) : socket(std::move(socket)) {}

  void read() {
    auto self = shared_from_this();
    socket.async_read_some(asio::buffer(data),
                           [this, self](std::error_code error, std::size_t n) {
                             if (!error)
                               write(n);
                           });
  }

private:
  void write(std::size_t size) {
    auto self = shared_from_this();
    asio::async_write(socket, asio::buffer(data, size),
                      [this, self](std::error_code error, std::size_t) {
                        if (!error)
                          read();
                      });
  }

  tcp::socket socket;
  std::array<char, 16384> data;
};

static void accept(tcp::acceptor &acceptor) {
  acceptor.async_accept([&](std::error_code error, tcp::socket socket) {
    if (!error)
      std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

int main(int argc, char **argv) {
  unsigned short port = argc > 1 ? std::atoi(argv[1]) : 7;
  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(tcp::v4(), port));
  std::printf("echo: listening on port %d\n", port);
  std::fflush(stdout);
  accept(acceptor);
  context.run();
}
