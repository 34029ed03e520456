# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The library OS: an archive for each target. A folder is a module; its objects
# become members <module>.<file>.o, which is how the linker knows the module.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/xen-include)
file(CREATE_LINK /usr/include/xen ${CMAKE_BINARY_DIR}/xen-include/xen SYMBOLIC)

# Ampoule's own public headers.
file(GLOB public CONFIGURE_DEPENDS ${AMPOULE_ROOT}/libos/include/ampoule/*.h)
foreach(header ${public})
  cmake_path(GET header FILENAME name)
  configure_file(${header} ${sysroot}/include/ampoule/${name} COPYONLY)
  # For programs of the host, which must not find other headers of the sysroot.
  configure_file(${header} ${AMPOULE_PREFIX}/include/ampoule/${name} COPYONLY)
endforeach()

set(libos_flags ${common} -I${AMPOULE_ROOT}
    "SHELL:-isystem ${CMAKE_BINARY_DIR}/xen-include" ${lwip_includes} ${fatfs_includes}
    -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__)
set(libos_cxx_flags -Oz ${lines} ${call_types} -flto=full -fvisibility=hidden -fwhole-program-vtables
    -fvirtual-function-elimination -std=c++23 -ffreestanding -fno-exceptions
    -fno-rtti -fno-threadsafe-statics -nostdinc++ -Wall -Wextra -Werror
    -Wno-unused-parameter)

# libos_module(NAME FOLDER): an object library of the folder's sources.
function(libos_module name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${AMPOULE_ROOT}/${folder}/*.cpp
       ${AMPOULE_ROOT}/${folder}/*.S)
  add_library(libos-${name} OBJECT ${sources} ${ARGN})
  target_compile_options(libos-${name} PRIVATE ${libos_flags}
    "$<$<COMPILE_LANGUAGE:CXX>:${libos_cxx_flags}>"
    ${cxx_includes})
  if(NOT name IN_LIST unprotected)
    target_compile_options(libos-${name} PRIVATE
                           "$<$<COMPILE_LANGUAGE:CXX>:${protector}>")
  endif()
  add_dependencies(libos-${name} headers)
endfunction()

# libos_archive(TARGET MODULES…)
function(libos_archive target)
  set(output ${AMPOULE_PREFIX}/lib/ampoule/${target}/libos.a)
  set(objects "")
  set(arguments "")
  foreach(module ${ARGN})
    list(APPEND objects $<TARGET_OBJECTS:libos-${module}>)
    list(APPEND arguments
         "-D${module}=$<JOIN:$<TARGET_OBJECTS:libos-${module}>,|>")
  endforeach()
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-Dmodules=$<JOIN:${ARGN},|>" ${arguments}
            -Doutput=${CMAKE_BINARY_DIR}/libos-${target}.a -Dar=${CMAKE_AR}
            -Dscratch=${CMAKE_BINARY_DIR}/libos-${target}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/archive.cmake
    COMMAND ${AMPOULE_RECORD} ${CMAKE_BINARY_DIR}/libos-${target}.a ${output}
    DEPENDS ${objects} ${CMAKE_CURRENT_SOURCE_DIR}/archive.cmake
            ${AMPOULE_RECORD}
    COMMENT "library OS for ${target}" VERBATIM)
  add_custom_target(libos-archive-${target} ALL DEPENDS ${output})
endfunction()

# Without canaries: what boots before there is one, and what every image has, which
# would make every image need them.
set(unprotected boot seed xen console xenstore shutdown panic start hosted)
set(modules xen events gnttab xenbus netfront blkfront fat console xenstore shutdown
    control memory time threads seed random net posix panic start)
foreach(module ${modules} linux cxxrt)
  libos_module(${module} libos/${module})
endforeach()
libos_module(boot xen-boot/entry)
# In a process, Linux in the place of Xen.
libos_module(hosted libos/hosted ${AMPOULE_ROOT}/libos/linux/process.cpp
             ${AMPOULE_ROOT}/libos/linux/syscall.S
             ${AMPOULE_ROOT}/libos/linux/restore.S)
# There the one name is the program's way to the library OS, and the other says that
# there is none.
target_compile_definitions(libos-hosted PRIVATE
  $<$<COMPILE_LANGUAGE:ASM>:__ampoule_syscall=ampoule_host_call>
  $<$<COMPILE_LANGUAGE:ASM>:ampoule_linux_restore=ampoule_hosted_restore>)

# The two targets differ in who reads the arguments.
add_library(libos-start-linux OBJECT ${AMPOULE_ROOT}/libos/start/start.cpp
            ${AMPOULE_ROOT}/libos/start/parameters.cpp)
target_compile_options(libos-start-linux PRIVATE ${libos_flags}
                       ${libos_cxx_flags} ${cxx_includes})
add_dependencies(libos-start-linux headers)

# musl's own side of starting a program, compiled as part of musl.
add_library(libos-libc OBJECT ${AMPOULE_ROOT}/libos/libc/start.c
            ${AMPOULE_ROOT}/libos/libc/cancel.c)
target_compile_options(libos-libc PRIVATE ${bitcode} ${musl_flags} -Oz)
add_dependencies(libos-libc c-headers)
# Threads: the library OS's, or the host's.
add_library(libos-libc-xen OBJECT ${AMPOULE_ROOT}/libos/libc/clone.c)
target_compile_options(libos-libc-xen PRIVATE ${bitcode} ${musl_flags} -Oz)
add_dependencies(libos-libc-xen c-headers)
add_library(libos-libc-linux OBJECT ${musl}/src/thread/x86_64/clone.s
            ${musl}/src/thread/x86_64/__unmapself.s
            ${musl}/src/thread/x86_64/syscall_cp.s)
target_compile_options(libos-libc-linux PRIVATE -Wno-unused-command-line-argument)

# Every system call of the host, for the Linux target, but those that need more.
set(definitions "")
foreach(line ${calls_by_number})
  string(REPLACE "=" ";" pair ${line})
  list(GET pair 0 name)
  list(GET pair 1 number)
  if(NOT name MATCHES "^(set_thread_area|rt_sigaction)$")
    string(APPEND definitions "CALL(${name}, ${number})\n")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${generated}/linux_syscalls.cpp CONTENT
"// Generated from musl's list of system calls.
extern \"C\" long __ampoule_syscall(long, long, long, long, long, long, long);
#define CALL(name, number)                                                     \\
  extern \"C\" long sys_##name(long a, long b, long c, long d, long e,         \\
                             long f) {                                         \\
    return __ampoule_syscall(number, a, b, c, d, e, f);                        \\
  }
@definitions@" @ONLY)
target_sources(libos-linux PRIVATE ${generated}/linux_syscalls.cpp)

libos_archive(xen boot ${modules} libc libc-xen cxxrt)
libos_archive(linux linux libc libc-linux start-linux cxxrt)
set(hosted_modules ${modules})
list(REMOVE_ITEM hosted_modules xen events netfront console shutdown time start)
libos_archive(hosted hosted ${hosted_modules} libc libc-xen start-linux cxxrt)
