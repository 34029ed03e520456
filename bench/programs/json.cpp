// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a configuration, changes it and writes it: nlohmann-json as packaged.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

int main(int argc, char **argv) {
  const char *text = argc > 1 ? argv[1] : R"({"name": "ampoule", "port": 8080,
      "hosts": ["a", "b"], "limits": {"memory": 64, "rate": 0.5}})";
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    std::puts("not JSON");
    return 1;
  }
  try {
    value["port"] = value.value("port", 80) + 1;
    for (auto &host : value.at("hosts"))
      host = host.get<std::string>() + ".example";
  } catch (const nlohmann::json::exception &error) {
    std::puts(error.what());
    return 1;
  }
  std::puts(value.dump(2).c_str());
}
