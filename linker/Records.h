// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Records: constants by which sources tell the linker something. It reads them
// from the merged program and takes them out.
#pragma once

#include "linker/Program.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"
#include <optional>

namespace ampoule::linker {

/// Reads fields of a record by their offsets in the C++ struct.
class RecordReader {
public:
  explicit RecordReader(llvm::GlobalVariable &record)
      : initialiser(*record.getInitializer()),
        layout(record.getParent()->getDataLayout()) {}

  std::optional<std::uint64_t> number(unsigned offset, unsigned bits) const;
  /// What a pointer refers to; null if it is null, or no variable.
  llvm::GlobalVariable *variable(unsigned offset) const;
  /// A string literal.
  std::optional<std::string> text(unsigned offset) const;
  std::uint64_t size() const {
    return layout.getTypeAllocSize(initialiser.getType());
  }

private:
  llvm::Constant *at(unsigned offset, llvm::Type *type) const;

  llvm::Constant &initialiser;
  const llvm::DataLayout &layout;
};

/// Defined variables of a section.
std::vector<llvm::GlobalVariable *> recordsIn(Program &program,
                                              llvm::StringRef section);

/// Erases records and the texts that nothing else uses.
void eraseRecords(Program &program,
                  llvm::ArrayRef<llvm::GlobalVariable *> records);

} // namespace ampoule::linker
