// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the ELF file that lld wrote to the file that Xen boots.
#pragma once

#include "xen-boot/image/PageTables.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MemoryBuffer.h"
#include <map>
#include <string>

namespace ampoule::image {

/// A contiguous piece of the image's memory with one set of rights.
struct Region {
  std::string name; ///< text, rodata, data
  std::uint64_t address;
  std::uint64_t size; ///< in memory; `bytes` may be shorter, the rest is zero
  Access access;
  std::vector<std::uint8_t> bytes;
};

/// Everything read from the linked ELF that the later steps need.
struct Linked {
  std::vector<Region> regions;
  std::map<std::string, std::uint64_t> symbols;
  std::uint64_t entry;
  std::uint64_t noteOffset, noteSize; ///< PT_NOTE: address and size

  std::uint64_t symbol(llvm::StringRef name) const;
};

/// What `finishImage` produces: the bootable file, its twin for debuggers with
/// symbols and line tables, and what the report says about both.
struct Image {
  std::vector<char> file;
  std::vector<char> debugFile;
  std::string buildId; ///< 40 hexadecimal digits
  PageTables tables;
  std::vector<Mapping> mappings;
  Linked linked;
};

llvm::Expected<Linked> readLinked(llvm::MemoryBufferRef elf);

/// The file that Xen boots: the regions, without long runs of zeros.
std::vector<char> writeFile(const Linked &linked);

/// What the page tables of a PVH boot map: the image's regions without the
/// guard page, the heap up to `memoryMax`, the I/O window.
std::vector<Mapping> planMappings(const Linked &linked);

/// What the image says of itself when it asks for a seal.
struct SealFacts {
  std::uint64_t hypercalls = ~std::uint64_t{0}; ///< bit N: it can issue N
  bool isProved = true; ///< verifyImage found nothing
};

/// Writes page tables, unwind information, interrupt descriptors, seal and build ID,
/// then the file. The bytes depend on what is loaded alone, not on debug information.
llvm::Expected<Image> finishImage(llvm::MemoryBufferRef elf,
                                  const SealFacts &seal,
                                  llvm::ArrayRef<std::uint8_t> unwindInfo);

/// The Linux test target: the linked file itself, without debug information.
llvm::Expected<Image> finishLinuxProgram(llvm::MemoryBufferRef elf);

/// `--print=page-tables`: a line per mapping.
void printMappings(llvm::ArrayRef<Mapping> mappings, llvm::raw_ostream &os);

} // namespace ampoule::image
