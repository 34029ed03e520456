// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The record by which a folder of libos/ declares itself a module. The linker
// reads records from the merged program and then erases them: they cost no
// byte of an image and keep nothing alive by themselves. A module with any
// live definition makes its `init` and the modules it needs live.
//
//   AMPOULE_MODULE(console, &ampoule::console::init, events);
//
// Every module named as a need must be defined by some input: its record is
// referenced by symbol, so archives are searched for it like for any symbol.
#pragma once

namespace ampoule::abi {

struct Handoff;

struct Module {
  const char *name;
  /// Called once before main, after the inits of all needs. May be null.
  void (*init)(const Handoff &);
  /// Records of the modules that must be initialised first; ends with null.
  const Module *const *needs;
};

} // namespace ampoule::abi

#define AMPOULE_MODULE_SYMBOL(name) __ampoule_module_##name
#define AMPOULE_MODULE_DECLARE(name)                                           \
  extern "C" const ::ampoule::abi::Module AMPOULE_MODULE_SYMBOL(name);
#define AMPOULE_MODULE_ADDRESS(name) &AMPOULE_MODULE_SYMBOL(name),

// Applies `macro` to each of up to eight arguments.
#define AMPOULE_EACH_0(macro)
#define AMPOULE_EACH_1(macro, a) macro(a)
#define AMPOULE_EACH_2(macro, a, ...) macro(a) AMPOULE_EACH_1(macro, __VA_ARGS__)
#define AMPOULE_EACH_3(macro, a, ...) macro(a) AMPOULE_EACH_2(macro, __VA_ARGS__)
#define AMPOULE_EACH_4(macro, a, ...) macro(a) AMPOULE_EACH_3(macro, __VA_ARGS__)
#define AMPOULE_EACH_5(macro, a, ...) macro(a) AMPOULE_EACH_4(macro, __VA_ARGS__)
#define AMPOULE_EACH_6(macro, a, ...) macro(a) AMPOULE_EACH_5(macro, __VA_ARGS__)
#define AMPOULE_EACH_7(macro, a, ...) macro(a) AMPOULE_EACH_6(macro, __VA_ARGS__)
#define AMPOULE_EACH_8(macro, a, ...) macro(a) AMPOULE_EACH_7(macro, __VA_ARGS__)
#define AMPOULE_EACH_N(a, b, c, d, e, f, g, h, n, ...) AMPOULE_EACH_##n
#define AMPOULE_EACH(macro, ...)                                               \
  __VA_OPT__(AMPOULE_EACH_N(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)(           \
      macro, __VA_ARGS__))

/// AMPOULE_MODULE(name, init or nullptr, needed modules...), at file scope.
#define AMPOULE_MODULE(name, initFunction, ...)                                \
  AMPOULE_EACH(AMPOULE_MODULE_DECLARE, __VA_ARGS__)                            \
  static constexpr const ::ampoule::abi::Module                               \
      *__ampoule_needs_##name[] = {                                            \
          AMPOULE_EACH(AMPOULE_MODULE_ADDRESS, __VA_ARGS__) nullptr};          \
  extern "C" constinit const ::ampoule::abi::Module                           \
  __ampoule_module_##name [[gnu::section(".ampoule.modules")]] = {             \
      #name, initFunction, __ampoule_needs_##name}
