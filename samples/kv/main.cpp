// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A store of keys and values over TCP, a line a request: GET KEY, PUT KEY VALUE,
// DELETE KEY, COUNT. It is a table of SQLite on a disk: what was answered with
// "ok" is there after a power cut.
#include <sqlite3.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#ifdef __ampoule__
#include <ampoule/config.h>
AMPOULE_CONFIG config = ampoule::Config().mount("xvda:/data");
#endif

static sqlite3 *database;

/// The first column of the first row, "ok" if there is none, or what failed.
static std::string run(const char *query, const std::string &key = "",
                       const std::string &value = "") {
  sqlite3_stmt *statement = nullptr;
  std::string result = "ok";
  int code = sqlite3_prepare_v2(database, query, -1, &statement, nullptr);
  if (code == SQLITE_OK) {
    if (sqlite3_bind_parameter_count(statement) > 0)
      sqlite3_bind_text(statement, 1, key.data(), key.size(), SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(statement) > 1)
      sqlite3_bind_text(statement, 2, value.data(), value.size(),
                        SQLITE_STATIC);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
      result = reinterpret_cast<const char *>(sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    result = std::string("error: ") + sqlite3_errstr(code);
  return result;
}

static std::string answer(const std::string &line) {
  std::size_t first = line.find(' '), second = line.find(' ', first + 1);
  std::string verb = line.substr(0, first), key, value;
  if (first != std::string::npos)
    key = line.substr(first + 1, second - first - 1);
  if (first != std::string::npos && second != std::string::npos)
    value = line.substr(second + 1);
  if (verb == "COUNT")
    return run("select count(*) from pair");
  if (key.empty())
    return "error: GET KEY, PUT KEY VALUE, DELETE KEY or COUNT";
  if (verb == "PUT")
    return run("replace into pair values (?, ?)", key, value);
  if (verb == "GET")
    return run("select coalesce((select '= ' || value from pair where key = ?),"
               " 'none')",
               key);
  if (verb == "DELETE")
    return run("delete from pair where key = ?", key);
  return "error: unknown request";
}

static void serve(int client) {
  constexpr std::size_t kLongest = 1 << 16;
  std::string input;
  char buffer[4096];
  ssize_t got;
  while (input.size() < kLongest &&
         (got = recv(client, buffer, sizeof(buffer), 0)) > 0) {
    input.append(buffer, got);
    for (std::size_t end; (end = input.find('\n')) != std::string::npos;) {
      std::string reply = answer(input.substr(0, end)) + "\n";
      input.erase(0, end + 1);
      send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
  }
  close(client);
}

int main() {
  int code = sqlite3_open("/data/kv.db", &database);
  if (code == SQLITE_OK)
    code = sqlite3_exec(database,
                        "pragma synchronous = full;"
                        "pragma journal_mode = truncate;"
                        "create table if not exists"
                        " pair(key text primary key, value) without rowid",
                        nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    std::fprintf(stderr, "kv: /data/kv.db: %s\n", sqlite3_errmsg(database));
    return 1;
  }
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(7070);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof(address)) ||
      listen(listener, 64)) {
    std::perror("kv: cannot listen");
    return 1;
  }
  std::printf("kv: listening on port 7070, %s pairs\n",
              run("select count(*) from pair").c_str());
  std::fflush(stdout);
  while (true)
    if (int client = accept(listener, nullptr, nullptr); client >= 0)
      std::thread(serve, client).detach();
}
