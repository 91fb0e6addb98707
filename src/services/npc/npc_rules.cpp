#include "services/npc/npc_rules.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/steady.h"
#include "base/text.h"
#include "pack/query.h"
#include "services/npc/player_key.h"

namespace troupe::npc {

namespace {

constexpr std::array<std::string_view, 7> kReflexNames{"idle",   "move",     "dodge", "attack",
                                                       "defend", "interact", "flee"};

}  // namespace

std::string_view reflex_name(Reflex reflex) { return kReflexNames[static_cast<std::size_t>(reflex)]; }

Reflex reflex_named(std::string_view name) {
  return pack::find_name<Reflex>(kReflexNames, name).value_or(Reflex::idle);
}

Reflex react(const Surroundings& s, const ReflexLimits& limits) {
  // What could hurt comes first, then who wants something, then what one was doing.
  if (s.storm && s.threat_m < limits.flee_m) {
    if (s.strategy == Strategy::defensive || s.strategy == Strategy::aggressive) return Reflex::defend;
    return Reflex::flee;
  }
  if (s.threat_m < limits.melee_m) {
    switch (s.strategy) {
      case Strategy::aggressive:
        return Reflex::attack;
      case Strategy::defensive:
        return Reflex::defend;
      case Strategy::retreat:
        return Reflex::flee;
      default:
        return Reflex::dodge;
    }
  }
  if (s.threat_m < limits.flee_m) {
    if (s.strategy == Strategy::aggressive) return Reflex::attack;
    if (s.strategy == Strategy::defensive) return Reflex::defend;
    return Reflex::flee;
  }
  if (s.spoken_to && s.player_m < limits.notice_m) return Reflex::interact;
  if (s.looked_at && s.player_m < limits.interact_m) return Reflex::interact;
  if (s.walking) return Reflex::move;
  if (s.player_m < limits.interact_m && (s.strategy == Strategy::social || s.strategy == Strategy::curious)) {
    return Reflex::interact;
  }
  return Reflex::idle;
}

Strategy strategy_of(const pack::Pack& pack, const pack::Npc& who) {
  const auto& t = who.traits;
  if (t.aggression > .7) return Strategy::aggressive;
  if (t.neuroticism > .7) return Strategy::retreat;
  const auto own = std::ranges::find(pack.archetypes, who.archetype, &pack::Archetype::id);
  if (own != pack.archetypes.end() && own->strategy) return *own->strategy;
  if (who.archetype == "guard") return Strategy::defensive;
  if (who.archetype == "criminal") return Strategy::aggressive;
  if (t.sociability > .65) return Strategy::social;
  if (t.curiosity > .65) return Strategy::curious;
  if (t.conscientiousness > .7) return Strategy::defensive;
  return Strategy::neutral;
}

bool is_open(std::span<const Weighed> weighed) {
  constexpr double kClearLead = .2;
  return weighed.size() > 1 && weighed[0].utility - weighed[1].utility < kClearLead;
}

std::vector<double> probabilities(std::span<const Weighed> weighed) {
  constexpr double kTemperature = .15;
  std::vector<double> out;
  double sum = 0;
  for (const auto& w : weighed) {
    out.push_back(steady_exp((w.utility - weighed[0].utility) / kTemperature));
    sum += out.back();
  }
  for (double& p : out) p /= sum;
  return out;
}

namespace {

double metres(const pack::Place& a, const pack::Place& b) { return steady_distance(a.x - b.x, a.y - b.y); }

std::int64_t walk_ms(double m) {
  return static_cast<std::int64_t>(std::llround(m / pack::kWalkMetresPerSecond * 1000));
}

// The leg of the journey under way: index of the place last reached, and when it was.
std::pair<int, std::int64_t> leg(const pack::Pack& pack, const pb::NpcRecord& record, std::int64_t now_ms) {
  std::int64_t at = record.departs_ms();
  int index = 0;
  while (index + 1 < record.path_size()) {
    const auto next =
        at + walk_ms(metres(*pack.place(record.path(index)), *pack.place(record.path(index + 1))));
    if (next > now_ms) break;
    at = next;
    ++index;
  }
  return {index, at};
}

}  // namespace

namespace {

// Everybody whom an action is about, in the order of the verb's parameters.
std::vector<std::string> people_named(const pack::Pack& pack, const pb::Action& action) {
  std::vector<std::string> people;
  const auto* verb = pack.verb(action.verb());
  if (verb == nullptr) return people;
  for (const auto& param : verb->params) {
    const auto arg = action.args().find(param.name);
    if (arg == action.args().end()) continue;
    const bool npc = param.type == pack::ParamType::npc || param.type == pack::ParamType::person;
    const bool player = param.type == pack::ParamType::player || param.type == pack::ParamType::person;
    const bool by_prefix = is_player_key(arg->second);
    if (npc && !by_prefix && pack.npc(arg->second) != nullptr) {
      people.push_back(arg->second);
    } else if (player) {
      people.push_back(by_prefix ? arg->second : player_key(arg->second));
    }
  }
  return people;
}

}  // namespace

std::string target_of(const pack::Pack& pack, const pb::Action& action) {
  const auto people = people_named(pack, action);
  return people.empty() ? std::string() : people.front();
}

std::vector<std::string> players_named(const pack::Pack& pack, const pb::Action& action) {
  auto people = people_named(pack, action);
  std::erase_if(people, [](const auto& key) { return !is_player_key(key); });
  return people;
}

Position position(const pack::Pack& pack, const pb::NpcRecord& record, std::int64_t now_ms) {
  if (record.path_size() < 2) {
    const auto& here = *pack.place(record.place());
    return {here.x, here.y};
  }
  const auto [index, at] = leg(pack, record, now_ms);
  const auto& from = *pack.place(record.path(index));
  if (index + 1 >= record.path_size()) return {from.x, from.y};
  const auto& to = *pack.place(record.path(index + 1));
  const auto span = walk_ms(metres(from, to));
  const double share =
      span == 0 ? 0 : std::clamp(static_cast<double>(now_ms - at) / static_cast<double>(span), 0., 1.);
  return {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share};
}

std::string place_now(const pack::Pack& pack, const pb::NpcRecord& record, std::int64_t now_ms) {
  if (record.path_size() < 2) return record.place();
  return record.path(leg(pack, record, now_ms).first);
}

Journey plan_journey(const pack::Pack& pack, const pb::NpcRecord& record, const std::string& to,
                     std::int64_t now_ms) {
  Journey journey{.departs_ms = now_ms};
  std::string from = record.place();
  if (record.path_size() >= 2) {
    const auto [index, at] = leg(pack, record, now_ms);
    if (index + 1 < record.path_size() && at < now_ms) {
      // In the middle of a street: to its end first.
      journey.path.push_back(record.path(index));
      journey.departs_ms = at;
      from = record.path(index + 1);
    } else {
      from = record.path(index);
    }
  }
  const auto way = pack::path(pack, pack::PlaceId(from), pack::PlaceId(to));
  if (way.empty() || (way.size() == 1 && journey.path.empty())) return {};
  for (const auto& place : way) journey.path.push_back(place.str());
  journey.arrives_ms = journey.departs_ms;
  for (std::size_t i = 0; i + 1 < journey.path.size(); ++i) {
    journey.arrives_ms += walk_ms(metres(*pack.place(journey.path[i]), *pack.place(journey.path[i + 1])));
  }
  return journey;
}

const pack::Place& nearest_place(const pack::Pack& pack, double x, double y) {
  return *std::ranges::min_element(pack.places, {},
                                   [&](const auto& p) { return steady_distance(p.x - x, p.y - y); });
}

double score(const pb::RelationRecord& r) {
  return std::clamp((r.trust() + r.respect() + r.affection() - r.fear() - r.disgust() - r.anger()) / 1.5, -1.,
                    1.);
}

namespace {

// nullptr: not a feeling.
const google::protobuf::FieldDescriptor* feeling_field(std::string_view name) {
  const auto* found = pb::RelationRecord::descriptor()->FindFieldByName(std::string(name));
  const bool is_feeling =
      found != nullptr && found->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE;
  return is_feeling ? found : nullptr;
}

}  // namespace

bool shift(pb::RelationRecord& relation, std::string_view feeling_name, double by) {
  const auto* found = feeling_field(feeling_name);
  if (found == nullptr) return false;
  const auto* reflection = relation.GetReflection();
  reflection->SetDouble(&relation, found, std::clamp(reflection->GetDouble(relation, found) + by, 0., 1.));
  return true;
}

double feeling(const pb::RelationRecord& relation, std::string_view name) {
  const auto* found = feeling_field(name);
  return found == nullptr ? 0 : relation.GetReflection()->GetDouble(relation, found);
}

Attitude attitude(const pb::RelationRecord& r) {
  if (r.anger() > .5) return Attitude::angry_with;
  if (r.fear() > .5) return Attitude::afraid_of;
  if (r.trust() > .7) return Attitude::trusts;
  if (r.affection() > .5) return Attitude::likes;
  if (r.trust() < .2) return Attitude::distrusts;
  return Attitude::wary_of;
}

}  // namespace troupe::npc
