// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Between libunwind's two cursors.
#pragma once
#include <libunwind.h>

extern "C" {
/// The table, in the format of <mach-o/compact_unwind_encoding.h>.
extern char __ampoule_unwind_info;
/// Whether there is one, which the linker knows.
int __ampoule_compact_unwind(void);
/// As unw_init_local().
void ampoule_init_compact(unw_cursor_t *cursor, unw_context_t *context);
}
