#pragma once
// Finding work that is done already: the longest common prefix of token sequences. Pure functions.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace troupe::inference {

using Tokens = std::span<const std::int32_t>;

std::size_t common_prefix(Tokens a, Tokens b);

struct Donor {
  std::size_t index = 0;   // in the candidates
  std::size_t length = 0;  // tokens that need not be computed
  bool operator==(const Donor&) const = default;
};

// The candidate that shares the longest prefix with `wanted`, when it is at least `least` long; the first of
// equals.
std::optional<Donor> longest_donor(Tokens wanted, std::span<const Tokens> candidates, std::size_t least);

// What to do about a prefix that another sequence is computing right now: `have` tokens can be forked at
// once, `shared` when the other has come that far. Waiting pays when it saves at least `least` tokens.
inline bool worth_waiting(std::size_t have, std::size_t shared, std::size_t least) {
  return shared >= have + least;
}

}  // namespace troupe::inference
