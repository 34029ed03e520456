// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Three consoles: the ring that a domU shares with xenconsoled
// (xen/include/public/io/console.h), Xen's own log for dom0 (console_io), and
// the debug port 0xe9 on bare QEMU.
#include "libos/console/console.h"

#include "libos/abi/module.h"
#include "libos/threads/call.h"
#include "libos/xen/xen.h"
#include "xen-boot/abi/handoff.h"

#include <xen/io/console.h>

namespace ampoule::console {
namespace {

constexpr unsigned short kDebugPort = 0xe9;

enum class Kind : unsigned char { Debug, Hypervisor, Ring };
constinit Kind kind = Kind::Debug;
constinit std::uint32_t port = 0;

xencons_interface &ring() {
  return *reinterpret_cast<xencons_interface *>(abi::kConsoleAddress);
}

// Input that interrupts, for an image that something interrupts anyway.
constinit bool (*binder)(std::uint32_t, void (*)()) = nullptr;
constinit void (*hear)() = nullptr;
constinit bool isBound = false;

void serve() { hear(); }
constinit threads::Device device = {serve};
void onEvent() { threads::addLate(device); }

/// What came meanwhile is not lost: whoever listens looks again.
void waitForPeer(std::uint64_t deadline) {
  if (isBound)
    xen::maskPort(port);
  xen::poll(port, deadline);
  if (isBound) {
    xen::unmaskPort(port);
    threads::addLate(device);
  }
}

void putRing(char c) {
  xencons_interface &shared = ring();
  XENCONS_RING_IDX produced = shared.out_prod;
  while (produced - __atomic_load_n(&shared.out_cons, __ATOMIC_ACQUIRE) >=
         sizeof(shared.out)) {
    xen::sendEvent(port);
    waitForPeer(0);
  }
  shared.out[MASK_XENCONS_IDX(produced, shared.out)] = c;
  __atomic_store_n(&shared.out_prod, produced + 1, __ATOMIC_RELEASE);
}

void init(const abi::Handoff &handoff) {
  port = handoff.consolePort;
  if (handoff.mode == abi::Mode::Direct)
    kind = Kind::Debug;
  else
    kind = handoff.isDom0 || !port ? Kind::Hypervisor : Kind::Ring;
}

} // namespace

void write(const char *text, std::size_t size) {
  switch (kind) {
  case Kind::Debug:
    for (std::size_t i = 0; i < size; ++i)
      asm volatile("outb %b0, %w1" ::"a"(text[i]), "Nd"(kDebugPort));
    return;
  case Kind::Hypervisor:
    xen::hypercall(__HYPERVISOR_console_io, std::uint64_t{CONSOLEIO_write},
                   std::uint64_t{size}, text);
    return;
  case Kind::Ring:
    for (std::size_t i = 0; i < size; ++i) {
      if (text[i] == '\n')
        putRing('\r');
      putRing(text[i]);
    }
    xen::sendEvent(port);
    return;
  }
}

int take() {
  if (kind != Kind::Ring)
    return kNoMoreInput;
  xencons_interface &shared = ring();
  XENCONS_RING_IDX consumed = shared.in_cons;
  if (__atomic_load_n(&shared.in_prod, __ATOMIC_ACQUIRE) == consumed)
    return kNoInputYet;
  auto c = static_cast<unsigned char>(
      shared.in[MASK_XENCONS_IDX(consumed, shared.in)]);
  __atomic_store_n(&shared.in_cons, consumed + 1, __ATOMIC_RELEASE);
  // The peer waits for room only when there was none.
  if (shared.in_prod - consumed == sizeof(shared.in))
    xen::sendEvent(port);
  return c;
}

void waitForInput(std::uint64_t deadline) { waitForPeer(deadline); }

void setBinder(bool (*bind)(std::uint32_t, void (*)())) { binder = bind; }

bool listen(void (*function)()) {
  if (!binder || kind != Kind::Ring)
    return false;
  hear = function;
  if (!isBound && binder(port, onEvent)) {
    isBound = true;
    threads::addDevice(device);
  }
  return isBound;
}

void drain() {
  // A daemon that does not listen must not keep a domain alive.
  constexpr std::uint64_t kPatience = 2'000'000'000;
  if (kind != Kind::Ring)
    return;
  xencons_interface &shared = ring();
  // Xen renews this each time that it runs the domain again.
  const std::uint64_t &now = xen::sharedInfo().vcpu_info[0].time.system_time;
  std::uint64_t deadline = now + kPatience;
  while (__atomic_load_n(&shared.out_cons, __ATOMIC_ACQUIRE) !=
             shared.out_prod &&
         __atomic_load_n(&now, __ATOMIC_RELAXED) < deadline)
    waitForPeer(deadline);
}

} // namespace ampoule::console

AMPOULE_MODULE(console, &ampoule::console::init, xen);
