// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program may have been compiled for more than the x86-64 baseline
// (-march=). Without the features that its functions name it would end in an
// invalid instruction, sooner or later.
#include "libos/panic/panic.h"
#include "libos/start/start.h"
#include "libos/xen/cpuid.h"

namespace ampoule::start {

/// Written by linker/Features: where CPUID tells of each feature that the
/// program needs; ends with an empty name.
struct Feature {
  std::uint32_t leaf;
  std::uint32_t registerIndex; ///< 0: EAX … 3: EDX
  std::uint32_t bit;
  char name[20];
};
extern "C" const Feature ampoule_cpu_features[];

namespace {

bool isPresent(const Feature &feature) {
  // Leaf 0 and 0x80000000 tell the last leaf of their range.
  if (xen::cpuid(feature.leaf & 0x80000000).eax < feature.leaf)
    return false;
  xen::Registers r = xen::cpuid(feature.leaf);
  const std::uint32_t values[] = {r.eax, r.ebx, r.ecx, r.edx};
  return values[feature.registerIndex] >> feature.bit & 1;
}

} // namespace

void requireProcessor() {
  if (!ampoule_cpu_features[0].name[0])
    return;
  char message[256] = "this processor lacks what the program was compiled for "
                      "(-march=):";
  unsigned length = 0;
  while (message[length])
    ++length;
  bool isMissing = false;
  for (const Feature *feature = ampoule_cpu_features; feature->name[0];
       ++feature) {
    if (isPresent(*feature) || length + sizeof(feature->name) > sizeof(message))
      continue;
    isMissing = true;
    message[length++] = ' ';
    for (const char *c = feature->name; *c; ++c)
      message[length++] = *c;
  }
  if (isMissing)
    panic::panic(message);
}

} // namespace ampoule::start
