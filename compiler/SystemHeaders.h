// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace clang {
class Preprocessor;
}

namespace ampoule::compiler {

/// Makes `#pragma GCC system_header` free in a file that is a system header
/// already, as all of libc++'s are. Clang counts the lines after it from the
/// pragma, so each place that debug information names is searched for twice.
void ignoreNeedlessPragmas(clang::Preprocessor &preprocessor);

} // namespace ampoule::compiler
