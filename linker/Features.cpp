// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Features.h"
#include "linker/Definitions.h"

#include "llvm/IR/Constants.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

enum Register : unsigned { EAX, EBX, ECX, EDX };

struct Feature {
  StringLiteral name; ///< clang's
  unsigned leaf;
  Register reg;
  unsigned bit;
};

/// Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E. Features that
/// change no instruction the compiler emits are not here.
// clang-format off
constexpr Feature kFeatures[] = {
    {"sse3", 1, ECX, 0},
    {"pclmul", 1, ECX, 1},
    {"ssse3", 1, ECX, 9},
    {"fma", 1, ECX, 12},
    {"sse4.1", 1, ECX, 19},
    {"sse4.2", 1, ECX, 20},
    {"movbe", 1, ECX, 22},
    {"popcnt", 1, ECX, 23},
    {"aes", 1, ECX, 25},
    {"avx", 1, ECX, 28},
    {"f16c", 1, ECX, 29},
    {"bmi", 7, EBX, 3},
    {"avx2", 7, EBX, 5},
    {"bmi2", 7, EBX, 8},
    {"avx512f", 7, EBX, 16},
    {"avx512dq", 7, EBX, 17},
    {"adx", 7, EBX, 19},
    {"avx512ifma", 7, EBX, 21},
    {"avx512cd", 7, EBX, 28},
    {"sha", 7, EBX, 29},
    {"avx512bw", 7, EBX, 30},
    {"avx512vl", 7, EBX, 31},
    {"avx512vbmi", 7, ECX, 1},
    {"avx512vbmi2", 7, ECX, 6},
    {"gfni", 7, ECX, 8},
    {"vaes", 7, ECX, 9},
    {"vpclmulqdq", 7, ECX, 10},
    {"avx512vnni", 7, ECX, 11},
    {"avx512bitalg", 7, ECX, 12},
    {"avx512vpopcntdq", 7, ECX, 14},
    {"lzcnt", 0x80000001, ECX, 5},
    {"sse4a", 0x80000001, ECX, 6},
    {"xop", 0x80000001, ECX, 11},
    {"fma4", 0x80000001, ECX, 16},
    {"tbm", 0x80000001, ECX, 21},
};
// clang-format on
constexpr unsigned kNameSize = 20; // libos/start/processor.cpp

StringSet<> featuresOf(const Function &function) {
  StringSet<> features;
  SmallVector<StringRef> parts;
  function.getFnAttribute("target-features")
      .getValueAsString()
      .split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts)
    if (part.consume_front("+"))
      features.insert(part);
  return features;
}

/// The -march of each object: the features that all its functions have. One
/// that has more bears a target attribute and stands behind a check of its own.
std::map<std::string, StringSet<>> featuresByOrigin(const Module &module) {
  std::map<std::string, StringSet<>> result;
  for (const Function &function : module) {
    if (function.isDeclaration())
      continue;
    StringSet<> features = featuresOf(function);
    auto [it, isNew] = result.try_emplace(originOf(function).str(), features);
    if (isNew)
      continue;
    StringSet<> both;
    for (const auto &feature : it->second)
      if (features.contains(feature.getKey()))
        both.insert(feature.getKey());
    it->second = std::move(both);
  }
  return result;
}

} // namespace

std::vector<std::string> addFeatures(Program &program) {
  LLVMContext &context = program.context;
  Type *word = Type::getInt32Ty(context);
  auto *entryType = StructType::get(
      context,
      {word, word, word, ArrayType::get(Type::getInt8Ty(context), kNameSize)});
  auto entry = [&](const Feature &feature) {
    std::string name = feature.name.str();
    name.resize(kNameSize);
    return ConstantStruct::get(
        entryType, {ConstantInt::get(word, feature.leaf),
                    ConstantInt::get(word, feature.reg),
                    ConstantInt::get(word, feature.bit),
                    ConstantDataArray::getString(context, name, false)});
  };
  std::vector<std::string> names;
  std::vector<Constant *> entries;
  auto origins = featuresByOrigin(*program.module);
  for (const Feature &feature : kFeatures) {
    if (none_of(origins, [&](const auto &origin) {
          return origin.second.contains(feature.name);
        }))
      continue;
    names.push_back(feature.name.str());
    entries.push_back(entry(feature));
  }
  entries.push_back(entry({"", 0, EAX, 0}));
  defineDeclared(program, "ampoule_cpu_features", arrayOf(entryType, entries),
                 /*isConstant=*/true, kStartOrigin);
  return names;
}

} // namespace ampoule::linker
