// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a first program has: streams, containers, an exception, arguments.
#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

static int parse(const std::string &text) {
  std::size_t used = 0;
  int value = std::stoi(text, &used);
  if (used != text.size())
    throw std::invalid_argument(text);
  return value;
}

int main(int argc, char **argv) {
  std::cout << "hello from an image of one program\n";
  std::vector<int> numbers;
  for (int i = 1; i < argc; ++i) {
    try {
      numbers.push_back(parse(argv[i]));
    } catch (const std::exception &error) {
      std::cout << "not a number: " << argv[i] << '\n';
    }
  }
  std::sort(numbers.begin(), numbers.end());
  for (int number : numbers)
    std::cout << number << ' ';
  std::cout << "- " << numbers.size() << " sorted" << std::endl;
  return static_cast<int>(numbers.size());
}
