#pragma once
// The words for what is asked: templates of the language, filled from pack and scene. Private to this room.
#include <optional>
#include <string>
#include <vector>

#include "talk/answer.h"

namespace troupe::talk {

struct Said {
  std::vector<std::string> texts;  // all that fit; one is taken that was not said yet
  Way way = Way::grounded;
  std::vector<Evidence> evidence;
  std::vector<std::string> keys;
  std::optional<bool> yes;  // what the evidence says to a question that wants yes or no
};

// None where something that the words need is not known. `likeness`: the cosine of line and ask.
Said said_of(const Item& item);
std::optional<Said> say(const World& world, const Person& person, const Scene& scene, const Part& part,
                        const Ask& ask, double likeness = 0);

// The way from one place to another in words; "" where one of them is not known.
std::string way_text(const World& world, const pack::PlaceId& from, const pack::PlaceId& to,
                     std::uint64_t seed);

// Minutes on foot, one at least; negative where there is no way.
int minutes_on_foot(const pack::Pack& pack, const pack::PlaceId& from, const pack::PlaceId& to);

// What this person thinks of somebody; `to_you`: said to their face.
// The first that fits; none where none has words.
const Opinion* opinion_of(const Saying& saying, const Feelings& feelings, bool to_you = false);
bool is_kind(std::string_view feeling);  // trust, affection, respect
bool speaks_well(const Opinion& opinion);
std::string opinion_text(const World& world, const Feelings& feelings, std::string_view name, bool to_you,
                         std::uint64_t seed);

}  // namespace troupe::talk
