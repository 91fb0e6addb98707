# Everything that is not ours. Set-up (tools/setup.py) writes where llama.cpp, weights and node were put.
include(${CMAKE_SOURCE_DIR}/build/setup.cmake OPTIONAL RESULT_VARIABLE TROUPE_SETUP_FOUND)
if(NOT TROUPE_SETUP_FOUND)
  message(FATAL_ERROR "build/setup.cmake is missing: run 'make setup' first")
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# Asio compiled once (src/rt/asio.cpp) instead of in every file.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION)
if(TROUPE_SANITIZE)
  # Asio keeps freed blocks for its next operation, where AddressSanitizer cannot see a use after free.
  add_compile_definitions(BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
endif()

# llama.cpp, static, built by set-up.
add_library(troupe_llama INTERFACE)
target_include_directories(troupe_llama SYSTEM INTERFACE ${TROUPE_LLAMA_ROOT}/include)
file(GLOB TROUPE_LLAMA_LIBS ${TROUPE_LLAMA_ROOT}/lib/*.a)
target_link_libraries(troupe_llama INTERFACE
  -Wl,--start-group ${TROUPE_LLAMA_LIBS} -Wl,--end-group Threads::Threads ${CMAKE_DL_LIBS})
