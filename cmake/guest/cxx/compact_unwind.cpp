// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libunwind's cursor over compact unwind information. Elsewhere that comes with
// Mach-O files alone. The template is the other cursor's, compiled otherwise, so the
// address space, its argument, has another name here.
#include "config.h"

#include "AddressSpace.hpp"
#include "UnwindCursor.hpp"

using namespace libunwind;

CompactAddressSpace CompactAddressSpace::sThisAddressSpace;

void ampoule_init_compact(unw_cursor_t *cursor, unw_context_t *context) {
  using Cursor = UnwindCursor<CompactAddressSpace, Registers_x86_64>;
  auto *made = new (reinterpret_cast<Cursor *>(cursor))
      Cursor(context, CompactAddressSpace::sThisAddressSpace);
  made->setInfoBasedOnIPRegister(false);
}
