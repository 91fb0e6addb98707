#pragma once
// Who may use OpenAI's paths. They are for programs of the studio: models without a character, at the expense
// of those who talk with one. Players are refused unless the configuration lets them in; then under limits of
// their own, in which each of `n` answers counts, and never for anybody else's money. Owned by the edge; io
// thread. Bounds: names_max buckets; as many counts as there are answers under way.
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/token_bucket.h"
#include "host/caller.h"

namespace troupe::edge {

struct OpenAiRules {
  bool players = false;
  Rate rate{.per_second = .5, .burst = 10};  // of one player's answers
  std::size_t parallel = 2;                  // answers at once for one player
  std::size_t names_max = 10'000;
};

class OpenAiDoor {
 public:
  OpenAiDoor(const rt::Clock& clock, const OpenAiRules& rules)
      : clock_(clock), rules_(rules), buckets_(rules.names_max), under_way_(std::make_shared<UnderWay>()) {}

  // For `answers` at once; what it answers is held until they have ended. `permission_denied` openai.players,
  // `invalid_argument` openai.n, `exhausted` openai.rate, openai.parallel.
  Result<std::shared_ptr<void>> enter(const Caller& caller, std::size_t answers);

 private:
  using UnderWay = std::map<std::string, std::size_t>;

  const rt::Clock& clock_;
  const OpenAiRules rules_;
  TokenBuckets<std::string> buckets_;
  const std::shared_ptr<UnderWay> under_way_;  // by player; outlives us while answers are under way
};

}  // namespace troupe::edge
