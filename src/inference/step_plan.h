#pragma once
// Which sequences take part in an engine's next step, and with how many tokens each. Pure functions.
//
// A step is one pass of one model. Gold before silver before bronze, the earliest deadline first inside a
// tier. Who waits longer than `ageing` counts as silver for one step, who waits four times as long as gold,
// so that nothing starves; such a step is small and nobody stops it. A step led by gold carries gold only:
// everything else would make it longer. A step led by silver or bronze takes along every sequence that needs
// one token (a batch of eight costs little more than one) and prompt tokens, each up to the chunk of its own
// tier: bronze fills only what silver leaves.
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ports/engine.h"

namespace troupe::inference {

// Smaller comes first.
struct Rank {
  int tier = 0;
  rt::Instant deadline = rt::Instant::never();
  rt::Instant served;  // least recently served first, where deadlines say nothing
  std::uint64_t arrival = 0;
  auto operator<=>(const Rank&) const = default;
};

// A sequence that could take part.
struct StepItem {
  engine::Tier tier = engine::Tier::silver;
  rt::Instant deadline = rt::Instant::never();
  rt::Instant served;  // its last step, or its arrival
  std::uint64_t arrival = 0;
  int tokens = 0;      // left to compute; 1 = it generates
  int rows_from = 0;   // tokens from this one on give a row of logits
  bool talks = false;  // somebody waits for the first word
};

struct StepLimits {
  std::array<int, 4> chunk = {256, 256, 64, 32};  // prompt tokens of a step, by the tier they are for
  int chunk_min = 1;                              // for who leads, at least
  int ending = 0;       // the last tokens of a talk's prompt that leads, up to this many, come in one step
  int batch_max = 320;  // tokens of a step; more than the sequences of a model
  int rows_max = 64;    // rows of logits of a step
  rt::nanoseconds ageing = std::chrono::seconds(2);
};

struct Share {
  std::size_t item = 0;
  int tokens = 0;
  bool operator==(const Share&) const = default;
};

struct StepPlan {
  std::vector<Share> shares;                 // in the order in which the items were preferred
  engine::Tier lead = engine::Tier::bronze;  // the leader's tier, with its age
};

engine::Tier aged_tier(engine::Tier tier, rt::nanoseconds waited, rt::nanoseconds ageing);
Rank rank_of(const StepItem& item, rt::Instant now, rt::nanoseconds ageing);

// No shares only when no item needs tokens.
StepPlan plan_step(std::span<const StepItem> items, const StepLimits& limits, rt::Instant now);

}  // namespace troupe::inference
