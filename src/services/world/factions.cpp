#include "services/world/factions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "host/audience.h"
#include "host/event_log.h"

namespace troupe::world {

namespace {

constexpr std::int64_t kThousand = 1000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kPactDays = 30;  // README.md

double share(std::int64_t thousandths) {
  return static_cast<double>(thousandths) / static_cast<double>(kThousand);
}
std::int64_t thousandths(double value) { return std::llround(value * static_cast<double>(kThousand)); }

std::int64_t home_relation(const pack::Faction& from, const pack::Faction& to) {
  const auto found = from.relations.find(to.id);
  return found == from.relations.end() ? 0 : thousandths(found->second);
}

const pack::Faction* home_of(const pack::Pack& pack, const std::string& place) {
  for (const auto& faction : pack.factions) {
    if (std::ranges::find(faction.territory, place, &pack::PlaceId::str) != faction.territory.end())
      return &faction;
  }
  return nullptr;
}

rt::Draw draw_of(Turn& turn, const pb::WorldPairRecord& pair, std::string_view what) {
  return turn.draw(kService, fmt::format("{}:{}/{}", what, pair.first(), pair.second()));
}

}  // namespace

Factions::Factions(const pack::Pack& pack, Host& host, Tell tell)
    : pack_(pack),
      host_(host),
      tell_(std::move(tell)),
      factions_(host.timeline()),
      pairs_(host.timeline()),
      territory_(host.timeline()) {}

void Factions::mount() {
  host_.serve(&Factions::list, this);
  host_.serve(&Factions::resolve, this);
}

// ---- What there is

std::string Factions::holder_of(const std::string& place) const {
  const auto* record = territory_.find(place);
  return record == nullptr ? std::string() : record->holder();
}

std::vector<std::string> Factions::places_of(const std::string& faction) const {
  std::vector<std::string> out;
  for (const auto& held : territory_.of()) {
    if (held.holder() == faction) out.push_back(held.place());
  }
  return out;
}

std::vector<std::string> Factions::others(const std::vector<std::string>& than) const {
  std::vector<std::string> out;
  for (const auto& faction : factions_.of()) {
    if (std::ranges::find(than, faction.faction()) == than.end()) out.push_back(faction.faction());
  }
  return out;
}

std::string Factions::worst_towards(const std::string& faction) const {
  const auto names = others({faction});
  if (names.empty()) return {};
  return std::ranges::min(names, {}, [&](const std::string& name) { return relation(name, faction); });
}

Factions::Pair Factions::pair_of(const std::string& a, const std::string& b) const {
  const auto& [first, second] = std::minmax(a, b);
  if (const auto* pair = pairs_.find(first, second)) return *pair;
  Pair pair;
  pair.set_first(first);
  pair.set_second(second);
  return pair;
}

std::vector<Factions::Pair> Factions::all_pairs() const {
  std::vector<Pair> out;
  for (const auto& pair : pairs_.of()) out.push_back(pair);
  return out;
}

std::int64_t Factions::relation(const std::string& faction, const std::string& towards) const {
  const auto pair = pair_of(faction, towards);
  return pair.first() == faction ? pair.first_to_second() : pair.second_to_first();
}

bool Factions::common_enemy(const Pair& pair) const {
  return std::ranges::any_of(others({pair.first(), pair.second()}), [&](const std::string& third) {
    return pair_of(pair.first(), third).conflict() != 0 && pair_of(pair.second(), third).conflict() != 0;
  });
}

Side Factions::side_of(const std::string& faction) const {
  const auto* record = factions_.find(faction);
  const auto* known = pack_.faction(faction);
  return {.power = record == nullptr ? 0 : record->power(),
          .places = static_cast<std::int64_t>(places_of(faction).size()),
          .places_home = known == nullptr ? 0 : static_cast<std::int64_t>(known->territory.size())};
}

std::vector<Ground> Factions::grounds() const {
  std::vector<Ground> out;
  for (const auto& place : pack_.places) {
    const auto* home = home_of(pack_, place.id.str());
    auto& ground = out.emplace_back();
    ground.place = place.id.str();
    ground.holder = holder_of(ground.place);
    if (home != nullptr) ground.home = home->id.str();
    for (const auto& neighbour : place.neighbours) ground.neighbours.push_back(neighbour.str());
  }
  return out;
}

// ---- What time brings

void Factions::day(Turn& turn, std::int64_t day) {
  drift(turn, day);
  for (const auto& known : all_pairs()) {
    const auto pair = pair_of(known.first(), known.second());  // as it is after those before it
    if (pair.conflict() == 0) continue;
    std::optional<std::int64_t> war_days;
    if (pair.war_ms() != 0) war_days = (turn.now().ms - pair.war_ms()) / kDayMs;
    const auto how = resolution_of_day(war_days, common_enemy(pair), static_cast<std::uint64_t>(day),
                                       draw_of(turn, pair, "conflict"));
    if (how) come_to(turn, pair, *how, pair.conflict());
  }
}

void Factions::drift(Turn& turn, std::int64_t day) {
  const auto tick = static_cast<std::uint64_t>(day);
  for (const auto& known : pack_.factions) {
    const auto* found = factions_.find(known.id.str());
    if (found == nullptr) continue;
    auto record = *found;
    const auto side = side_of(record.faction());
    record.set_power(power_after_day(record.power(), thousandths(known.power)));
    record.set_treasury(treasury_after_day(record.treasury(), known.treasury, side.places, side.places_home));
    factions_.put(turn, std::move(record));
  }
  for (auto& pair : all_pairs()) {
    const auto* first = pack_.faction(pair.first());
    const auto* second = pack_.faction(pair.second());
    if (first == nullptr || second == nullptr) continue;
    pair.set_first_to_second(relation_after_day(pair.first_to_second(), home_relation(*first, *second), tick,
                                                draw_of(turn, pair, "first")));
    pair.set_second_to_first(relation_after_day(pair.second_to_first(), home_relation(*second, *first), tick,
                                                draw_of(turn, pair, "second")));
    put(turn, std::move(pair), {});
  }
}

void Factions::put(Turn& turn, Pair pair, Because because) {
  const bool was = pair.conflict() != 0;
  const bool is = in_conflict(pair.first_to_second(), pair.second_to_first(), was);
  if (is && !was) {
    pb::ConflictBegan event;
    event.set_faction(pair.first());
    event.set_against(pair.second());
    pair.set_conflict(emit(turn, because.event, event, {.subject = pair.first()}));
    pair.set_depth(because.depth);
  }
  if (was && !is) {
    pb::ConflictEnded event;
    event.set_faction(pair.first());
    event.set_against(pair.second());
    emit(turn, because.event == 0 ? pair.conflict() : because.event, event, {.subject = pair.first()});
    pair.set_conflict(0);
    pair.set_depth(0);
  }
  pairs_.put(turn, std::move(pair));
}

void Factions::shift(Turn& turn, const std::string& faction, const std::string& towards, std::int64_t by,
                     Because because) {
  if (faction == towards || factions_.find(faction) == nullptr || factions_.find(towards) == nullptr) return;
  auto pair = pair_of(faction, towards);
  const auto value = clamp_relation(relation(faction, towards) + by);
  if (pair.first() == faction) {
    pair.set_first_to_second(value);
  } else {
    pair.set_second_to_first(value);
  }
  pb::FactionRelationChanged event;
  event.set_faction(faction);
  event.set_towards(towards);
  event.set_value(static_cast<float>(share(value)));
  event.set_reason(std::string(because.reason));
  because.event = emit(turn, because.event, event, {.subject = faction});
  put(turn, std::move(pair), because);
}

void Factions::weaken(Turn& turn, const std::string& faction, std::int64_t by) {
  const auto* found = factions_.find(faction);
  if (found == nullptr) return;
  auto record = *found;
  record.set_power(std::max<std::int64_t>(record.power() - by, 0));
  factions_.put(turn, std::move(record));
}

// ---- Conflicts

std::uint64_t Factions::come_to(Turn& turn, Pair pair, Resolution how, std::uint64_t cause) {
  std::uint64_t event = 0;
  if (how == Resolution::war) {
    event = wage_war(turn, pair, cause);
    pair.set_war_ms(std::max<std::int64_t>(turn.now().ms, 1));
    pair.set_pact_ms(0);
  } else {
    pb::ConflictResolved told;
    told.set_faction(pair.first());
    told.set_against(pair.second());
    told.set_how(std::string(name_of(how)));
    event = emit(turn, cause, told, {.subject = pair.first()});
    if (how == Resolution::ally) pair.set_pact_ms(std::max<std::int64_t>(turn.now().ms, 1));
  }
  pair.set_first_to_second(relation_moved(pair.first_to_second(), how));
  pair.set_second_to_first(relation_moved(pair.second_to_first(), how));
  const int depth = pair.depth();
  put(turn, std::move(pair), {.event = event, .reason = name_of(how), .depth = depth});
  return event;
}

// Whoever has the greater lead over the other attacks where it can; without a clear lead nothing changes hands.
std::uint64_t Factions::wage_war(Turn& turn, Pair pair, std::uint64_t cause) {
  const auto ground = grounds();
  std::string attacker = pair.first();
  std::string defender = pair.second();
  std::optional<std::string> place;
  std::optional<std::int64_t> lead;
  for (const bool swapped : {false, true}) {
    const auto& from = swapped ? pair.second() : pair.first();
    const auto& against = swapped ? pair.first() : pair.second();
    const auto at = contested(ground, from, against);
    const auto over = clear_lead(side_of(from), side_of(against));
    if (!at || (place && (!over || (lead && *lead >= *over)))) continue;
    attacker = from;
    defender = against;
    place = at;
    lead = over;
  }
  pb::ConflictResolved told;
  told.set_faction(attacker);
  told.set_against(defender);
  told.set_how(std::string(name_of(Resolution::war)));
  told.set_place(place.value_or(""));
  const auto event = emit(turn, cause, told, {.subject = attacker, .priority = pb::PRIORITY_HIGH});
  if (pair.pact_ms() != 0 && turn.now().ms - pair.pact_ms() < kPactDays * kDayMs) {
    pb::FactionBetrayed betrayed;
    betrayed.set_faction(defender);
    betrayed.set_by(attacker);
    const auto betrayal = emit(turn, event, betrayed, {.subject = defender});
    tell_(turn, {.what = Cause::betrayal,
                 .sequence = betrayal,
                 .faction = defender,
                 .against = attacker,
                 .depth = pair.depth()});
  }
  for (const auto& id : {attacker, defender}) {
    const auto* found = factions_.find(id);
    if (found == nullptr) continue;
    auto record = *found;
    record.set_power(power_after_war(record.power()));
    record.set_treasury(treasury_after_war(record.treasury()));
    factions_.put(turn, std::move(record));
  }
  if (!place) return event;
  tell_(turn, {.what = Cause::war,
               .sequence = event,
               .place = *place,
               .faction = defender,
               .against = attacker,
               .depth = pair.depth()});
  if (!lead) return event;
  pb::WorldTerritoryRecord held;
  held.set_place(*place);
  held.set_holder(attacker);
  held.set_since_ms(turn.now().ms);
  territory_.put(turn, std::move(held));
  pb::TerritoryChanged changed;
  changed.set_from(defender);
  changed.set_to(attacker);
  emit(
      turn, event, changed,
      {.subject = *place, .place = *place, .priority = pb::PRIORITY_HIGH, .audience = Audience::everybody()});
  return event;
}

// ---- Another pack

void Factions::settle(Turn& turn) {
  const auto erase = [&](auto& table, auto gone) {
    std::vector<TableKey> keys;
    for (const auto& [key, record] : table.rows()) {
      if (gone(record)) keys.push_back(key);
    }
    for (auto& key : keys) table.erase_at(turn, std::move(key));
  };
  const auto unknown = [&](const std::string& id) { return pack_.faction(id) == nullptr; };
  erase(factions_, [&](const auto& record) { return unknown(record.faction()); });
  erase(pairs_, [&](const auto& record) { return unknown(record.first()) || unknown(record.second()); });
  erase(territory_, [&](const auto& record) {
    return unknown(record.holder()) || pack_.place(record.place()) == nullptr;
  });
  for (const auto& known : pack_.factions) {
    if (factions_.find(known.id.str()) == nullptr) {
      pb::WorldFactionRecord record;
      record.set_faction(known.id.str());
      record.set_power(thousandths(known.power));
      record.set_treasury(known.treasury);
      factions_.put(turn, std::move(record));
    }
    for (const auto& place : known.territory) {
      if (territory_.find(place.str()) != nullptr) continue;
      pb::WorldTerritoryRecord held;
      held.set_place(place.str());
      held.set_holder(known.id.str());
      held.set_since_ms(turn.now().ms);
      territory_.put(turn, std::move(held));
    }
    for (const auto& other : pack_.factions) {
      if (known.id.str() >= other.id.str() || pairs_.find(known.id.str(), other.id.str()) != nullptr)
        continue;
      auto pair = pair_of(known.id.str(), other.id.str());
      pair.set_first_to_second(home_relation(known, other));
      pair.set_second_to_first(home_relation(other, known));
      put(turn, std::move(pair), {});
    }
  }
}

// ---- What people ask

Result<const pack::Faction*> Factions::find(const std::string& id) const {
  if (const auto* faction = pack_.faction(id)) return faction;
  std::vector<std::string> ids;
  for (const auto& known : pack_.factions) ids.push_back(known.id.str());
  return fail(Code::not_found, "world.unknown_faction",
              fmt::format("no faction '{}' here{}", id, did_you_mean(id, ids)));
}

Result<pb::WorldFactionsReply> Factions::list(const Caller& caller, const pb::WorldFactionsRequest&) const {
  pb::WorldFactionsReply reply;
  for (const auto& known : pack_.factions) {
    const auto id = known.id.str();
    const auto* record = factions_.find(id);
    auto& out = *reply.add_factions();
    out.set_id(id);
    out.set_name(known.name);
    out.set_power(record == nullptr ? known.power : share(record->power()));
    // What is in somebody's chest is not for everybody to know.
    if (sees_everything(caller.role))
      out.set_treasury(static_cast<double>(record == nullptr ? known.treasury : record->treasury()));
    for (const auto& other : pack_.factions) {
      if (other.id == known.id) continue;
      auto& to = *out.add_relations();
      to.set_to(other.id.str());
      to.set_value(share(relation(id, other.id.str())));
      to.set_conflict(pair_of(id, other.id.str()).conflict() != 0);
    }
    for (auto& place : places_of(id)) out.add_territory(std::move(place));
    out.mutable_goals()->Assign(known.goals.begin(), known.goals.end());
  }
  return reply;
}

Result<pb::WorldResolveReply> Factions::resolve(Turn& turn, const Caller&,
                                                const pb::WorldResolveRequest& request) {
  TRY(const auto* faction, find(request.faction()));
  TRY(const auto* against, find(request.against()));
  if (faction == against) {
    return fail(Code::invalid_argument, "world.same_faction",
                fmt::format("'{}' has nothing to settle with itself", request.faction()));
  }
  const auto how =
      resolution(request.how()).value_or(Resolution::negotiate);  // as the proto says, one of three
  const auto pair = pair_of(request.faction(), request.against());
  const auto event = come_to(turn, pair, how, 0);  // somebody's word, not the conflict's
  pb::WorldResolveReply reply;
  reply.set_event_id(event_log::event_id(turn.world(), event));
  return reply;
}

}  // namespace troupe::world
