# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# musl: headers, libc.a as bitcode, libcalls.a as native code.
#
# System calls. A call with a constant number, which is nearly every one, turns
# into a direct call of sys_<name>; the rest go to __ampoule_syscall. So the
# linker sees which services a program uses. The replacement for musl's
# arch/x86_64/syscall_arch.h is generated from its own list of numbers.
set(generated ${CMAKE_BINARY_DIR}/musl)
file(STRINGS ${musl}/arch/x86_64/bits/syscall.h.in calls REGEX "__NR_")
set(declarations "")
set(cases "")
set(calls_by_number "")
foreach(line ${calls})
  if(line MATCHES "__NR_([a-z0-9_]+)[ \t]+([0-9]+)")
    string(APPEND declarations
           "long sys_${CMAKE_MATCH_1}(long, long, long, long, long, long);\n")
    string(APPEND cases
           "  case ${CMAKE_MATCH_2}: return sys_${CMAKE_MATCH_1}(a, b, c, d, e, f);\n")
    list(APPEND calls_by_number ${CMAKE_MATCH_1}=${CMAKE_MATCH_2})
  endif()
endforeach()
configure_file(musl/syscall_arch.h.in ${generated}/syscall_arch.h @ONLY)
# Where musl gives up it executes HLT, which faults a process but just stops an
# image.
file(READ ${musl}/arch/x86_64/atomic_arch.h atomics)
string(REPLACE "\"hlt\"" "\"ud2\"" atomics "${atomics}")
file(CONFIGURE OUTPUT ${generated}/atomic_arch.h CONTENT "${atomics}" @ONLY)
file(READ ${musl}/VERSION version)
string(STRIP "${version}" version)
file(CONFIGURE OUTPUT ${generated}/version.h
     CONTENT "#define VERSION \"@version@\"\n" @ONLY)

# Locks are asked for everywhere and needed where there can be threads: where
# nothing can call pthread_create, the linker proves them away (docs/pruning.md).
set(can_have_threads "__ampoule_live_pthread_create()")
set(declare_threads "int __ampoule_live_pthread_create(void);")
patch_file(${musl}/src/internal/stdio_impl.h ${generated}/stdio_impl.h
  "#define FLOCK(f) int __need_unlock = ((f)->lock>=0 ?"
  "${declare_threads}\n#define FLOCK(f) int __need_unlock = (${can_have_threads} && (f)->lock>=0 ?"
  "#define FFINALLOCK(f) ((f)->lock>=0 ?"
  "#define FFINALLOCK(f) (${can_have_threads} && (f)->lock>=0 ?")
patch_file(${musl}/src/thread/__lock.c ${generated}/__lock.c
  "(volatile int *l)\n{"
  "(volatile int *l)\n{\n\t${declare_threads}\n\tif (!${can_have_threads}) return;")

# Threads' stacks come from the linker's arena, as long as they fit in.
patch_file(${musl}/src/thread/pthread_create.c ${generated}/pthread_create.c
  "#define ROUND(x)"
  "hidden void *ampoule_take_stack(size_t *, size_t);\n#define ROUND(x)"
  "	if (!tsd) {
		if (guard) {"
  "	if (!tsd) {
		size_t room = size - guard;
		if (!stack && (map = ampoule_take_stack(&room, libc.tls_size + __pthread_tsd_size))) {
			size = room;
			guard = 0;
		} else if (!room) {
			goto fail;
		} else if (guard) {")
patch_file(${musl}/src/internal/pthread_impl.h ${generated}/pthread_impl.h
  "static inline void __wake(volatile void *addr, int cnt, int priv)
{"
  "static inline void __wake(volatile void *addr, int cnt, int priv)
{
	${declare_threads}
	if (!${can_have_threads}) return;")
# So is cancellation, where nothing can call pthread_cancel.
patch_file(${musl}/src/thread/pthread_testcancel.c ${generated}/pthread_testcancel.c
  "	__testcancel();"
  "	int __ampoule_live_pthread_cancel(void);
	if (__ampoule_live_pthread_cancel()) __testcancel();")
# Numbers of floating point are printed where a call has one to print.
patch_file(${musl}/src/stdio/vfprintf.c ${generated}/vfprintf.c
  "static int fmt_fp("
  "int __ampoule_passes_floats(void);\nstatic int fmt_fp("
  "			l = fmt_fp("
  "			if (!__ampoule_passes_floats()) goto inval;\n			l = fmt_fp(")
# What older kernels had instead is not asked for.
patch_file(${musl}/src/stat/utimensat.c ${generated}/utimensat.c
  "#ifdef SYS_futimesat" "#if 0")
patch_file(${musl}/src/stat/fstatat.c ${generated}/fstatat.c
  "if (ret==-EBADF &&" "if (0 &&")
# The number of a system call is a constant wherever the call is made.
patch_file(${musl}/src/unistd/setxid.c ${generated}/setxid.c
  "	int ret = __syscall(c->nr, c->id, c->eid, c->sid);"
  "	int ret;
#define SET(name) case SYS_##name: ret = __syscall(SYS_##name, c->id, c->eid, c->sid); break
	switch (c->nr) {
	SET(setuid); SET(setgid); SET(setreuid); SET(setregid); SET(setresuid); SET(setresgid);
	default: ret = -ENOSYS;
	}"
  "#include <signal.h>"
  "#include <signal.h>\n#include <errno.h>")
# A block with a mapping of its own is not zeroed only to be written: what is checked
# before and behind it is, and calloc() looks.
patch_file(${musl}/src/malloc/mallocng/malloc.c ${generated}/malloc.c
  "#include \"meta.h\""
  "#include \"../malloc/mallocng/meta.h\""
  "PROT_READ|PROT_WRITE,
			MAP_PRIVATE|MAP_ANON, -1, 0)"
  "PROT_READ|PROT_WRITE,
			MAP_PRIVATE|MAP_ANON|0x4000000 /* MAP_UNINITIALIZED */, -1, 0)"
  "		g->mem = p;
		g->mem->meta = g;
		g->last_idx = 0;"
  "		memset(p, 0, UNIT);
		((char *)p)[(needed+4095)/4096*4096-IB] = 0;
		g->mem = p;
		g->mem->meta = g;
		g->last_idx = 0;"
  "	return g->sizeclass >= 48 ||"
  "	return g->sizeclass < 48 &&")
# Locales other than C and C.UTF-8 are embedded files, if there are any.
patch_file(${musl}/src/locale/locale_map.c ${generated}/locale_map.c
  "	if (path) for ("
  "	extern const unsigned long ampoule_files_count;
	if (path && ampoule_files_count) for (")

# Headers: musl's own rule, the kernel's interface headers (programs that see
# __linux__ include them) and clang's.
add_custom_command(OUTPUT ${generated}/headers.stamp
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}/build
  COMMAND make -s -C ${generated}/build -f ${musl}/Makefile srcdir=${musl}
          ARCH=x86_64 prefix=${sysroot} install-headers
  COMMAND ${CMAKE_COMMAND} -E copy_directory /usr/include/linux
          ${sysroot}/include/linux
  COMMAND ${CMAKE_COMMAND} -E copy_directory /usr/include/asm-generic
          ${sysroot}/include/asm-generic
  COMMAND ${CMAKE_COMMAND} -E copy_directory
          /usr/include/x86_64-linux-gnu/asm ${sysroot}/include/asm
  COMMAND ${CMAKE_COMMAND} -E copy_directory
          ${AMPOULE_LLVM_BIN}/../lib/clang/${clang_major}/include
          ${resource}/include
  COMMAND ${CMAKE_COMMAND} -E touch ${generated}/headers.stamp
  COMMENT "headers of the C library" VERBATIM)
add_custom_target(c-headers DEPENDS ${generated}/headers.stamp)

# Left out: start-up code, canaries and dynamic loading (the library OS starts
# programs, and there is nothing to load); the old allocator; asking for users elsewhere; cancellable system calls
# (they are plain ones here); what begins and ends threads.
file(GLOB sources ${musl}/src/*/*.c ${musl}/src/malloc/mallocng/*.c)
list(REMOVE_ITEM sources ${musl}/src/env/__libc_start_main.c
     ${musl}/src/env/__stack_chk_fail.c ${musl}/src/passwd/nscd_query.c
     ${musl}/src/thread/__syscall_cp.c ${musl}/src/thread/syscall_cp.c
     ${musl}/src/thread/__lock.c ${musl}/src/thread/pthread_create.c
     ${musl}/src/thread/clone.c ${musl}/src/thread/__unmapself.c
     ${musl}/src/thread/pthread_testcancel.c ${musl}/src/stat/utimensat.c
     ${musl}/src/stat/fstatat.c ${musl}/src/locale/locale_map.c
     ${musl}/src/unistd/setxid.c ${musl}/src/stdio/vfprintf.c
     ${musl}/src/malloc/mallocng/malloc.c)
foreach(name __lock pthread_create pthread_testcancel utimensat fstatat
        locale_map setxid vfprintf malloc)
  list(APPEND sources ${generated}/${name}.c)
endforeach()
# The architecture's C replaces the generic one. Of its assembly only what C
# cannot say is taken, and that is native; what would trap into a kernel
# (vfork, signal return) has a generic C twin.
set(assembly "")
foreach(source ${sources})
  cmake_path(GET source STEM name)
  cmake_path(GET source PARENT_PATH folder)
  if(EXISTS ${folder}/x86_64/${name}.c)
    list(REMOVE_ITEM sources ${source})
    list(APPEND sources ${folder}/x86_64/${name}.c)
  endif()
endforeach()
foreach(name setjmp/x86_64/setjmp setjmp/x86_64/longjmp
        signal/x86_64/sigsetjmp fenv/x86_64/fenv)
  list(APPEND assembly ${musl}/src/${name}.s)
endforeach()
# Moves by the processor's string instructions: a tenth of the C twins' size.
set(moves "")
foreach(name memcpy memmove memset)
  list(APPEND moves ${musl}/src/string/x86_64/${name}.s)
  list(REMOVE_ITEM sources ${musl}/src/string/${name}.c)
endforeach()
list(REMOVE_ITEM sources ${musl}/src/setjmp/setjmp.c
     ${musl}/src/setjmp/longjmp.c ${musl}/src/signal/sigsetjmp.c
     ${musl}/src/fenv/fenv.c)

set(musl_flags -std=gnu99 -ffreestanding -D_XOPEN_SOURCE=700
    -I${CMAKE_CURRENT_SOURCE_DIR}/musl -I${generated} -I${musl}/arch/x86_64
    -I${musl}/arch/generic -I${musl}/src/include -I${musl}/src/internal
    ${libc_includes} -fno-strict-aliasing -fno-unwind-tables -w)
list(APPEND sources ${AMPOULE_ROOT}/libos/libc/canary.c
     ${AMPOULE_ROOT}/libos/libc/nscd.c)
guest_library(libc SOURCES ${sources} ${assembly} ${moves}
              FLAGS ${bitcode} ${musl_flags} DEPENDS c-headers)

# Speed where programs spend it, size elsewhere.
set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS -Oz)
file(GLOB hot ${musl}/src/string/*.c ${musl}/src/malloc/mallocng/*.c
     ${musl}/src/stdlib/qsort*.c ${musl}/src/stdlib/bsearch.c
     ${musl}/src/multibyte/*.c ${musl}/src/ctype/is*.c)
list(APPEND hot ${generated}/malloc.c)
set_property(SOURCE ${hot} APPEND PROPERTY COMPILE_OPTIONS -O2)
# A string function must not be turned into a call of itself.
file(GLOB string ${musl}/src/string/*.c)
set_property(SOURCE ${string} APPEND PROPERTY COMPILE_OPTIONS -fno-builtin)
# Exceptions thrown by a callback pass through these.
set_property(SOURCE ${musl}/src/stdlib/qsort.c ${musl}/src/stdlib/qsort_nr.c
             ${musl}/src/stdlib/bsearch.c ${musl}/src/search/lsearch.c
             ${musl}/src/search/tsearch.c ${musl}/src/search/twalk.c
             ${musl}/src/dirent/scandir.c ${musl}/src/legacy/ftw.c
             ${musl}/src/misc/nftw.c ${musl}/src/regex/glob.c
             APPEND PROPERTY COMPILE_OPTIONS -fexceptions)

# Code generation invents calls that no bitcode asked for. The final link finds
# them here, with all that they call, as native code without state.
file(GLOB math ${musl}/src/math/*.c)
list(FILTER math EXCLUDE REGEX "gamma|signgam")
set(calls "")
foreach(name memcmp strlen)
  list(APPEND calls ${musl}/src/string/${name}.c)
endforeach()
# The same files with other flags: sources have one set of properties, so the
# copies are compiled through one-line wrappers.
set(wrappers "")
foreach(source ${math} ${calls} ${musl}/src/fenv/fesetround.c
        ${musl}/src/legacy/../string/bcmp.c)
  cmake_path(GET source FILENAME name)
  if(NOT EXISTS ${source})
    continue()
  endif()
  file(CONFIGURE OUTPUT ${generated}/libcalls/${name}
       CONTENT "#include \"@source@\"\n" @ONLY)
  list(APPEND wrappers ${generated}/libcalls/${name})
endforeach()
guest_library(libcalls SOURCES ${wrappers} ${moves} ${musl}/src/fenv/x86_64/fenv.s
              FLAGS ${common} ${musl_flags} -O2 -fno-builtin -I${musl}/src/math
              DEPENDS c-headers)

# Build systems look for these; everything is in libc.a.
foreach(name m pthread dl rt util crypt resolv xnet)
  file(CONFIGURE OUTPUT ${sysroot}/lib/lib${name}.a CONTENT "!<arch>\n")
endforeach()
