// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/blkfront/blkfront.h"

#include "libos/abi/config.h"
#include "libos/abi/module.h"
#include "libos/events/events.h"
#include "libos/threads/call.h"
#include "libos/time/time.h"

#include <xen/io/protocols.h>

namespace ampoule::blkfront {
namespace {

constinit Disk disks[detail::kMostDisks];

void work() {
  for (Disk &disk : disks)
    if (disk.isReady())
      disk.work();
}
constinit threads::Device device = {work};

void onEvent() { threads::addLate(device); }

void wait(Transfer &transfer) {
  while (transfer.pending)
    threads::wait(transfer.waiting, threads::kForever,
                  /*isInterruptible=*/false);
}

} // namespace

bool Disk::open(unsigned index, std::uint64_t deadline) {
  // docs/man/xen-vbd-interface.7: xvda, xvdb, … have 16 partitions each.
  constexpr unsigned kMajor = 202, kPartitions = 16;
  number = static_cast<std::uint16_t>(kMajor << 8 | index * kPartitions);
  if (!Frontend::open("vbd", number))
    return false;
  if (!start(deadline))
    say("the backend does not connect; going on without the disk");
  return isUp();
}

bool Disk::connect() {
  if (!requests.connect(peer()))
    return false;
  port = events::offer(peer(), onEvent);
  // Some toolstacks state the protocol of PV domains alone; without one the
  // backend may take requests to be those of a 32-bit domain.
  if (port && Frontend::write("ring-ref", requests.reference()) &&
      Frontend::write("event-channel", port) &&
      Frontend::write("protocol", XEN_IO_PROTO_ABI_X86_64) &&
      Frontend::write("feature-persistent", std::uint64_t{1}))
    return true;
  disconnect();
  return false;
}

const char *Disk::begin() {
  constexpr std::uint64_t kMostSectors = 1ull << 54;
  // In practice sectors count 512 bytes, whatever the size of a block
  // (Linux, drivers/block/xen-blkfront.c).
  std::uint64_t sectors = backendNumber("sectors"),
                size = backendNumber("sector-size");
  if (sectors == 0 || sectors > kMostSectors || size < kSector ||
      size > abi::kPageSize || (size & (size - 1)) ||
      sectors * kSector % size)
    return "what the backend says of it makes no sense";
  // What is open or mounted is not to reach another disk.
  char from[sizeof(source)];
  if (!readBackend("params", from, sizeof(from)))
    from[0] = 0;
  if (bytes && (sectors * kSector != bytes || size != block ||
                __builtin_strcmp(from, source)))
    return "another disk is in its place";
  __builtin_strcpy(source, from);
  bytes = sectors * kSector;
  block = static_cast<std::uint32_t>(size);
  readOnly = backendNumber("info") & VDISK_READONLY;
  flushes = backendNumber("feature-flush-cache");
  hasBarrier = backendNumber("feature-barrier");
  discards = backendNumber("feature-discard");
  requests.allowIndirect(backendNumber("feature-max-indirect-segments"));
  return nullptr;
}

void Disk::disconnect() {
  if (port)
    events::close(port);
  port = 0;
  requests.disconnect();
}

void Disk::work() {
  if (!requests.work())
    refuse("the backend answers what it was not asked");
}

bool Disk::awaitRoom(std::size_t size) {
  while (isReady() && !requests.hasRoom(size))
    threads::wait(requests.room, threads::kForever, /*isInterruptible=*/false);
  return isReady();
}

bool Disk::move(std::uint8_t operation, char *buffer, std::size_t size,
                std::uint64_t offset) {
  Transfer transfer;
  while (size && transfer.isGood) {
    std::size_t most = requests.mostBytes(), part = size < most ? size : most;
    if (!awaitRoom(part)) {
      transfer.isGood = false;
      break;
    }
    if (requests.move(transfer, operation, buffer, part, offset, number))
      xen::sendEvent(port);
    buffer += part;
    offset += part;
    size -= part;
  }
  wait(transfer);
  return transfer.isGood;
}

bool Disk::read(char *to, std::size_t size, std::uint64_t offset) {
  return move(BLKIF_OP_READ, to, size, offset);
}

bool Disk::write(const char *from, std::size_t size, std::uint64_t offset) {
  return move(BLKIF_OP_WRITE, const_cast<char *>(from), size, offset);
}

bool Disk::order(const blkif_request &request, bool &isRefused) {
  if (!awaitRoom(0))
    return false;
  Transfer transfer;
  if (requests.order(transfer, request))
    xen::sendEvent(port);
  wait(transfer);
  isRefused = transfer.isRefused;
  return transfer.isGood;
}

bool Disk::flush() {
  // Without either there is no cache that could lose anything.
  if (!flushes && !hasBarrier)
    return isReady();
  blkif_request request = {};
  request.operation =
      flushes ? BLKIF_OP_FLUSH_DISKCACHE : BLKIF_OP_WRITE_BARRIER;
  request.handle = number;
  bool isRefused = false;
  if (order(request, isRefused))
    return true;
  // It may say only now that it does not know how (blkif.h).
  if (isRefused)
    (flushes ? flushes : hasBarrier) = false;
  return isRefused && flush();
}

bool Disk::discard(std::uint64_t offset, std::uint64_t size) {
  blkif_request request = {};
  auto &discard = reinterpret_cast<blkif_request_discard &>(request);
  discard.operation = BLKIF_OP_DISCARD;
  discard.handle = number;
  discard.sector_number = offset / kSector;
  discard.nr_sectors = size / kSector;
  bool isRefused = false;
  return discards && order(request, isRefused);
}

Disk *disk(unsigned index) {
  return index < ampoule_config_disks && disks[index].size() ? &disks[index]
                                                             : nullptr;
}

static void init(const abi::Handoff &) {
  // Only for disks that the domain has: a busy backend takes its time.
  constexpr std::uint64_t kPatience = 30'000'000'000;
  threads::addDevice(device);
  std::uint64_t deadline = time::monotonic() + kPatience;
  for (unsigned i = 0; i < ampoule_config_disks; ++i)
    disks[i].open(i, deadline);
}

} // namespace ampoule::blkfront

AMPOULE_MODULE(blkfront, &ampoule::blkfront::init, events, xenbus, time);
