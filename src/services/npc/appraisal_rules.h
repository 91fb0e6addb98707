#pragma once
// What somebody makes of what is done before their eyes: feelings for who did it, a mood, a threat; and how
// all of that fades. Pure functions; no clock, no bus, no SQL. What is said is not judged here.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pack/query.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

// ---- a deed

// What a verb does to the person it is done to, -1 (wrongs them) to 1 (does them good): the sum of the
// feelings that it earns and of what changes hands unpaid. Where the pack only says the nature: +-.3.
double goodness(const pack::Verb& verb);

enum class Part : std::uint8_t { actor, target, witness };

struct Impression {
  std::vector<std::pair<std::string_view, double>> feelings;  // for the actor: feeling, by
  std::optional<pack::Mood> mood;
  double mood_strength = 0;  // 0 to 1
  double threat = 0;         // 0 to 1
};

// How a deed strikes somebody. `to_target` is what a witness feels for the one it is done to. A target's own
// feelings are the verb's effects, so only the mood is answered for them.
Impression appraise(const pack::Traits& traits, Part part, const pack::Verb& verb,
                    const pb::RelationRecord& to_target);

// Liking and trust against anger and disgust, -1 to 1.
double liking(const pb::RelationRecord& relation);

// Moves one feeling towards its end: the nearer it is, the less. False: no such feeling.
bool nudge(pb::RelationRecord& relation, std::string_view feeling, double by);

// ---- fading

// A day's worth: each feeling comes nearer to what the pack says they feel. True where something changed.
bool fade(pb::RelationRecord& relation, const pack::Relation& usual);

// What is left of a mood, 0 to 1.
double mood_now(const pb::NpcRecord& record, std::int64_t now_ms);
pack::Mood mood_of(const pb::NpcRecord& record);
// How long a mood lasts: some hours, longer for those who take things to heart.
std::int64_t mood_lasts_ms(const pack::Traits& traits, double strength);
// Whether a new mood displaces the present one.
bool takes_over(const pb::NpcRecord& record, std::int64_t now_ms, pack::Mood mood, double strength);

// What severe weather does to somebody's mood: none, for most.
std::optional<pack::Mood> mood_of_weather(const pack::Traits& traits);

// ---- what feelings change

// What they ask of somebody for their goods, as a share of the price: .8 for friends to 1.4 in anger.
double price_factor(const pb::RelationRecord& relation, pack::Mood mood, double strength);
// Their trust as anger, fear and mood let them show it: what secrets are told by. Never more than the trust.
double confidence(const pb::RelationRecord& relation, pack::Mood mood, double strength);

}  // namespace troupe::npc
