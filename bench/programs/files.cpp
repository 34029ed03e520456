// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>
#include <filesystem>
#include <fstream>

int main() {
  std::filesystem::path folder = "/tmp/ampoule";
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  std::ofstream(folder / "file") << "text\n";
  for (const auto &entry : std::filesystem::directory_iterator(folder, code))
    std::puts(entry.path().c_str());
}
