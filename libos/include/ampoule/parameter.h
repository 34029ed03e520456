// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parameters: values that an image gets when it boots.
//
//   #include <ampoule/parameter.h>
//
//   AMPOULE_PARAMETER(uint16_t, port, 8080, "TCP port to listen on", 1, 65535);
//   …
//   listenOn(port);
//
// The image's command line sets it, before any constructor runs:
//
//   ampoule.port=80 -- server ARG...        ampoule run --param=port=80 server
//
// A value that does not fit ends the image with status 64 and says why.
// `ampoule config` lists the parameters of an image; one that no code reads is
// not part of it. The linker can settle a parameter (--ampoule-param=port=80):
// it is then a constant, cannot be given at boot, and what it rules out is
// pruned.
#pragma once

#include <stdint.h>
#include <type_traits>

namespace ampoule {
namespace detail {

enum class ParameterKind : uint32_t {
  Boolean,
  Signed,
  Unsigned,
  Text,
  Choice, ///< of settings (ampoule/config.h) alone
};

/// As the linker reads it.
struct Parameter {
  const char *name, *help, *file;
  void *value;
  uint64_t least, most; ///< of Signed: int64_t; of Text: 0
  uint32_t line;
  ParameterKind kind;
  uint32_t size; ///< of the value, in bytes
};

template <typename T> struct ParameterType {
  static_assert(std::is_integral<T>::value,
                "a parameter is a bool, an integer or a const char *");
  static constexpr ParameterKind kind =
      T(-1) < T(0) ? ParameterKind::Signed : ParameterKind::Unsigned;
  static constexpr T most =
      T(~uint64_t{0} >> (64 - 8 * sizeof(T) + (T(-1) < T(0))));
  static constexpr T least = T(-1) < T(0) ? T(-most - 1) : T(0);
};
template <> struct ParameterType<bool> {
  static constexpr ParameterKind kind = ParameterKind::Boolean;
  static constexpr bool least = false, most = true;
};
template <> struct ParameterType<const char *> {
  static constexpr ParameterKind kind = ParameterKind::Text;
  static constexpr uint64_t least = 0, most = 0;
};

template <typename T>
constexpr Parameter describeRange(const char *name, T *value, const char *file,
                                  uint32_t line, const char *help,
                                  uint64_t least, uint64_t most) {
  return {name, help, file, value, least, most, line, ParameterType<T>::kind,
          sizeof(T)};
}
template <typename T>
constexpr Parameter describe(const char *name, T *value, const char *file,
                             uint32_t line, const char *help) {
  return describeRange(name, value, file, line, help,
                       static_cast<uint64_t>(ParameterType<T>::least),
                       static_cast<uint64_t>(ParameterType<T>::most));
}
template <typename T>
constexpr Parameter describe(const char *name, T *value, const char *file,
                             uint32_t line, const char *help, T least, T most) {
  static_assert(ParameterType<T>::kind == ParameterKind::Signed ||
                    ParameterType<T>::kind == ParameterKind::Unsigned,
                "only an integer has a least and a most value");
  return describeRange(name, value, file, line, help,
                       static_cast<uint64_t>(least),
                       static_cast<uint64_t>(most));
}

template <typename T> constexpr bool isInRange(T, const char *) { return true; }
template <typename T>
constexpr bool isInRange(T value, const char *, T least, T most) {
  return least <= value && value <= most;
}

} // namespace detail
} // namespace ampoule

/// AMPOULE_PARAMETER(type, name, default, help[, least, most]), at file scope
/// of a source file: declares `name`, a constant of bool, an integer type or
/// const char *. Another file refers to it by `extern const type &name;`.
#define AMPOULE_PARAMETER(type, name, initial, ...)                            \
  namespace ampoule_parameter_##name {                                         \
    using Type = type;                                                         \
    Type value{initial};                                                       \
    static_assert(::ampoule::detail::isInRange<Type>(initial, __VA_ARGS__),    \
                  "the default is not in the range");                          \
    [[gnu::used, gnu::section(".ampoule.parameters")]] static constexpr ::     \
        ampoule::detail::Parameter record = ::ampoule::detail::describe<Type>( \
            #name, &value, __FILE__, __LINE__, __VA_ARGS__);                   \
  }                                                                            \
  constexpr const ampoule_parameter_##name::Type &name =                       \
      ampoule_parameter_##name::value
