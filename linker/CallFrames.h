// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unwind tables that say what holds at calls, and nothing else.
#pragma once

namespace ampoule::linker {

/// An exception passes through a frame at a call. Code generation describes the
/// frame at every instruction: behind each push, and behind each pop on the way
/// out, where nothing calls. In functions that are compiled for size a pass, added
/// to all code generation, leaves what is true at each call that returns here;
/// debuggers see those functions' frames exactly only there.
void addCallFramePass();

} // namespace ampoule::linker
