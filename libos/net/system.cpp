// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lwIP asks of a system (cmake/guest/lwip/arch/cc.h): memory, the time,
// random numbers.
#include "libos/memory/objects.h"
#include "libos/panic/panic.h"
#include "libos/time/time.h"
#include "libos/xen/random.h"

#include <lwip/arch.h>
#include <lwip/sys.h>

using namespace ampoule;

namespace {

/// In front of what lwIP gets: it does not tell the size when it gives it back.
struct alignas(MEM_ALIGNMENT) Header {
  std::size_t size; ///< with the header
};

} // namespace

extern "C" {

void *ampoule_net_allocate(std::size_t size) {
  size += sizeof(Header);
  void *room = memory::takeBytes(size);
  return room ? new (room) Header{size} + 1 : nullptr;
}

void *ampoule_net_allocate_zeroed(std::size_t count, std::size_t size) {
  void *result = ampoule_net_allocate(count * size);
  if (result)
    __builtin_memset(result, 0, count * size);
  return result;
}

void ampoule_net_free(void *memory) {
  Header *header = static_cast<Header *>(memory) - 1;
  memory::giveBytes(header, header->size);
}

/// Ports, identifiers and initial sequence numbers. Without RDRAND they are
/// mixed from the time (splitmix64): different at each boot, not secret.
unsigned ampoule_net_random() {
  static constinit std::uint64_t state = 0;
  std::uint64_t value;
  if (!xen::makeRandom(value)) {
    state += 0x9e3779b97f4a7c15 ^ time::monotonic();
    value = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    value ^= value >> 31;
  }
  return static_cast<unsigned>(value);
}

void ampoule_net_failed() { panic::panic("lwIP: an assertion failed"); }

u32_t sys_now() {
  constexpr std::uint64_t kMillisecond = 1'000'000;
  return static_cast<u32_t>(time::monotonic() / kMillisecond);
}
}
