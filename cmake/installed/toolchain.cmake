# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# CMake toolchain file: cmake -DCMAKE_TOOLCHAIN_FILE=…/share/ampoule/toolchain.cmake
# What try_run and ctest start is an image, booted without Xen. Everything else
# works by -DCMAKE_C_COMPILER=ampoule-cc -DCMAKE_CXX_COMPILER=ampoule-c++ alone.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
get_filename_component(_ampoule "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(CMAKE_C_COMPILER "${_ampoule}/bin/ampoule-cc")
set(CMAKE_CXX_COMPILER "${_ampoule}/bin/ampoule-c++")
set(CMAKE_ASM_COMPILER "${_ampoule}/bin/ampoule-cc")
foreach(_tool AR RANLIB NM STRIP OBJCOPY OBJDUMP READELF ADDR2LINE)
  string(TOLOWER ${_tool} _name)
  set(CMAKE_${_tool} "${_ampoule}/bin/ampoule-${_name}")
endforeach()
set(CMAKE_CROSSCOMPILING_EMULATOR "${_ampoule}/bin/ampoule;run;--direct;--quiet")
set(CMAKE_FIND_ROOT_PATH "${_ampoule}/sysroot")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
