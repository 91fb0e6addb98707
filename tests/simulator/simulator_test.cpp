// Many lives of a room, each from one seed. TROUPE_SIMULATE=7 lives that one alone and shows what was said and
// refused, TROUPE_SIMULATE=7-900 those; TROUPE_SOAK=1 lives ten thousand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "base/log.h"
#include "host/protobuf_log.h"
#include "tests/simulator/simulation.h"

namespace troupe::test {
namespace {

constexpr int kSteps = 120;
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kSeeds = 30;
#else
constexpr std::uint64_t kSeeds = 300;
#endif

const pack::Pack& pack_of(std::uint64_t seed) {
  static const pack::Pack minimal = *pack::load_pack("tests/packs/minimal");
  static const pack::Pack lanternfall = *pack::load_pack("worlds/lanternfall");
  return seed % 8 == 0 ? lanternfall : minimal;
}

Tally live(std::uint64_t seed) {
  SCOPED_TRACE("TROUPE_SIMULATE=" + std::to_string(seed));
  return Simulation(seed, pack_of(seed)).run(kSteps);
}

// "7" or "7-900" of TROUPE_SIMULATE; else as many as a test has time for.
std::pair<std::uint64_t, std::uint64_t> seeds() {
  if (const char* said = std::getenv("TROUPE_SIMULATE")) {
    char* rest = nullptr;
    const auto first = std::strtoull(said, &rest, 10);
    return {first, *rest == '-' ? std::strtoull(rest + 1, nullptr, 10) : first};
  }
  return {1, std::getenv("TROUPE_SOAK") != nullptr ? 10'000 : kSeeds};
}

struct Simulator : testing::Test {
  void SetUp() override {
    log_protobuf();
    const auto [first, last] = seeds();
    if (first != last) log::configure(log::Format::text, log::Level::off);
  }
};

TEST_F(Simulator, TheSameSeedIsTheSameLife) {
  const auto first = live(3);
  const auto again = live(3);
  EXPECT_EQ(first.state_hash, again.state_hash);
  EXPECT_EQ(first.answered, again.answered);
}

TEST_F(Simulator, WhateverHappensIsUndoneOrRepeatable) {
  const auto [first, last] = seeds();
  Tally all;
  std::uint64_t lived = 0;
  for (std::uint64_t seed = first; seed <= last && !HasFailure(); ++seed, ++lived) {
    const auto one = live(seed);
    all.commands += one.commands;
    all.answered += one.answered;
    all.refused += one.refused;
    all.crashes += one.crashes;
    all.restarts += one.restarts;
    all.disk_faults += one.disk_faults;
    all.bus_faults += one.bus_faults;
    all.failed_turns += one.failed_turns;
    all.events += one.events;
    if (HasFailure()) std::cout << "TROUPE_SIMULATE=" << seed << " repeats it\n";
  }
  std::cout << lived << " lives: " << all.commands << " requests (" << all.answered << " done, "
            << all.refused << " refused), " << all.events << " events, " << all.crashes << " crashes, "
            << all.restarts << " restarts, " << all.disk_faults << " faults of the disk, " << all.bus_faults
            << " of the bus, " << all.failed_turns << " turns by time that failed\n";
  if (lived < kSeeds || HasFailure()) return;
  EXPECT_GT(all.answered, all.commands / 5);
  EXPECT_GT(all.crashes, 0);
  EXPECT_GT(all.failed_turns, 0);
}

}  // namespace
}  // namespace troupe::test
