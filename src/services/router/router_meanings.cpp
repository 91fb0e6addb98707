#include "services/router/router_meanings.h"

#include <algorithm>
#include <numeric>

#include "services/router/router_cache.h"

namespace troupe::router {

std::optional<engine::GenerateReply> Meanings::find(const std::string& scope,
                                                    const std::vector<float>& meaning, rt::Instant now) {
  std::erase_if(answers_, [&](const Kept& kept) {
    if (now - kept.at <= limits_.keeps_for) return false;
    bytes_ -= kept.bytes;
    return true;
  });
  auto nearest = answers_.end();
  double most = limits_.alike;
  for (auto kept = answers_.begin(); kept != answers_.end(); ++kept) {
    if (kept->scope != scope || kept->meaning.size() != meaning.size()) continue;
    const double alike = std::inner_product(meaning.begin(), meaning.end(), kept->meaning.begin(), 0.);
    if (alike < most) continue;
    most = alike;
    nearest = kept;
  }
  if (nearest == answers_.end()) return std::nullopt;
  answers_.splice(answers_.begin(), answers_, nearest);
  return repeated(nearest->reply);
}

void Meanings::put(const std::string& scope, const std::vector<float>& meaning,
                   const engine::GenerateReply& reply, rt::Instant now) {
  const std::size_t bytes = sizeof(Kept) + scope.size() + meaning.size() * sizeof(float) + bytes_of(reply);
  if (meaning.empty() || !may_repeat(reply) || bytes > limits_.bytes_max) return;
  answers_.push_front({.scope = scope, .meaning = meaning, .reply = reply, .at = now, .bytes = bytes});
  bytes_ += bytes;
  while (bytes_ > limits_.bytes_max || answers_.size() > limits_.rows_max) {
    bytes_ -= answers_.back().bytes;
    answers_.pop_back();
  }
}

}  // namespace troupe::router
