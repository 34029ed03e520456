// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A service with a JSON interface, with cpp-httplib and nlohmann-json:
//
//   GET    /notes        all notes
//   POST   /notes        {"text": "…"}: a new one
//   GET    /notes/N      one of them
//   DELETE /notes/N
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

using nlohmann::json;

static void reply(httplib::Response &response, int status, const json &body) {
  response.status = status;
  response.set_content(body.dump() + "\n", "application/json");
}

int main(int argc, char **argv) {
  int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  std::map<int, std::string> notes;
  std::mutex mutex;
  int last = 0;

  httplib::Server server;
  server.Get("/", [](const httplib::Request &, httplib::Response &response) {
    response.set_content("hello from a unikernel\n", "text/plain");
  });
  server.Get("/notes",
             [&](const httplib::Request &, httplib::Response &response) {
               std::lock_guard lock(mutex);
               json all = json::array();
               for (const auto &[id, text] : notes)
                 all.push_back({{"id", id}, {"text", text}});
               reply(response, 200, all);
             });
  server.Post("/notes", [&](const httplib::Request &request,
                            httplib::Response &response) {
    json note = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (!note.is_object() || !note["text"].is_string())
      return reply(response, 400, {{"error", "expected {\"text\": \"...\"}"}});
    std::lock_guard lock(mutex);
    notes[++last] = note["text"];
    reply(response, 201, {{"id", last}});
  });
  server.Get(R"(/notes/(\d+))",
             [&](const httplib::Request &request, httplib::Response &response) {
               std::lock_guard lock(mutex);
               auto it = notes.find(std::stoi(request.matches[1]));
               if (it == notes.end())
                 return reply(response, 404, {{"error", "no such note"}});
               reply(response, 200, {{"id", it->first}, {"text", it->second}});
             });
  server.Delete(R"(/notes/(\d+))", [&](const httplib::Request &request,
                                       httplib::Response &response) {
    std::lock_guard lock(mutex);
    response.status = notes.erase(std::stoi(request.matches[1])) ? 204 : 404;
  });

  std::printf("http: listening on port %d\n", port);
  std::fflush(stdout);
  if (!server.listen("0.0.0.0", port)) {
    std::fprintf(stderr, "http: cannot listen on port %d\n", port);
    return 1;
  }
}
