# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# LLVM's C++ runtimes: libc++, libc++abi and libunwind's cursor as bitcode, the
# rest of libunwind and the compiler's builtins native.
#
# What throws must not be bitcode: whole-program optimisation sees that
# _Unwind_RaiseException returns normally at most, infers that __cxa_throw does
# not unwind, and drops the landing pads. The cursor, which reads the tables and
# walks over the frames for it, is a class like any other, with virtual functions
# that nobody calls.
set(cxx_headers ${sysroot}/include/c++/v1)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/cxx-headers.stamp
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${llvm}/libcxx/include
          ${cxx_headers}
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${llvm}/libcxxabi/include
          ${cxx_headers}
  COMMAND ${CMAKE_COMMAND} -E copy ${llvm}/libunwind/include/unwind.h
          ${llvm}/libunwind/include/unwind_itanium.h
          ${llvm}/libunwind/include/libunwind.h
          ${llvm}/libunwind/include/__libunwind_config.h
          ${sysroot}/include
  COMMAND ${CMAKE_COMMAND} -E copy
          ${CMAKE_CURRENT_SOURCE_DIR}/cxx/__config_site ${cxx_headers}
  COMMAND ${CMAKE_COMMAND} -E copy
          ${llvm}/libcxx/vendor/llvm/default_assertion_handler.in
          ${cxx_headers}/__assertion_handler
  COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/cxx-headers.stamp
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cxx/__config_site
  COMMENT "headers of the C++ library" VERBATIM)
add_custom_target(headers DEPENDS ${CMAKE_BINARY_DIR}/cxx-headers.stamp
                  ${generated}/headers.stamp)

# `import std;`: whoever uses it compiles it, with the flags of the program
# (libcxx/modules/CMakeLists.txt).
set(cxx_modules ${sysroot}/share/libc++/v1)
foreach(module std std.compat)
  file(GLOB parts RELATIVE ${llvm}/libcxx/modules
       ${llvm}/libcxx/modules/${module}/*.inc)
  string(MAKE_C_IDENTIFIER LIBCXX_MODULE_${module}_INCLUDE_SOURCES variable)
  string(TOUPPER ${variable} variable)
  list(TRANSFORM parts REPLACE "(.+)" "#include \"\\1\"")
  list(JOIN parts "\n" ${variable})
  configure_file(${llvm}/libcxx/modules/${module}.cppm.in
                 ${cxx_modules}/${module}.cppm @ONLY)
  file(COPY ${llvm}/libcxx/modules/${module} DESTINATION ${cxx_modules})
endforeach()

set(cxx_flags ${bitcode} -Oz -std=c++23 -fvisibility-inlines-hidden -DNDEBUG
    -D_GNU_SOURCE -nostdinc++ -w)
set(cxx_includes "SHELL:-isystem ${cxx_headers}" ${libc_includes})

function(patch_cxx source from to) # sets `patched` to the file
  cmake_path(GET source FILENAME name)
  set(patched ${generated}/cxx/${name} PARENT_SCOPE)
  patch_file(${llvm}/${source} ${generated}/cxx/${name} "${from}" "${to}")
endfunction()

# libcxx/src/CMakeLists.txt names the sources; new and delete come from
# libc++abi, 128-bit builtins from compiler-rt.
file(GLOB sources ${llvm}/libcxx/src/*.cpp ${llvm}/libcxx/src/filesystem/*.cpp
     ${llvm}/libcxx/src/ryu/*.cpp)
list(FILTER sources EXCLUDE REGEX "/(new|int128_builtins|system_error|atomic|d2fixed)\\.cpp$")
list(APPEND sources ${CMAKE_CURRENT_SOURCE_DIR}/cxx/d2fixed.cpp)
# A stream can fail with a system_error, whose message would bring printf into
# every image with iostreams, for the one number in "Unknown error %d".
patch_cxx(libcxx/src/system_error.cpp
  "std::snprintf(buffer, strerror_buff_size, \"Unknown error %d\", ev);
    error_message = buffer;"
  "errno = old_errno;
    return \"Unknown error \" + std::to_string(ev);")
list(APPEND sources ${patched})
# syscall() takes any number, so it is no way to the library OS.
patch_cxx(libcxx/src/atomic.cpp
  "#  define _LIBCPP_FUTEX(...) syscall(SYS_futex, __VA_ARGS__)

#elif defined(__FreeBSD__)"
  "extern \"C\" long sys_futex(long, long, long, long, long, long);
#  define _LIBCPP_FUTEX(word, operation, value, timeout, ...) \\
    sys_futex((long)(word), operation, value, (long)(timeout), 0, 0)

#elif defined(__FreeBSD__)")
list(APPEND sources ${patched})

guest_library(libc++ SOURCES ${sources}
  FLAGS ${cxx_flags} -D_LIBCPP_BUILDING_LIBRARY
        -D_LIBCPP_REMOVE_TRANSITIVE_INCLUDES -DLIBCXX_BUILDING_LIBCXXABI
        -I${llvm}/libcxx/src -I${llvm}/libc ${cxx_includes})

# The terminate handler prints the mangled type: with the demangler every C++
# image would be 84 KB larger.
file(GLOB sources ${llvm}/libcxxabi/src/*.cpp)
list(FILTER sources EXCLUDE REGEX "cxa_noexception|abort_message")
guest_library(libc++abi
  SOURCES ${sources} ${CMAKE_CURRENT_SOURCE_DIR}/cxx/abort_message.cpp
  FLAGS ${cxx_flags} -D_LIBCXXABI_BUILDING_LIBRARY -D_LIBCPP_BUILDING_LIBRARY
        -D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS
        -DLIBCXXABI_NON_DEMANGLING_TERMINATE -I${llvm}/libcxxabi/include
        -I${llvm}/libcxxabi/src -I${llvm}/libcxx/src ${cxx_includes})

# Bare metal: unwind tables are where the link script says. They are DWARF's, or
# compact unwind information, for which the headers are compiled once more. Frame
# pointers make what is native the same at all of its calls.
set(unwind ${llvm}/libunwind)
set(compact ${generated}/libunwind)
file(COPY ${unwind}/src/ DESTINATION ${compact} FILES_MATCHING PATTERN "*.h*")
patch_file(${unwind}/src/config.h ${compact}/config.h
  "#if !defined(_LIBUNWIND_ARM_EHABI)
    #define _LIBUNWIND_SUPPORT_DWARF_UNWIND 1
    #define _LIBUNWIND_SUPPORT_DWARF_INDEX 1
  #endif
#elif defined(__BIONIC__)"
  "#define _LIBUNWIND_SUPPORT_COMPACT_UNWIND 1
#elif defined(__BIONIC__)")
patch_file(${unwind}/src/AddressSpace.hpp ${compact}/AddressSpace.hpp
  "#elif defined(_LIBUNWIND_ARM_EHABI) && defined(_LIBUNWIND_IS_BAREMETAL)
  // Bare metal"
  "#elif defined(_LIBUNWIND_SUPPORT_COMPACT_UNWIND)
  info.compact_unwind_section = (uintptr_t)&__ampoule_unwind_info;
  return true;
#elif defined(_LIBUNWIND_ARM_EHABI) && defined(_LIBUNWIND_IS_BAREMETAL)
  // Bare metal")
patch_cxx(libunwind/src/libunwind.cpp
  "  // Use \"placement new\""
  "  if (__ampoule_compact_unwind()) {
    ampoule_init_compact(cursor, context);
    return UNW_ESUCCESS;
  }
  // Use \"placement new\"")
set(cursors ${patched} ${CMAKE_CURRENT_SOURCE_DIR}/cxx/compact_unwind.cpp)
guest_library(libunwind
  SOURCES ${cursors} ${unwind}/src/UnwindLevel1.c
          ${unwind}/src/UnwindLevel1-gcc-ext.c
          ${unwind}/src/UnwindRegistersSave.S
          ${unwind}/src/UnwindRegistersRestore.S
  FLAGS ${common} -Oz -DNDEBUG -D_GNU_SOURCE -D_LIBUNWIND_IS_BAREMETAL
        -D_LIBUNWIND_IS_NATIVE_ONLY -D_LIBUNWIND_HAS_NO_THREADS
        -D_LIBUNWIND_DISABLE_VISIBILITY_ANNOTATIONS -I${unwind}/include
        -w
        $<$<COMPILE_LANGUAGE:C>:-std=c11 -fexceptions -funwind-tables
        -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer ${libc_includes}>
        $<$<COMPILE_LANGUAGE:CXX>:-std=c++20 -fno-rtti -fno-exceptions
        -nostdinc++ ${cxx_includes}>
        "$<$<COMPILE_LANGUAGE:C,CXX>:SHELL:-include ${CMAKE_CURRENT_SOURCE_DIR}/cxx/unwind_messages.h>"
        "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include ${CMAKE_CURRENT_SOURCE_DIR}/cxx/compact_unwind.h>")

# Nothing is thrown through the cursors' functions. Nor have they canaries, which
# would then be in all that throws.
set_property(SOURCE ${cursors} APPEND PROPERTY COMPILE_OPTIONS ${bitcode}
             -fno-stack-protector)
set_property(SOURCE ${patched} APPEND PROPERTY COMPILE_OPTIONS
             -I${unwind}/src)
set_property(SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/cxx/compact_unwind.cpp
             APPEND PROPERTY COMPILE_OPTIONS -I${compact}
             -DLocalAddressSpace=CompactAddressSpace)

# compiler-rt's builtins. Left out: what belongs to other systems.
file(GLOB sources ${llvm}/compiler-rt/lib/builtins/*.c)
list(FILTER sources EXCLUDE REGEX
     "/(apple_|atomic_(flag|signal|thread)|emutls|enable_execute|eprintf|gcc_personality|clear_cache|os_version|trampoline|crtbegin|crtend|.*bf2|.*bfsf2)")
list(APPEND sources ${llvm}/compiler-rt/lib/builtins/cpu_model/x86.c)
guest_library(libclang_rt.builtins SOURCES ${sources}
  FLAGS ${common} -O2 -ffreestanding -fvisibility=hidden -w
        -DVISIBILITY_HIDDEN -I${llvm}/compiler-rt/lib/builtins
        ${libc_includes})
