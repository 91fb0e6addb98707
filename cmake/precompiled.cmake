# troupe_precompile(<sources of this folder>...): these files begin with cmake/precompiled.h, which is compiled once a build
# folder. It halves what a file of a service takes to compile.
#
# Not CMake's own precompiled headers: those are named by their full path, so that one clone would not find in the compiler
# cache what another compiled. Here the name is relative to the build folder, and ccache takes the sum beside the header (what
# it says, and the options it was compiled with) for the header's own bytes.
set(TROUPE_PRECOMPILED pch/precompiled.pch)
get_directory_property(options COMPILE_OPTIONS)
get_directory_property(definitions COMPILE_DEFINITIONS)
list(TRANSFORM definitions PREPEND -D)
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}} ${CMAKE_CXX23_STANDARD_COMPILE_OPTION}")
set(flags ${flags} ${options} ${definitions} -DFMT_SHARED)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/pch)
string(SHA256 flags_sum "${flags} ${CMAKE_CXX_COMPILER_VERSION}")
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/${TROUPE_PRECOMPILED}
  COMMAND ${CMAKE_CXX_COMPILER} ${flags} -x c++-header -E -P -dD ${CMAKE_SOURCE_DIR}/cmake/precompiled.h -o pch/precompiled.i
  COMMAND sh -c "{ echo ${flags_sum}; cat pch/precompiled.i; } | sha256sum > ${TROUPE_PRECOMPILED}.sum"
  COMMAND ${CMAKE_COMMAND} -E rm pch/precompiled.i
  COMMAND ${CMAKE_CXX_COMPILER} ${flags} -Xclang -fno-pch-timestamp -fpch-instantiate-templates -x c++-header
          ${CMAKE_SOURCE_DIR}/cmake/precompiled.h -o ${TROUPE_PRECOMPILED}
  DEPENDS ${CMAKE_SOURCE_DIR}/cmake/precompiled.h
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  COMMENT "precompiled header"
  VERBATIM)
add_custom_target(troupe_precompiled DEPENDS ${CMAKE_BINARY_DIR}/${TROUPE_PRECOMPILED})

function(troupe_precompile target)
  add_dependencies(${target} troupe_precompiled)
  set_source_files_properties(${ARGN} PROPERTIES OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/${TROUPE_PRECOMPILED})
  target_compile_options(${target} PRIVATE "SHELL:-include-pch ${TROUPE_PRECOMPILED}")
endfunction()
