# Compiler, language, warnings, sanitizers and linker: the same for every target.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

# g++ 12.2 miscompiles co_await expressions that hold an owning temporary (double free); see docs/adr/0001.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines; use clang++-19 (cmake --preset release)")
endif()

add_compile_options(-pthread)  # everywhere, or the precompiled header would not fit

set(TROUPE_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
else()
  # -O0: with sanitizers it compiles in 40 % of the time of -O1, which is more than the tests lose by it.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1 -fno-omit-frame-pointer")
  set(CMAKE_C_FLAGS_DEBUG "-O0 -g1 -fno-omit-frame-pointer")
endif()
if(TROUPE_SANITIZE)
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
  # For tests. Names in reports, and in what cmake/tsan.supp says about parts that are not built with sanitizers.
  find_program(TROUPE_SYMBOLIZER NAMES llvm-symbolizer-19 llvm-symbolizer REQUIRED)
  set(symbolizer "external_symbolizer_path=${TROUPE_SYMBOLIZER}")
  set(TROUPE_SANITIZER_OPTIONS
    "ASAN_OPTIONS=${symbolizer}"
    "UBSAN_OPTIONS=print_stacktrace=1:${symbolizer}"
    "TSAN_OPTIONS=halt_on_error=1:suppressions=${CMAKE_CURRENT_LIST_DIR}/tsan.supp:${symbolizer}")
endif()

# Hardening: addresses at random, a read-only table of outside functions, a guard before each return address, checked
# copies and checked containers.
add_compile_options(-fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(NOT TROUPE_SANITIZE)
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

find_program(TROUPE_MOLD mold)
if(TROUPE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TROUPE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_PCH_EXTSUM=true ${TROUPE_CCACHE})  # see precompiled.cmake
endif()

add_library(troupe_warnings INTERFACE)
target_compile_options(troupe_warnings INTERFACE
  -Wall -Wextra -Wno-missing-designated-field-initializers -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Werror -Werror=unused-result)
