#pragma once
// What follows from what: a table of rules "when this has happened, then after a while, and with this chance, that".
// Pure. What may follow is bounded by the depth of its chain, so that no chain is without end.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rt/random.h"

namespace troupe::world {

enum class Cause { killing, betrayal, shortage, hoarding, war };
enum class Effect { retaliation, mistrust, hoarding, blame, ruin };

struct CausalRule {
  std::string_view name;  // in tables and events: never another one for the same
  Cause cause;
  Effect effect;
  std::int64_t hours_least;  // of the game, until it comes
  std::int64_t hours_most;
  std::uint64_t chance;  // of a thousand
};

inline constexpr std::array<CausalRule, 5> kCausalRules{{
    {"killing brings retaliation", Cause::killing, Effect::retaliation, 12, 48, 600},
    {"betrayal costs trust", Cause::betrayal, Effect::mistrust, 6, 24, 800},
    {"shortage breeds hoarding", Cause::shortage, Effect::hoarding, 12, 36, 700},
    {"hoarding breeds conflict", Cause::hoarding, Effect::blame, 24, 72, 500},
    {"war ruins trade", Cause::war, Effect::ruin, 1, 6, 900},
}};
const CausalRule* find_causal_rule(std::string_view name);

inline constexpr int kDepthMax = 6;  // shock, shortage, hoarding, conflict, war, shock: the longest way round

// Something that has happened, as far as the rules care.
struct Happening {
  Cause what = Cause::shortage;
  std::uint64_t sequence = 0;  // of its event
  std::string place;
  std::string good;
  std::string faction;  // whom it happened to
  std::string against;  // who did it
  int depth = 0;        // how many rules led to it
};

// After how many milliseconds `rule` acts on the event `sequence`; nothing: it does not, this time.
std::optional<std::int64_t> delay_ms(const CausalRule& rule, std::uint64_t sequence, int depth,
                                     const rt::Draw& draw);

// What the effects do.
inline constexpr std::int64_t kRetaliationRelation = -200;  // thousandths, to the killer's faction
inline constexpr std::int64_t kRetaliationPower = 2000;     // thousandths of a point, that it loses
inline constexpr std::int64_t kMistrustRelation = -100;
inline constexpr std::int64_t kBlameRelation = -150;
inline constexpr std::int64_t kHoardingShock = 300;  // thousandths: a boom
inline constexpr std::int64_t kRuinShock = 500;      // a disruption

}  // namespace troupe::world
