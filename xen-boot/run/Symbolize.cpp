// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/Symbolize.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/BuildID.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace ampoule::run {

Expected<Symbolizer> Symbolizer::open(StringRef image) {
  Symbolizer result;
  result.debugFile =
      image.ends_with(".dbg") ? image.str() : (image + ".dbg").str();
  Expected<object::OwningBinary<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(result.debugFile);
  if (!file)
    return createStringError("cannot read " + result.debugFile + ": " +
                             toString(file.takeError()) +
                             "; the linker writes it beside the image");
  result.buildId =
      toHex(object::getBuildID(file->getBinary()), /*LowerCase=*/true);
  symbolize::LLVMSymbolizer::Options options;
  options.UseSymbolTable = true;
  options.Demangle = true;
  result.symbolizer = std::make_shared<symbolize::LLVMSymbolizer>(options);
  return result;
}

Expected<std::string> Symbolizer::rewrite(StringRef line) {
  StringRef rest = line;
  if (rest.consume_front("  build ")) {
    if (rest.trim() != buildId)
      return createStringError(debugFile + " belongs to build " + buildId +
                               ", the report to build " + rest.trim());
    return line.str();
  }
  // "by" has a return address: the call is before it.
  std::uint64_t address;
  bool isCaller = rest.consume_front("  by 0x");
  if ((!isCaller && !rest.consume_front("  at 0x")) ||
      rest.trim().getAsInteger(16, address))
    return line.str();
  address -= isCaller;
  Expected<DIInliningInfo> frames = symbolizer->symbolizeInlinedCode(
      debugFile, {address, object::SectionedAddress::UndefSection});
  if (!frames) {
    consumeError(frames.takeError());
    return line.str();
  }
  std::string text = line.str();
  for (unsigned i = 0; i < frames->getNumberOfFrames(); ++i) {
    const DILineInfo &frame = frames->getFrame(i);
    if (frame.FunctionName == DILineInfo::BadString)
      continue;
    text += i == 0 ? " " : "\n                        in ";
    text += frame.FunctionName;
    if (frame.Line != 0)
      text += " " + sys::path::filename(frame.FileName).str() + ":" +
              utostr(frame.Line);
  }
  return text;
}

} // namespace ampoule::run
