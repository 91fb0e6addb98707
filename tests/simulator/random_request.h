#pragma once
// Test only: requests with every field of an RPC, drawn: what a world knows, what it does not, and nonsense.
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "host/registry.h"
#include "rt/random.h"

namespace troupe::test {

// Draws in a row: the same seed gives the same ones.
class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view of) : draw_(seed, "simulator", of) {}
  std::uint64_t below(std::uint64_t bound) { return draw_.below(bound, at_++); }
  bool chance(double share) { return draw_.uniform(at_++) < share; }
  template <class T>
  const T& of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  rt::Draw draw_;
  std::uint64_t at_ = 0;
};

// `words`: texts that a world knows (ids, names), for its string fields. Serialised.
std::string random_request(Dice& dice, const MethodInfo& method, const std::vector<std::string>& words);

}  // namespace troupe::test
