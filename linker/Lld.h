// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one place that knows lld.
#pragma once

#include "linker/Layout.h"

namespace ampoule::linker {

/// Links the generated objects, the native inputs and the runtime's native
/// archives by the layout's script; returns the ELF file's bytes.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
runLld(llvm::ArrayRef<llvm::SmallString<0>> objects, const Program &program,
       const Layout &layout, const Config &config, Diag &diag);

} // namespace ampoule::linker
