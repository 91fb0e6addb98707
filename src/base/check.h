#pragma once
// Assertions for programmer errors, always on. Never for input: bad input gets an Error.
#include <cstdio>
#include <cstdlib>

#define TROUPE_CHECK(condition, why)                                                               \
  do {                                                                                             \
    if (!(condition)) [[unlikely]] {                                                               \
      std::fprintf(stderr, "%s:%d: check failed: %s (%s)\n", __FILE__, __LINE__, #condition, why); \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)
