// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One request at a time over the shared ring (xen/include/public/io/xs_wire.h,
// docs/misc/xenstore-ring.txt), waiting for each answer.
#include "libos/xenstore/xenstore.h"

#include "libos/abi/module.h"
#include "libos/xen/xen.h"
#include "xen-boot/abi/handoff.h"

#include <xen/io/xs_wire.h>

namespace ampoule::xenstore {
namespace {

constinit std::uint32_t port = 0;

xenstore_domain_interface &ring() {
  return *reinterpret_cast<xenstore_domain_interface *>(abi::kXenstoreAddress);
}

void send(const void *bytes, unsigned size) {
  const char *from = static_cast<const char *>(bytes);
  xenstore_domain_interface &shared = ring();
  for (unsigned i = 0; i < size; ++i) {
    XENSTORE_RING_IDX produced = shared.req_prod;
    while (produced - __atomic_load_n(&shared.req_cons, __ATOMIC_ACQUIRE) >=
           XENSTORE_RING_SIZE) {
      xen::sendEvent(port);
      xen::poll(port, 0);
    }
    shared.req[MASK_XENSTORE_IDX(produced)] = from[i];
    __atomic_store_n(&shared.req_prod, produced + 1, __ATOMIC_RELEASE);
  }
}

/// `bytes` may be null: the answer's text is of no interest.
void receive(void *bytes, unsigned size) {
  char *to = static_cast<char *>(bytes);
  xenstore_domain_interface &shared = ring();
  for (unsigned i = 0; i < size; ++i) {
    XENSTORE_RING_IDX consumed = shared.rsp_cons;
    while (__atomic_load_n(&shared.rsp_prod, __ATOMIC_ACQUIRE) == consumed)
      xen::poll(port, 0);
    if (to)
      to[i] = shared.rsp[MASK_XENSTORE_IDX(consumed)];
    __atomic_store_n(&shared.rsp_cons, consumed + 1, __ATOMIC_RELEASE);
  }
}

unsigned lengthOf(const char *text) {
  unsigned length = 0;
  while (text[length])
    ++length;
  return length;
}

void init(const abi::Handoff &handoff) { port = handoff.xenstorePort; }

} // namespace

bool write(const char *path, const char *value) {
  if (port == 0)
    return false;
  unsigned pathSize = lengthOf(path) + 1, valueSize = lengthOf(value);
  xsd_sockmsg header = {XS_WRITE, 0, 0, pathSize + valueSize};
  send(&header, sizeof(header));
  send(path, pathSize);
  send(value, valueSize);
  xen::sendEvent(port);
  // Answers come in order; events that nobody asked for do not come.
  receive(&header, sizeof(header));
  receive(nullptr, header.len);
  xen::sendEvent(port);
  return header.type == XS_WRITE;
}

} // namespace ampoule::xenstore

AMPOULE_MODULE(xenstore, &ampoule::xenstore::init, xen);
