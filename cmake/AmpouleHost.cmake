# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ampoule_host_library(NAME SOURCES...): one library of a host folder, compiled
# as LLVM itself is: C++20, no exceptions, no RTTI, LLVM headers as system
# headers, #include paths relative to the source root.
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH AMPOULE_SOURCE_DIR)
set(AMPOULE_HOST_FLAGS -fno-exceptions -fno-rtti -Wall -Wextra
    -Wno-unused-parameter)
# GCC 12 sees overlaps where a string is put together (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND AMPOULE_HOST_FLAGS -Wno-restrict)
endif()
separate_arguments(AMPOULE_LLVM_DEFINITIONS NATIVE_COMMAND
                   "${LLVM_DEFINITIONS}")

function(ampoule_host_target name)
  target_include_directories(${name} PRIVATE ${AMPOULE_SOURCE_DIR}
                             ${CMAKE_BINARY_DIR}/generated)
  # Last: the same folder can hold libc++abi's headers, which are not ours.
  foreach(folder ${LLVM_INCLUDE_DIRS} ${CLANG_INCLUDE_DIRS} ${LLD_INCLUDE_DIRS})
    target_compile_options(${name} PRIVATE "SHELL:-idirafter ${folder}")
  endforeach()
  target_compile_definitions(${name} PRIVATE ${AMPOULE_LLVM_DEFINITIONS}
                             AMPOULE_VERSION="${PROJECT_VERSION}")
  target_compile_options(${name} PRIVATE ${AMPOULE_HOST_FLAGS})
endfunction()

function(ampoule_host_library name)
  add_library(${name} STATIC ${ARGN})
  ampoule_host_target(${name})
endfunction()

# ampoule_options(NAME FOLDER): FOLDER/Options.td -> generated/FOLDER/Options.inc
function(ampoule_options target folder)
  set(out ${CMAKE_BINARY_DIR}/generated/${folder}/Options.inc)
  set(td ${AMPOULE_SOURCE_DIR}/${folder}/Options.td)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/${folder})
  add_custom_command(OUTPUT ${out}
    COMMAND ${AMPOULE_LLVM_BIN}/llvm-tblgen -gen-opt-parser-defs
            -I ${LLVM_INCLUDE_DIRS} ${td} -o ${out}
    DEPENDS ${td} COMMENT "options of ${folder}" VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
