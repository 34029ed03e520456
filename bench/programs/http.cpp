// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HTTP/1.1 with Asio: one text at "/", connections that stay, requests that
// come in pieces or several at once.
#include <asio.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

using asio::ip::tcp;

static const std::string kFound =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 23\r\n\r\n"
    "hello from a unikernel\n";
static const std::string kNotFound =
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

class Session : public std::enable_shared_from_this<Session> {
public:
  explicit Session(tcp::socket socket) : socket(std::move(socket)) {}

  void read() {
    auto self = shared_from_this();
    asio::async_read_until(socket, asio::dynamic_buffer(input, 16384),
                           "\r\n\r\n",
                           [this, self](std::error_code error, std::size_t) {
                             if (!error)
                               answer();
                           });
  }

private:
  void answer() {
    output.clear();
    std::size_t done = 0, end;
    while ((end = input.find("\r\n\r\n", done)) != std::string::npos) {
      output += input.compare(done, 6, "GET / ") == 0 ? kFound : kNotFound;
      done = end + 4;
    }
    input.erase(0, done);
    auto self = shared_from_this();
    asio::async_write(socket, asio::buffer(output),
                      [this, self](std::error_code error, std::size_t) {
                        if (!error)
                          read();
                      });
  }

  tcp::socket socket;
  std::string input, output;
};

static void accept(tcp::acceptor &acceptor) {
  acceptor.async_accept([&](std::error_code error, tcp::socket socket) {
    if (!error)
      std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

int main() {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(tcp::v4(), 8080));
  std::puts("http: listening on port 8080");
  std::fflush(stdout);
  accept(acceptor);
  context.run();
}
