// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/gnttab/gnttab.h"

#include "libos/abi/module.h"
#include "libos/panic/panic.h"
#include "libos/xen/xen.h"

using ampoule::abi::kIoPages;

extern "C" {
extern char __ampoule_io_pool[]; // link script
/// Written by boot code.
constinit std::uint32_t ampoule_io_frames[kIoPages] = {};
}

namespace ampoule::gnttab {
namespace {

/// A set of pages of the pool.
class Pages {
public:
  bool contains(Page page) const { return words[page / kBits] & bit(page); }
  void add(Page page) { words[page / kBits] |= bit(page); }
  void remove(Page page) { words[page / kBits] &= ~bit(page); }
  /// The first page from `page` on that is a member, or is not.
  Page find(Page page, bool isMember) const {
    while (page < kIoPages) {
      std::uint64_t word = words[page / kBits];
      std::uint64_t rest = (isMember ? word : ~word) & -bit(page);
      if (rest)
        return page / kBits * kBits +
               static_cast<Page>(__builtin_ctzll(rest));
      page = (page / kBits + 1) * kBits;
    }
    return kNoPage;
  }
  std::uint32_t count() const {
    std::uint32_t result = 0;
    for (std::uint64_t word : words)
      result += static_cast<std::uint32_t>(__builtin_popcountll(word));
    return result;
  }

private:
  static constexpr unsigned kBits = 64;
  static_assert(kIoPages % kBits == 0);
  static std::uint64_t bit(Page page) { return 1ull << page % kBits; }
  std::uint64_t words[kIoPages / kBits] = {};
};

constinit Pages taken, held;
constinit Page next = 0; ///< where to look first

grant_entry_v1_t &entryOf(Page page) {
  if (page >= kIoPages)
    panic::panic("a page to be granted is none of the I/O pool");
  return reinterpret_cast<grant_entry_v1_t *>(
      abi::kGrantAddress)[abi::kReservedGrants + page];
}

/// Looks again for pages that were kept aside.
void reclaim() {
  for (Page page = held.find(0, true); page != kNoPage;
       page = held.find(page + 1, true))
    if (end(page)) {
      held.remove(page);
      taken.remove(page);
    }
}

} // namespace

/// Named for the linker: an image that can take a page has a pool.
extern "C" [[gnu::noinline]] Page ampoule_take_io_page() {
  Page page = taken.find(next, false);
  if (page == kNoPage && next != 0)
    page = taken.find(0, false);
  if (page == kNoPage) {
    reclaim();
    page = taken.find(0, false);
  }
  if (page == kNoPage)
    return kNoPage;
  taken.add(page);
  next = page + 1;
  __builtin_memset(addressOf(page), 0, abi::kPageSize);
  return page;
}

Page take() { return xen::isPresent() ? ampoule_take_io_page() : kNoPage; }

void give(Page page) {
  if (end(page)) {
    taken.remove(page);
    next = page < next ? page : next;
  } else {
    held.add(page);
  }
}

char *addressOf(Page page) {
  return __ampoule_io_pool + std::size_t{page} * abi::kPageSize;
}

std::uint32_t referenceOf(Page page) {
  return static_cast<std::uint32_t>(abi::kReservedGrants + page);
}

std::uint32_t grant(Page page, Domain domain, Access access) {
  grant_entry_v1_t &entry = entryOf(page);
  entry.domid = domain;
  entry.frame = ampoule_io_frames[page];
  // Xen looks at the rest when it sees these.
  __atomic_store_n(&entry.flags,
                   static_cast<std::uint16_t>(
                       GTF_permit_access |
                       (access == Access::ReadOnly ? GTF_readonly : 0)),
                   __ATOMIC_RELEASE);
  return referenceOf(page);
}

bool end(Page page) {
  std::uint16_t &flags = entryOf(page).flags;
  std::uint16_t seen = __atomic_load_n(&flags, __ATOMIC_ACQUIRE);
  do {
    if (seen & (GTF_reading | GTF_writing))
      return false;
  } while (!__atomic_compare_exchange_n(&flags, &seen, std::uint16_t{0}, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
  return true;
}

Usage usage() {
  reclaim();
  return {taken.count(), held.count()};
}

} // namespace ampoule::gnttab

AMPOULE_MODULE(gnttab, nullptr, xen);
