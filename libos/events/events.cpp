// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two-level event channels (xen/include/public/xen.h, struct shared_info): Xen
// sets a bit for the event, a bit for the word that it is in, and calls us: on
// PV at the registered address, on PVH through a gate of the descriptor table.
// Every event is masked until something binds it.
#include "libos/events/events.h"

#include "libos/abi/module.h"
#include "libos/panic/panic.h"
#include "libos/threads/call.h"
#include "libos/xen/cpuid.h"
#include "xen-boot/abi/handoff.h"

#include <xen/callback.h>

extern "C" {
void ampoule_pv_upcall();

/// What upcall.S saves of the floating-point unit: 0: FXSAVE, else XSAVE with
/// this many bytes.
std::uint32_t ampoule_xsave_size;
}

namespace ampoule::events {
namespace {

/// The gate behind the exceptions' (xen-boot/entry/traps.S).
constexpr std::uint64_t kUpcallVector = 32;
constexpr unsigned kWordBits = 64, kMaxBindings = 32;

struct Binding {
  std::uint32_t port; ///< 0: free
  Handler handler;
};
constinit Binding bindings[kMaxBindings] = {};

vcpu_info_t &self() { return xen::sharedInfo().vcpu_info[0]; }

void dispatch(std::uint32_t port) {
  for (const Binding &binding : bindings)
    if (binding.port == port)
      return binding.handler();
}

void dispatchWord(unsigned word) {
  shared_info_t &shared = xen::sharedInfo();
  while (std::uint64_t ready =
             __atomic_load_n(&shared.evtchn_pending[word], __ATOMIC_SEQ_CST) &
             ~shared.evtchn_mask[word]) {
    unsigned bit = static_cast<unsigned>(__builtin_ctzll(ready));
    __atomic_fetch_and(&shared.evtchn_pending[word], ~(1ul << bit),
                       __ATOMIC_SEQ_CST);
    dispatch(word * kWordBits + bit);
  }
}

/// How much room the state needs that the processor is set to save
/// (Intel SDM volume 1, section 13.2).
std::uint32_t readSaveSize() {
  constexpr std::uint32_t kOsxsave = 1 << 27;
  return xen::cpuid(1).ecx & kOsxsave ? xen::cpuid(0xd).ebx : 0;
}

void init(const abi::Handoff &) {
  if (!xen::isPresent())
    return;
  ampoule_xsave_size = readSaveSize();
  for (xen_ulong_t &mask : xen::sharedInfo().evtchn_mask)
    mask = ~0ul;
  long error;
  if (xen::isPv()) {
    callback_register_t callback = {};
    callback.type = CALLBACKTYPE_event;
    callback.address = reinterpret_cast<std::uint64_t>(&ampoule_pv_upcall);
    error = xen::hypercall(__HYPERVISOR_callback_op,
                           std::uint64_t{CALLBACKOP_register}, &callback);
  } else {
    // xen/include/public/hvm/params.h: kind 2, a vector.
    xen_hvm_param param = {DOMID_SELF, 0, HVM_PARAM_CALLBACK_IRQ,
                           2ull << 56 | kUpcallVector};
    error = xen::hypercall(__HYPERVISOR_hvm_op, std::uint64_t{HVMOP_set_param},
                           &param);
  }
  if (error)
    panic::panic("Xen does not take the address for upcalls");
  enable();
}

} // namespace

bool bind(std::uint32_t port, Handler handler) {
  Binding *free = nullptr;
  for (Binding &binding : bindings)
    if (!binding.port)
      free = &binding;
  if (!xen::isPresent() || !free)
    return false;
  free->handler = handler;
  __atomic_store_n(&free->port, port, __ATOMIC_SEQ_CST);
  threads::hasEvents = true;
  xen::unmaskPort(port);
  return true;
}

bool bindVirtualInterrupt(unsigned number, Handler handler) {
  evtchn_bind_virq virq = {number, 0, 0};
  return xen::isPresent() &&
         !xen::hypercall(__HYPERVISOR_event_channel_op,
                         std::uint64_t{EVTCHNOP_bind_virq}, &virq) &&
         bind(virq.port, handler);
}

std::uint32_t ampoule_offer_events(std::uint16_t peer, Handler handler) {
  evtchn_alloc_unbound channel = {DOMID_SELF, peer, 0};
  if (xen::hypercall(__HYPERVISOR_event_channel_op,
                     std::uint64_t{EVTCHNOP_alloc_unbound}, &channel))
    return 0;
  if (bind(channel.port, handler))
    return channel.port;
  close(channel.port);
  return 0;
}

void close(std::uint32_t port) {
  for (Binding &binding : bindings)
    if (binding.port == port)
      __atomic_store_n(&binding.port, 0, __ATOMIC_SEQ_CST);
  evtchn_close channel = {port};
  xen::hypercall(__HYPERVISOR_event_channel_op, std::uint64_t{EVTCHNOP_close},
                 &channel);
}

void enable() {
  if (!xen::isPv()) {
    asm volatile("sti" ::: "memory");
    return;
  }
  __atomic_store_n(&self().evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
  // Xen does not look by itself: any hypercall makes it.
  if (__atomic_load_n(&self().evtchn_upcall_pending, __ATOMIC_SEQ_CST))
    xen::hypercall(__HYPERVISOR_xen_version, std::uint64_t{0}, nullptr);
}

void disable() { xen::maskUpcalls(); }

void block() {
  if (xen::isPv())
    xen::hypercall(__HYPERVISOR_sched_op, std::uint64_t{SCHEDOP_block},
                   nullptr);
  else
    asm volatile("sti\n hlt" ::: "memory"); // sti holds for one instruction
}

/// From upcall.S, with upcalls off.
extern "C" void ampouleUpcall() {
  vcpu_info_t &vcpu = self();
  while (__atomic_exchange_n(&vcpu.evtchn_upcall_pending, 0,
                             __ATOMIC_SEQ_CST)) {
    std::uint64_t words =
        __atomic_exchange_n(&vcpu.evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (; words; words &= words - 1)
      dispatchWord(static_cast<unsigned>(__builtin_ctzll(words)));
  }
  runLate();
}

} // namespace ampoule::events

AMPOULE_MODULE(events, &ampoule::events::init, xen, panic);
