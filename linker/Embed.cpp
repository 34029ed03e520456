// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Embed.h"
#include "libos/abi/files.h"
#include "linker/Definitions.h"
#include "linker/Paths.h"
#include "xen-boot/abi/layout.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Constants.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr std::uint32_t kDirectory = 0040000, kRegular = 0100000; // st_mode
constexpr StringLiteral kTable = "ampoule_files";
constexpr StringLiteral kCount = "ampoule_files_count";
constexpr StringLiteral kTime = "ampoule_files_time";

class Reader {
public:
  Reader(std::map<std::string, EmbeddedFile> &files, Diag &diag)
      : files(files), diag(diag) {}

  void read(const Embed &embed) {
    SmallString<128> source(embed.folder);
    if (!sys::path::is_absolute(source) && !embed.base.empty()) {
      source = embed.base;
      sys::path::append(source, embed.folder);
    }
    current = &embed;
    std::string target = embed.mount == "/" ? "" : embed.mount;
    // A file by itself goes into the directory that the mount names, if that
    // ends with a slash.
    if (!sys::fs::is_directory(source) && StringRef(embed.mount).ends_with("/"))
      target = StringRef(embed.mount).rtrim('/').str() + "/" +
               sys::path::filename(source).str();
    add(source, StringRef(target).rtrim('/').str());
  }

private:
  void fail(StringRef source, StringRef why) {
    diag.error("cannot embed " + source + ": " + why + "\n>>> stated by " +
               current->place);
  }

  void add(StringRef source, const std::string &target) {
    sys::fs::file_status status;
    if (std::error_code code = sys::fs::status(source, status))
      return fail(source, code.message());
    if (sys::fs::is_directory(status))
      return addFolder(source, status, target);
    if (!sys::fs::is_regular_file(status))
      return fail(source, "it is neither a file nor a directory");
    ErrorOr<std::unique_ptr<MemoryBuffer>> data =
        MemoryBuffer::getFile(source, /*IsText=*/false,
                              /*RequiresNullTerminator=*/false);
    if (std::error_code code = data.getError())
      return fail(source, code.message());
    bool runs = status.permissions() & sys::fs::all_exe;
    EmbeddedFile file{target, current->place, kRegular | (runs ? 0555u : 0444u),
                      std::move(*data), /*isStated=*/true};
    auto [it, isNew] = files.try_emplace(target, std::move(file));
    if (isNew) {
      addFolders(sys::path::parent_path(target));
      return;
    }
    const EmbeddedFile &other = it->second;
    if (!other.data || other.data->getBuffer() != file.data->getBuffer())
      diag.error(target +
                 " is embedded twice, with different contents\n>>> by " +
                 other.place + "\n>>> by " + current->place);
  }

  void addFolder(StringRef source, const sys::fs::file_status &status,
                 const std::string &target) {
    // Links can lead back to a directory that is being read.
    if (is_contained(path, status.getUniqueID()))
      return fail(source, "its symbolic links lead back to it");
    path.push_back(status.getUniqueID());
    addFolders(target);
    files.find(target.empty() ? "/" : target)->second.isStated = true;
    std::vector<std::string> names;
    std::error_code code;
    for (sys::fs::directory_iterator it(source, code), end; it != end && !code;
         it.increment(code))
      names.push_back(sys::path::filename(it->path()).str());
    if (code)
      fail(source, code.message());
    sort(names);
    for (const std::string &name : names)
      add((source + "/" + name).str(), target + "/" + name);
    path.pop_back();
  }

  /// A directory and those above it.
  void addFolders(StringRef target) {
    std::string name = target.empty() ? "/" : target.str();
    auto [it, isNew] = files.try_emplace(
        name, EmbeddedFile{name, current->place, kDirectory | 0555, nullptr,
                           /*isStated=*/false});
    if (it->second.data)
      diag.error(name + " is embedded as a file and as a directory\n>>> by " +
                 it->second.place + "\n>>> by " + current->place);
    if (isNew && name != "/")
      addFolders(sys::path::parent_path(name));
  }

  std::map<std::string, EmbeddedFile> &files;
  Diag &diag;
  const Embed *current = nullptr;
  std::vector<sys::fs::UniqueID> path;
};

} // namespace

std::vector<EmbeddedFile> readTrees(ArrayRef<Embed> embeds, Diag &diag) {
  std::map<std::string, EmbeddedFile> files;
  Reader reader(files, diag);
  for (const Embed &embed : embeds)
    reader.read(embed);
  std::vector<EmbeddedFile> sorted;
  for (auto &[path, file] : files)
    sorted.push_back(std::move(file));
  return sorted;
}

std::uint64_t sourceDate(Diag &diag) {
  // The end of the year 9999, as for Clang's __DATE__.
  constexpr std::uint64_t kLatest = 253402300799;
  const char *text = std::getenv("SOURCE_DATE_EPOCH");
  std::uint64_t date = 0;
  if (text && (!to_integer(text, date, /*Base=*/10) || date > kLatest))
    diag.error("environment variable 'SOURCE_DATE_EPOCH' ('" + Twine(text) +
               "') must be a non-negative decimal integer <= " +
               Twine(kLatest));
  return date;
}

void addFiles(Program &program, ArrayRef<EmbeddedFile> files,
              std::uint64_t time) {
  Module &module = *program.module;
  LLVMContext &context = program.context;
  program.moduleOfOrigin[kFilesOrigin] = kFilesOrigin;
  auto *pointer = PointerType::get(context, 0);
  Type *wide = Type::getInt64Ty(context), *word = Type::getInt32Ty(context);
  auto *entryType =
      StructType::get(context, {pointer, pointer, wide, word, word});
  auto constant = [&](StringRef bytes, bool isText, const Twine &name) {
    return defineConstant(program,
                          ConstantDataArray::getString(context, bytes, isText),
                          name, kFilesOrigin);
  };
  auto contents = [&](StringRef bytes, const Twine &name) {
    if (bytes.size() < abi::kMappableSize)
      return constant(bytes, /*isText=*/false, name);
    std::string pages = bytes.str();
    pages.resize(alignTo(bytes.size(), abi::kPageSize));
    GlobalVariable *data = constant(pages, /*isText=*/false, name);
    data->setAlignment(Align(abi::kPageSize));
    return data;
  };
  GlobalVariable *table = module.getNamedGlobal(kTable);
  std::vector<Constant *> entries;
  if (table && table->isDeclaration())
    for (const EmbeddedFile &file : files) {
      Constant *data = ConstantPointerNull::get(pointer);
      std::uint64_t size = 0;
      if (file.data) {
        data = contents(file.data->getBuffer(), file.path);
        size = file.data->getBufferSize();
      }
      entries.push_back(ConstantStruct::get(
          entryType,
          {constant(file.path, /*isText=*/true, ".path"), data,
           ConstantInt::get(wide, size), ConstantInt::get(word, file.mode),
           ConstantInt::get(word, file.isStated)}));
    }
  defineDeclared(program, kCount, ConstantInt::get(wide, entries.size()),
                 /*isConstant=*/true, kFilesOrigin);
  defineDeclared(program, kTime, ConstantInt::get(wide, time),
                 /*isConstant=*/true, kFilesOrigin);
  entries.push_back(Constant::getNullValue(entryType)); // the end
  defineDeclared(program, kTable, arrayOf(entryType, entries),
                 /*isConstant=*/true, kFilesOrigin);
}

/// What a variable of addFiles() holds.
static StringRef bytesOf(const Constant *data) {
  const auto *variable = dyn_cast<GlobalVariable>(data);
  const auto *bytes = dyn_cast_or_null<ConstantDataSequential>(
      variable ? variable->getInitializer() : nullptr);
  return bytes ? bytes->getRawDataValues() : "";
}

FileCounts dropFiles(Program &program, const NamedPaths &stated) {
  FileCounts counts;
  GlobalVariable *table = program.module->getNamedGlobal(kTable);
  if (!table || !table->hasInitializer() ||
      !isa<ConstantArray>(table->getInitializer()))
    return counts; // it has no entry but the end
  NamedPaths named = stated;
  if (named.mapsTables)
    for (const Use &use : table->getInitializer()->operands()) {
      const auto *entry = cast<Constant>(&use);
      StringRef path;
      if (NamedPaths::isTable(bytesOf(entry->getAggregateElement(1))) &&
          getConstantStringInfo(entry->getAggregateElement(0u), path))
        named.paths.insert(path.str());
    }
  std::vector<Constant *> kept;
  std::vector<GlobalVariable *> dropped;
  for (const Use &use : table->getInitializer()->operands()) {
    auto *entry = cast<Constant>(&use);
    StringRef path;
    bool isEnd = !getConstantStringInfo(entry->getAggregateElement(0u), path);
    auto *data = dyn_cast_or_null<GlobalVariable>(entry->getAggregateElement(1));
    bool isKept = isEnd || named.covers(path);
    counts.all += data != nullptr;
    counts.kept += data && isKept;
    if (isKept)
      kept.push_back(entry);
    else
      for (unsigned member : {0u, 1u})
        if (auto *variable = dyn_cast_or_null<GlobalVariable>(
                entry->getAggregateElement(member)))
          dropped.push_back(variable);
  }
  if (dropped.empty())
    return counts;
  auto *type = cast<StructType>(kept.back()->getType());
  auto *fresh = new GlobalVariable(
      *program.module, ArrayType::get(type, kept.size()), /*isConstant=*/true,
      table->getLinkage(), arrayOf(type, kept));
  fresh->copyAttributesFrom(table);
  fresh->copyMetadata(table, /*Offset=*/0);
  fresh->takeName(table);
  table->replaceAllUsesWith(fresh);
  table->eraseFromParent();
  for (GlobalVariable *variable : dropped) {
    variable->removeDeadConstantUsers();
    if (variable->use_empty())
      variable->eraseFromParent();
  }
  return counts;
}

} // namespace ampoule::linker
