// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// Facets are found through a table by id, not by calls.
#include <iomanip>
#include <iostream>
#include <locale>
#include <sstream>

struct Grouped : std::numpunct<char> {
  char do_thousands_sep() const override { return '\''; }
  std::string do_grouping() const override { return "\3"; }
  std::string do_truename() const override { return "ja"; }
};
struct Own : std::locale::facet {
  static std::locale::id id;
  int value() const { return 12; }
};
std::locale::id Own::id;

int main() {
  std::ostringstream out;
  out.imbue(std::locale(std::locale::classic(), new Grouped));
  out << 1234567 << ' ' << std::boolalpha << true << ' ' << std::hex << 255
      << ' ' << std::setprecision(3) << 2.5 << ' ' << std::setw(6)
      << std::setfill('*') << 7;
  std::cout << out.str() << '\n';
  std::locale with(std::locale::classic(), new Own);
  std::cout << std::has_facet<Own>(with) << std::use_facet<Own>(with).value()
            << std::has_facet<Own>(std::locale::classic()) << '\n';
  std::cout << std::use_facet<std::ctype<char>>(with).toupper('x') << '\n';
  std::istringstream in("12 3.5 word");
  int i;
  double d;
  std::string s;
  in >> i >> d >> s;
  std::cout << i + 1 << ' ' << d * 2 << ' ' << s << ' ' << in.eof() << '\n';
  std::istringstream time("2026-11-23");
  std::tm parts{};
  time >> std::get_time(&parts, "%Y-%m-%d");
  std::cout << parts.tm_year + 1900 << '/' << parts.tm_mon + 1 << '\n';
  std::wostringstream wide;
  wide << L"w" << 12;
  std::cout << wide.str().size() << std::endl;
}
// CHECK: 1'234'567 ja ff 2.5 *****7
// CHECK-NEXT: 1120
// CHECK-NEXT: X
// CHECK-NEXT: 13 7 word 1
// CHECK-NEXT: 2026/11
