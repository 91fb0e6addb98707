#pragma once
// Test only: the world pack tests/support/quay, where every kind of condition and effect has a verb. At 07:00
// Ada is at the market with eels and oil, Ben at the quay with paint. Tests run in the repository's root.
#include <gtest/gtest.h>

#include "pack/pack.h"

namespace troupe::test {

inline const pack::Pack& quay() {
  static const pack::Pack loaded = [] {
    auto pack = pack::load_pack("tests/support/quay");
    if (pack) return *std::move(pack);
    for (const auto& problem : pack.error()) ADD_FAILURE() << pack::to_string(problem);
    return pack::Pack();
  }();
  return loaded;
}

}  // namespace troupe::test
