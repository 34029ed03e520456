// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One request at a time over the shared ring. Answers come in order; between
// them watches' events can come at any time, and are noted. While a request
// waits its port is masked, so that no handler takes the event that it polls
// for.
#include "libos/xenstore/xenstore.h"

#include "libos/abi/module.h"
#include "libos/events/events.h"
#include "libos/threads/call.h"
#include "libos/time/time.h"
#include "libos/xen/xen.h"
#include "xen-boot/abi/handoff.h"

#include <xen/io/xs_wire.h>

namespace ampoule::xenstore {
namespace {

constinit std::uint32_t port = 0;
constinit Watch *firstWatch = nullptr;

void serve();
constinit threads::Device device = {serve};

xenstore_domain_interface &ring() {
  return *reinterpret_cast<xenstore_domain_interface *>(abi::kXenstoreAddress);
}

bool hasInput() {
  return __atomic_load_n(&ring().rsp_prod, __ATOMIC_ACQUIRE) != ring().rsp_cons;
}

void send(const void *bytes, std::size_t size) {
  const char *from = static_cast<const char *>(bytes);
  xenstore_domain_interface &shared = ring();
  for (std::size_t i = 0; i < size; ++i) {
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

/// What is longer than the ring comes when xenstored hears of room.
char receiveByte(bool isLong = false) {
  xenstore_domain_interface &shared = ring();
  while (!hasInput()) {
    if (isLong)
      xen::sendEvent(port);
    xen::poll(port, 0);
  }
  char byte = shared.rsp[MASK_XENSTORE_IDX(shared.rsp_cons)];
  __atomic_store_n(&shared.rsp_cons, shared.rsp_cons + 1, __ATOMIC_RELEASE);
  return byte;
}

xsd_sockmsg receiveHeader() {
  xsd_sockmsg header;
  for (std::size_t i = 0; i < sizeof(header); ++i)
    reinterpret_cast<char *>(&header)[i] = receiveByte();
  return header;
}

/// What follows a header; `room` of it are stored.
void receiveText(std::size_t size, char *text, std::size_t room) {
  for (std::size_t i = 0; i < size; ++i) {
    char byte = receiveByte(/*isLong=*/room != 0);
    if (i < room)
      text[i] = byte;
  }
}

/// The path that changed, a zero, the token and a zero: a number of ours.
void receiveEvent(std::size_t size) {
  std::uint32_t number = 0;
  bool isToken = false;
  for (; size; --size) {
    char byte = receiveByte(/*isLong=*/true);
    if (isToken && byte)
      number = number * 10 + static_cast<std::uint32_t>(byte - '0');
    isToken |= byte == 0;
  }
  for (Watch *watch = firstWatch; watch; watch = watch->next)
    watch->isDue |= watch->number == number;
  threads::addLate(device);
}

/// Watches interrupt; without any nobody handles the event.
void unmask() {
  if (!firstWatch)
    return;
  xen::unmaskPort(port);
  // What came behind an answer: a poll may have taken its event.
  if (hasInput())
    threads::addLate(device);
}

/// Sends one or two texts, the first with its zero. The size of the answer, or
/// -1: it is an error.
long request(unsigned type, const char *first, const char *second,
             std::size_t secondSize, char *answer, std::size_t room) {
  if (port == 0)
    return -1;
  xen::maskPort(port);
  std::size_t firstSize = __builtin_strlen(first) + 1;
  xsd_sockmsg header = {type, 0, 0,
                        static_cast<std::uint32_t>(firstSize + secondSize)};
  send(&header, sizeof(header));
  send(first, firstSize);
  send(second, secondSize);
  xen::sendEvent(port);
  while (true) {
    header = receiveHeader();
    if (!firstWatch || header.type != XS_WATCH_EVENT)
      break;
    receiveEvent(header.len);
  }
  receiveText(header.len, answer, room);
  xen::sendEvent(port);
  unmask();
  return header.type == type ? static_cast<long>(header.len) : -1;
}

void receiveEvents() {
  xen::maskPort(port);
  while (hasInput()) {
    xsd_sockmsg header = receiveHeader();
    receiveEvent(header.len);
  }
  xen::sendEvent(port);
  unmask();
}

void serve() {
  receiveEvents();
  for (Watch *watch = firstWatch; watch; watch = watch->next)
    if (watch->isDue) {
      watch->isDue = false;
      watch->onChange(*watch);
    }
}

void onEvent() { threads::addLate(device); }

void init(const abi::Handoff &handoff) { port = handoff.xenstorePort; }

} // namespace

bool write(const char *path, const char *value) {
  return request(XS_WRITE, path, value, __builtin_strlen(value), nullptr, 0) >=
         0;
}

bool read(const char *path, char *value, std::size_t size) {
  long got = request(XS_READ, path, nullptr, 0, value, size);
  if (got < 0 || static_cast<std::size_t>(got) >= size)
    return false;
  value[got] = 0;
  return true;
}

bool readNumber(const char *path, std::uint64_t &value) {
  char text[24];
  if (!read(path, text, sizeof(text)) || !text[0])
    return false;
  value = 0;
  for (const char *at = text; *at; ++at) {
    if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, *at - '0', &value))
      return false;
  }
  return true;
}

bool watch(Watch &watch, const char *path) {
  if (!firstWatch) {
    if (port == 0 || !events::bind(port, onEvent))
      return false;
    threads::addDevice(device);
  }
  watch.number = firstWatch ? firstWatch->number + 1 : 1;
  watch.next = firstWatch;
  firstWatch = &watch;
  console::Text<12> token;
  const char *text = token.number(watch.number).get();
  return request(XS_WATCH, path, text, __builtin_strlen(text) + 1, nullptr,
                 0) >= 0;
}

void waitForChange(std::uint64_t deadline) {
  xen::maskPort(port);
  if (!hasInput() && !threads::load(device.isDue))
    xen::poll(port, deadline);
  serve();
}

} // namespace ampoule::xenstore

AMPOULE_MODULE(xenstore, &ampoule::xenstore::init, xen);
