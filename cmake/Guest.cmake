# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Builds cmake/guest, the project with the guest's compiler, as one target. Its
# sources are fetched when the build is configured for the first time.
include(ExternalProject)
set(AMPOULE_SOURCES ${CMAKE_BINARY_DIR}/third-party CACHE PATH
    "What scripts/fetch-sources fetched")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_SOURCE_DIR}/scripts/fetch-sources)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/fetch-sources
                ${AMPOULE_SOURCES} COMMAND_ERROR_IS_FATAL ANY)
set(target x86_64-unknown-linux-musl)
ExternalProject_Add(guest
  SOURCE_DIR ${CMAKE_SOURCE_DIR}/cmake/guest
  BINARY_DIR ${CMAKE_BINARY_DIR}/guest
  CMAKE_GENERATOR Ninja
  CMAKE_ARGS -DCMAKE_BUILD_TYPE=None
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=x86_64
    -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY
    -DCMAKE_C_COMPILER=${AMPOULE_LLVM_BIN}/clang
    -DCMAKE_CXX_COMPILER=${AMPOULE_LLVM_BIN}/clang++
    -DCMAKE_ASM_COMPILER=${AMPOULE_LLVM_BIN}/clang
    -DCMAKE_C_COMPILER_TARGET=${target} -DCMAKE_CXX_COMPILER_TARGET=${target}
    -DCMAKE_ASM_COMPILER_TARGET=${target}
    -DCMAKE_AR=${AMPOULE_LLVM_BIN}/llvm-ar
    -DCMAKE_RANLIB=${AMPOULE_LLVM_BIN}/llvm-ranlib
    -DAMPOULE_ROOT=${CMAKE_SOURCE_DIR} -DAMPOULE_PREFIX=${CMAKE_BINARY_DIR}
    -DAMPOULE_SOURCES=${AMPOULE_SOURCES} -DAMPOULE_LLVM_BIN=${AMPOULE_LLVM_BIN}
    -DAMPOULE_RECORD=$<TARGET_FILE:ampoule-record>
  DEPENDS ampoule-record BUILD_ALWAYS TRUE USES_TERMINAL_BUILD TRUE INSTALL_COMMAND "")

# The drivers' other names, and binutils that understand bitcode. Autoconf looks
# for the triple of --host=.
set(bin ${CMAKE_BINARY_DIR}/bin)
file(MAKE_DIRECTORY ${bin})
file(CREATE_LINK ampoule-c++ ${bin}/ampoule-cc SYMBOLIC)
set(triple x86_64-ampoule-linux-musl)
foreach(name cc gcc clang)
  file(CREATE_LINK ampoule-cc ${bin}/${triple}-${name} SYMBOLIC)
endforeach()
foreach(name c++ g++ clang++)
  file(CREATE_LINK ampoule-c++ ${bin}/${triple}-${name} SYMBOLIC)
endforeach()
foreach(tool ar ranlib nm strip objcopy objdump readelf size strings addr2line)
  file(CREATE_LINK ${AMPOULE_LLVM_BIN}/llvm-${tool} ${bin}/ampoule-${tool}
       SYMBOLIC)
  file(CREATE_LINK ampoule-${tool} ${bin}/${triple}-${tool} SYMBOLIC)
endforeach()

foreach(file cmake/installed/toolchain.cmake cmake/installed/cross.ini
        tools/report.html)
  get_filename_component(name ${file} NAME)
  configure_file(${CMAKE_SOURCE_DIR}/${file}
                 ${CMAKE_BINARY_DIR}/share/ampoule/${name} COPYONLY)
endforeach()

install(DIRECTORY ${CMAKE_BINARY_DIR}/bin ${CMAKE_BINARY_DIR}/include
        ${CMAKE_BINARY_DIR}/sysroot
        DESTINATION . USE_SOURCE_PERMISSIONS)
install(DIRECTORY ${CMAKE_BINARY_DIR}/lib/ampoule ${CMAKE_BINARY_DIR}/lib/clang
        DESTINATION lib)
