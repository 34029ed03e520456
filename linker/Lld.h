// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one place that knows lld.
#pragma once

#include "linker/Layout.h"

namespace ampoule::linker {

struct LldOutput {
  std::unique_ptr<llvm::MemoryBuffer> elf;
  std::string map; ///< which section of which input lies where
};

/// Links the generated objects, the native inputs and the runtime's native
/// archives by the layout's script.
llvm::Expected<LldOutput> runLld(llvm::ArrayRef<llvm::SmallString<0>> objects,
                                 const Program &program, const Layout &layout,
                                 const Config &config, Diag &diag);

} // namespace ampoule::linker
