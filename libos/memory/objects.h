// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small objects of the library OS, cut from pages. (The program's malloc() is
// not for it: that may be replaced, and may be what calls us.)
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace ampoule::memory {

inline constexpr std::size_t kLargestObject = 2048;

/// Up to kLargestObject bytes, aligned to 16 or to the size, if that is less.
/// Null: there is no memory.
void *takeObject(std::size_t size);
void giveObject(void *object, std::size_t size);

/// Any number of bytes: an object, or pages.
void *takeBytes(std::size_t size);
void giveBytes(void *bytes, std::size_t size);

template <typename T, typename... Arguments> T *make(Arguments &&...arguments) {
  static_assert(sizeof(T) <= kLargestObject);
  void *room = takeObject(sizeof(T));
  return room ? new (room) T(std::forward<Arguments>(arguments)...) : nullptr;
}

template <typename T> void destroy(T *object) {
  object->~T();
  giveObject(object, sizeof(T));
}

} // namespace ampoule::memory
