# What has more than one thread, to be built and run under ThreadSanitizer alone: target and label `threads`. A service runs on
# the io thread alone, and there it has nothing to find.
add_custom_target(threads)

# Sets `said` to those of the flags that a function was given, to be handed on.
macro(troupe_said prefix)
  set(said)
  foreach(flag ${ARGN})
    if(${prefix}_${flag})
      list(APPEND said ${flag})
    endif()
  endforeach()
endmacro()

# troupe_room(NAME <target> [LINKS public...] [PRIVATE private...] [TEST_LINKS ...] [TIMEOUT s] [PLAIN] [THREADS])
# One folder is one static library of its *.cpp, and one test program of its *_test.cpp, run by ctest.
# Links state which rooms may be included: an arrow that is not here does not link, and tools/tidy.py refuses it. PLAIN: without the precompiled
# header, for rooms that must not see Asio or protobuf. THREADS: its test runs more than one thread (`threads` below).
function(troupe_room)
  cmake_parse_arguments(R "PLAIN;THREADS" "NAME;TIMEOUT" "LINKS;PRIVATE;TEST_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|suite)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(${R_NAME} STATIC ${sources})
    if(NOT R_PLAIN)
      troupe_precompile(${R_NAME} ${sources})
    endif()
    target_link_libraries(${R_NAME} PUBLIC ${R_LINKS} PRIVATE troupe_warnings ${R_PRIVATE})
    target_include_directories(${R_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    set(linked ${R_NAME})
  else()
    add_library(${R_NAME} INTERFACE)
    target_link_libraries(${R_NAME} INTERFACE ${R_LINKS})
    target_include_directories(${R_NAME} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    set(linked ${R_NAME})
  endif()
  if(tests)
    troupe_said(R PLAIN THREADS)
    troupe_test(NAME ${R_NAME}_test ${said} SOURCES ${tests} LINKS ${linked} ${R_PRIVATE} ${R_TEST_LINKS}
      TIMEOUT ${R_TIMEOUT})
  endif()
endfunction()

# troupe_data(TARGET [FILE...]): these files, or those of data/*.yaml beside this, are compiled into it, as data_file(name) of
# the room's data.h: a program of one file has them.
function(troupe_data target)
  set(files ${ARGN})
  if(NOT files)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/data/*.yaml)
  endif()
  get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/data.cpp)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${TROUPE_PYTHON} ${CMAKE_SOURCE_DIR}/tools/embed_text.py ${out} ${room}/data.h troupe::${room} ${files}
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/tools/embed_text.py
    COMMENT "data of ${room}"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

# troupe_test(NAME n SOURCES ... LINKS ... [TIMEOUT s] [LABEL fast|slow] [REPEATS] [PLAIN] [THREADS])
function(troupe_test)
  cmake_parse_arguments(T "REPEATS;PLAIN;THREADS" "NAME;TIMEOUT;LABEL" "SOURCES;LINKS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(NOT T_LABEL)
    set(T_LABEL fast)
  endif()
  add_executable(${T_NAME} ${T_SOURCES})
  if(NOT T_PLAIN)
    troupe_precompile(${T_NAME} ${T_SOURCES})
  endif()
  target_link_libraries(${T_NAME} PRIVATE ${T_LINKS} troupe_warnings GTest::gtest GTest::gmock GTest::gtest_main)
  target_include_directories(${T_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  if(T_THREADS)
    add_dependencies(threads ${T_NAME})
  endif()
  troupe_said(T REPEATS THREADS)
  troupe_ctest(NAME ${T_NAME} COMMAND ${T_NAME} TIMEOUT ${T_TIMEOUT} LABEL ${T_LABEL} ${said})
endfunction()

# troupe_ctest(NAME n COMMAND ... TIMEOUT s LABEL fast|slow [SERIAL] [REPEATS] [THREADS]): under sanitizers the name says under
# which, and there is more time: a sanitized program takes two to ten times as long. REPEATS: what the test does many times
# (days, kills, inputs of a fuzzer) it does a short count of; the full count where TROUPE_SOAK=1 (tools/soak.py).
function(troupe_ctest)
  cmake_parse_arguments(C "SERIAL;REPEATS;THREADS" "NAME;TIMEOUT;LABEL" "COMMAND" ${ARGN})
  if(C_REPEATS)
    list(APPEND C_LABEL repeats)
  endif()
  if(C_THREADS)
    list(APPEND C_LABEL threads)
  endif()
  if(TROUPE_SANITIZE)
    get_filename_component(preset ${CMAKE_BINARY_DIR} NAME)
    set(C_NAME ${preset}.${C_NAME})
    math(EXPR C_TIMEOUT "${C_TIMEOUT} * 5")
  endif()
  add_test(NAME ${C_NAME} COMMAND ${C_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${C_NAME} PROPERTIES TIMEOUT ${C_TIMEOUT} LABELS "${C_LABEL}" RUN_SERIAL ${C_SERIAL}
    ENVIRONMENT
    "TROUPE_MODELS_DIR=${TROUPE_MODELS_DIR};TROUPE_NODE_BIN_DIR=${TROUPE_NODE_BIN_DIR};TROUPE_OPENAI_PYTHON_DIR=${TROUPE_OPENAI_PYTHON_DIR};TROUPE_NATS_SERVER=${TROUPE_NATS_SERVER};TROUPE_POSTGRES_DIR=${TROUPE_POSTGRES_DIR};${TROUPE_SANITIZER_OPTIONS}")
endfunction()
