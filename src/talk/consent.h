#pragma once
// Whether somebody does what they were asked, and what kind of line says so. A rule, no model's: words and
// deeds follow from the same answer and so agree by construction. Pure.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "talk/acting.h"

namespace troupe::talk {

// What is asked of people where a verb's pack says nothing. Feelings are those of the one who is asked for
// whoever asks, 0 to 1.
struct ConsentTuning {
  double give_affection = .5, give_trust = .7;  // one of the two
  double move_trust = .4;                       // to go somewhere, to come along
  double body_trust = .5;                       // to rest, to eat: their own body's business
  double harm_trust = .8;                       // to hurt somebody for them
  double other_trust = .25;
  double obeys_fear = .7;  // from here on nobody refuses what costs them nothing
  double angry = .6;       // from here on nobody does anything for somebody
  double agreeable = .1;   // what the most agreeable temper takes off each bound, and the least adds
};

struct Asked {
  Deed deed = Deed::other;
  double trust = 0, affection = 0, fear = 0, anger = 0;
  double agreeableness = .5;
  std::optional<double>
      trust_at_least{};  // of the verb in its pack: takes the place of the rule for its deed
  // Of a sale.
  std::int64_t price = 0;
  std::int64_t purse = 0;  // of who asks
};

// The kind of line that fits; lines of that kind come from the pack or the language.
enum class AnswerKind { consent, refusal, price, too_dear };
inline constexpr std::array<std::string_view, 4> kAnswerKindNames{"consent", "refusal", "price", "too_dear"};
inline std::string_view name_of(AnswerKind kind) { return kAnswerKindNames[static_cast<std::size_t>(kind)]; }

struct Consent {
  bool does = false;
  AnswerKind says = AnswerKind::refusal;
  std::string why;  // "trust 0.30 of 0.40"
};

Consent consents(const Asked& asked, const ConsentTuning& tuning = {});

}  // namespace troupe::talk
