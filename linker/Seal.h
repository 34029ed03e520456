// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What keeps an image from being sealed, and a layout that does not: bytes of a
// relative address can begin an instruction by chance, and are others when the
// function lies elsewhere.
#pragma once

#include "linker/Layout.h"
#include "linker/Report.h"
#include "xen-boot/image/Image.h"
#include "xen-boot/image/Verify.h"

namespace ampoule::linker {

class SealedLayout {
public:
  /// What the layout has to place elsewhere.
  const Placement &placement() const { return places; }

  /// Takes what was found in an image; false: it is good, or no other layout
  /// would be better.
  bool improve(llvm::ArrayRef<image::Violation> violations,
               const image::Linked &linked);

private:
  Placement places;
  llvm::StringMap<unsigned> attempts; ///< by function
  std::size_t fewest = ~std::size_t(0); ///< instructions that were left
  unsigned vainRounds = 0;              ///< since there were so few
};

/// The instructions among violations, with their functions.
std::vector<ReportedInstruction>
reportInstructions(llvm::ArrayRef<image::Violation> violations,
                   const image::Linked &linked);

/// Whether the address of a datum looks like one of them.
bool isAboutData(llvm::ArrayRef<ReportedInstruction> instructions,
                 const image::Linked &linked);

/// Without a proof there is no image, if nobody said that it may lack one.
void checkSeal(llvm::ArrayRef<ReportedInstruction> instructions,
               const Config &config, Diag &diag);

} // namespace ampoule::linker
