#include "talk/consent.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::talk {

namespace {

double trust_for(Deed deed, const ConsentTuning& tuning) {
  switch (deed) {
    case Deed::sell:
      return 0;
    case Deed::give:
      return tuning.give_trust;
    case Deed::go:
    case Deed::join:
      return tuning.move_trust;
    case Deed::rest:
    case Deed::eat:
      return tuning.body_trust;
    case Deed::harm:
      return tuning.harm_trust;
    case Deed::other:
      break;
  }
  return tuning.other_trust;
}

Consent yes(Deed deed, std::string why) {
  const auto says = deed == Deed::sell ? AnswerKind::price : AnswerKind::consent;
  return {.does = true, .says = says, .why = std::move(why)};
}

Consent no(std::string why) { return {.does = false, .says = AnswerKind::refusal, .why = std::move(why)}; }

}  // namespace

Consent consents(const Asked& asked, const ConsentTuning& tuning) {
  if (asked.anger >= tuning.angry) return no(fmt::format("anger {:.2f}", asked.anger));
  if (asked.deed == Deed::sell && asked.purse < asked.price) {
    return {.does = false,
            .says = AnswerKind::too_dear,
            .why = fmt::format("has {} of {}", asked.purse, asked.price)};
  }
  const double easier = tuning.agreeable * (asked.agreeableness - .5) * 2;
  const double needed = std::max(0.0, asked.trust_at_least.value_or(trust_for(asked.deed, tuning)) - easier);
  const auto trust = fmt::format("trust {:.2f} of {:.2f}", asked.trust, needed);
  if (asked.trust >= needed) return yes(asked.deed, trust);
  const double fond = tuning.give_affection - easier;
  if (asked.deed == Deed::give && !asked.trust_at_least && asked.affection >= fond)
    return yes(asked.deed, fmt::format("affection {:.2f} of {:.2f}", asked.affection, fond));
  const bool costs = asked.deed == Deed::give || asked.deed == Deed::harm;
  if (!costs && !asked.trust_at_least && asked.fear >= tuning.obeys_fear)
    return yes(asked.deed, fmt::format("fear {:.2f}", asked.fear));
  return no(trust);
}

}  // namespace troupe::talk
