// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: env ARGS="beta gamma" %compare -std=c++20 %s | FileCheck %s
// A broad use of the library, with the environment, arguments and numbers.
#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

int main(int argc, char **argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  words.insert(words.begin(), "alpha");
  std::sort(words.rbegin(), words.rend());
  std::copy(words.begin(), words.end(), std::ostream_iterator<std::string>(std::cout, ","));
  std::cout << '\n';
  std::unordered_map<std::string, int> counts;
  for (char c : std::string("mississippi"))
    ++counts[std::string(1, c)];
  std::map<std::string, int> ordered(counts.begin(), counts.end());
  for (auto &[key, value] : ordered)
    std::cout << key << value;
  std::cout << '\n';
  std::cout << std::regex_replace("a1b22c333", std::regex("[0-9]+"), "#") << '\n';
  std::mt19937 engine(42);
  std::cout << engine() << '\n';
  for (int i : std::views::iota(1, 10) | std::views::filter([](int x) { return x % 3 == 0; }))
    std::cout << i << ' ';
  std::cout << '\n';
  std::printf("%.6f %.6f %g %a\n", std::sin(1.0), std::pow(2.0, 0.5), 1e300 * 1e10, 0.1);
  std::printf("%s %d %05.1f|%-5s|%+d|%x|%zu\n", "text", -7, 3.14159, "ab", 5, 255, sizeof(long));
  std::cout << std::complex<double>(1, 2) * std::complex<double>(0, 1) << '\n';
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + 32, 3.25).ptr;
  std::cout << std::string_view(buffer, end - buffer) << ' ' << std::stod("2.5e3") << ' ' << std::stoll("-9000000000") << '\n';
  char arena[1024];
  std::pmr::monotonic_buffer_resource resource(arena, sizeof arena);
  std::pmr::vector<int> pool({1, 2, 3}, &resource);
  std::cout << std::accumulate(pool.begin(), pool.end(), 0) << ' ' << std::bitset<8>(5) << '\n';
  long double wide = 1.0L / 3;
  std::printf("%.18Lf\n", wide);
  auto start = std::chrono::steady_clock::now();
  auto later = std::chrono::steady_clock::now();
  std::cout << (later >= start) << ' ' << (std::getenv("NOPE") == nullptr) << '\n';
  unsigned __int128 big = static_cast<unsigned __int128>(1) << 100;
  std::cout << static_cast<unsigned long>(big / 1000000007u % 1000000007u) << '\n';
  std::vector<int> heap(100000);
  std::iota(heap.begin(), heap.end(), 0);
  std::shuffle(heap.begin(), heap.end(), engine);
  std::stable_sort(heap.begin(), heap.end());
  std::cout << std::is_sorted(heap.begin(), heap.end()) << std::endl;
  return static_cast<int>(words.size());
}
// CHECK: gamma,beta,alpha,
// CHECK-NEXT: i4m1p2s4
// CHECK-NEXT: a#b#c#
// CHECK-NEXT: 1608637542
// CHECK-NEXT: 3 6 9
// CHECK: status 3
