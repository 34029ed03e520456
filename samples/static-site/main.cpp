// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of www/, which are part of the image, over HTTP: with entity tags
// (RFC 9110, section 8.8.3) and ranges (section 14), which cpp-httplib serves.
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#ifdef __ampoule__
#include <ampoule/config.h>
AMPOULE_CONFIG config = ampoule::Config().embed("www", "/www");
#endif

struct Page {
  std::string content, type, tag;
};

static const char *typeOf(const std::filesystem::path &path) {
  static const std::map<std::string, const char *> types = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css"},
      {".js", "text/javascript"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".txt", "text/plain; charset=utf-8"}};
  auto it = types.find(path.extension());
  return it == types.end() ? "application/octet-stream" : it->second;
}

static std::map<std::string, Page> load(const std::filesystem::path &root) {
  std::map<std::string, Page> pages;
  for (const auto &entry :
       std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file())
      continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), {});
    std::string tag =
        '"' + std::to_string(std::hash<std::string>()(content)) + '"';
    std::string url = '/' + entry.path().lexically_relative(root).string();
    Page page{std::move(content), typeOf(entry.path()), std::move(tag)};
    if (entry.path().filename() == "index.html")
      pages[url.substr(0, url.size() - std::string("index.html").size())] =
          page;
    pages[url] = std::move(page);
  }
  return pages;
}

int main(int argc, char **argv) {
  int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  const std::map<std::string, Page> pages = load(argc > 2 ? argv[2] : "/www");

  httplib::Server server;
  server.Get(".*",
             [&](const httplib::Request &request, httplib::Response &response) {
               auto it = pages.find(request.path);
               if (it == pages.end()) {
                 response.status = 404;
                 return response.set_content("not found\n", "text/plain");
               }
               const Page &page = it->second;
               response.set_header("ETag", page.tag);
               if (request.get_header_value("If-None-Match") == page.tag)
                 response.status = 304;
               else
                 response.set_content(page.content, page.type);
             });

  std::printf("static-site: %zu files, listening on port %d\n", pages.size(),
              port);
  std::fflush(stdout);
  if (!server.listen("0.0.0.0", port)) {
    std::fprintf(stderr, "static-site: cannot listen on port %d\n", port);
    return 1;
  }
}
