#pragma once
// What becomes of documents when the world goes on with another version of its pack, and of what somebody
// held who is gone. Pure.
#include <optional>
#include <string>

#include "services/state/state_rules.h"
#include "troupe/v1/world.pb.h"

namespace troupe::state {

struct Fate {
  std::string text;          // canonical
  std::string gone_because;  // "" = it stays, with `text`
};

// How `document` goes on with `pack`: somebody or something at a place that is not there any more stands at a
// place that is (an NPC at home, a feature where the pack has it, everybody else where players arrive); goods
// that were taken out of the pack are gone; a feature has the states that the pack gives it, and goes with
// it. Nothing where it may stay as it is.
std::optional<Fate> fate_of(const Key& key, const std::string& document, const pack::Pack& pack,
                            const troupe::v1::PackChanged& change);

// What the pack says of a thing or a person holds whoever writes: a feature keeps its kind and its states,
// each of its own type; what wears off of people keeps its type. `invalid_argument` state.bad_member.
Result<void> check_of_pack(const Key& key, const std::string& text, const pack::Pack& pack);

inline constexpr const char* kPile = "pile";

// What `document` holds, as a document of its own that lies where it was; "" = nothing. `pile` is what lies
// there already ("" = nothing).
std::string left_behind(const Key& owner, const std::string& document, const std::string& pile);

}  // namespace troupe::state
