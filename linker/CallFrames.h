// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unwind tables that say what holds at calls, and nothing else.
#pragma once

namespace ampoule::linker {

/// An exception passes through a frame at a call. Code generation describes the
/// frame at every instruction: behind each push, and behind each pop on the way
/// out, where nothing calls. In functions that are optimised a pass, added to all
/// code generation, leaves what is true at each call that returns here; where that is
/// the same at all of them, it is said once, for all of the function. Debuggers see those
/// functions' frames exactly only there.
void addCallFramePass();

/// Has code generation not push arguments, so that it is the same at all calls of a
/// function. lld, which parses options of LLVM, forgets that.
void keepFrames();

} // namespace ampoule::linker
