// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mmap and its relatives for anonymous memory. The page tables are final: all
// memory is readable and writable and never executable, so a protection that
// takes less away is accepted and not enforced, and PROT_EXEC is refused.
#include "libos/memory/memory.h"
#include "libos/posix/posix.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

static constexpr long kExecute = 4;     // PROT_EXEC
static constexpr long kFixed = 0x10;    // MAP_FIXED
static constexpr long kAnonymous = 0x20; // MAP_ANONYMOUS

static std::size_t pagesFor(std::size_t size) {
  return (size + abi::kPageSize - 1) / abi::kPageSize;
}

AMPOULE_SYSCALL(mmap, void *, std::size_t size, long protection, long flags) {
  if (size == 0 || size > SIZE_MAX / 2 || flags & kFixed ||
      !(flags & kAnonymous))
    return -kInvalid;
  if (protection & kExecute)
    return -kAccess;
  void *start = memory::allocate(pagesFor(size));
  return start ? reinterpret_cast<long>(start) : -kOutOfMemory;
}

AMPOULE_SYSCALL(munmap, std::uintptr_t start, std::size_t size) {
  if (start % abi::kPageSize != 0 || size == 0)
    return -kInvalid;
  memory::release(reinterpret_cast<void *>(start), pagesFor(size));
  return 0;
}

AMPOULE_SYSCALL(mprotect, void *, std::size_t, long protection) {
  return protection & kExecute ? -kAccess : 0;
}

AMPOULE_SYSCALL(madvise) { return 0; }
// malloc() falls back to a new mapping.
AMPOULE_SYSCALL(mremap) { return -kOutOfMemory; }
AMPOULE_SYSCALL(brk) { return 0; }
