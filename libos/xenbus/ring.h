// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The frontend's side of a ring (xen/include/public/io/ring.h): requests and
// responses share its entries. The backend can write any of it at any time, so
// a response is copied once and only the copy is looked at.
#pragma once

#include "libos/gnttab/gnttab.h"
#include "libos/xen/xen.h"
#include "xen-boot/abi/layout.h"

#include <cstddef>
#include <cstdint>

// ring.h asks for barriers.
#define xen_mb() ::ampoule::xen::barrier()
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/ring.h>

namespace ampoule::xenbus {

/// `Shared` is a type of DEFINE_RING_TYPES.
template <typename Shared> class FrontRing {
  using Entry = decltype(Shared::ring[0]);

public:
  using Request = decltype(Shared::ring[0].req);
  using Response = decltype(Shared::ring[0].rsp);

  static constexpr unsigned roundDown(std::size_t entries) {
    return 1u << (31 - __builtin_clz(static_cast<unsigned>(entries)));
  }
  static constexpr unsigned kSize =
      roundDown((abi::kPageSize - offsetof(Shared, ring)) /
                sizeof(Shared::ring[0]));

  /// Begins anew, in a page that `peer` may write. False: there is none.
  bool open(gnttab::Domain peer) {
    page = gnttab::take();
    if (page == gnttab::kNoPage)
      return false;
    shared = reinterpret_cast<Shared *>(gnttab::addressOf(page));
    shared->req_event = shared->rsp_event = 1;
    produced = consumed = 0;
    gnttab::grant(page, peer, gnttab::Access::ReadWrite);
    return true;
  }
  /// One that is not open stays so.
  void close() {
    if (page != gnttab::kNoPage)
      gnttab::give(page);
    page = gnttab::kNoPage;
  }
  /// What the backend is to be told.
  std::uint32_t reference() const { return gnttab::referenceOf(page); }

  unsigned outstanding() const { return produced - consumed; }
  unsigned free() const { return kSize - outstanding(); }

  /// The place of the next request, or the one that many behind it.
  unsigned nextSlot() const { return produced % kSize; }
  void put(const Request &request) {
    shared->ring[produced++ % kSize].req = request;
  }

  /// Shows the backend what was put. True: it waits for an event.
  bool push() {
    std::uint32_t before = shared->req_prod;
    __atomic_store_n(&shared->req_prod, produced, __ATOMIC_RELEASE);
    xen::barrier();
    std::uint32_t event = __atomic_load_n(&shared->req_event, __ATOMIC_RELAXED);
    return produced - event < produced - before;
  }

  /// How many responses are there; -1: more than requests, the backend lies.
  int available() const {
    std::uint32_t responses =
        __atomic_load_n(&shared->rsp_prod, __ATOMIC_ACQUIRE) - consumed;
    return responses > outstanding() ? -1 : static_cast<int>(responses);
  }
  /// The place of the next response.
  unsigned responseSlot() const { return consumed % kSize; }
  /// One that is available.
  Response take() {
    Response copy;
    __builtin_memcpy(&copy, &shared->ring[consumed++ % kSize].rsp,
                     sizeof(copy));
    asm volatile("" : "+m"(copy)); // not to be read from the ring again
    return copy;
  }

  /// An event is wanted for the `count`th response from now on. True: some are
  /// there already.
  bool expect(unsigned count) {
    __atomic_store_n(&shared->rsp_event, consumed + count, __ATOMIC_RELAXED);
    xen::barrier();
    return available() != 0;
  }

private:
  Shared *shared = nullptr;
  gnttab::Page page = gnttab::kNoPage;
  std::uint32_t produced = 0, consumed = 0;
};

} // namespace ampoule::xenbus
