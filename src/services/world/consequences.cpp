#include "services/world/consequences.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/log.h"
#include "base/text.h"
#include "host/event_log.h"

namespace troupe::world {

namespace {

// "effect:17 war ruins trade"
std::string timer_of(const pb::WorldEffectRecord& effect) {
  return fmt::format("{}{} {}", kEffectTimer, effect.cause(), effect.rule());
}

}  // namespace

Consequences::Consequences(const pack::Pack& pack, Host& host, const Limits& limits, Markets& markets,
                           Factions& factions)
    : pack_(pack),
      host_(host),
      limits_(limits),
      markets_(markets),
      factions_(factions),
      effects_(host.timeline()) {}

void Consequences::mount() {
  host_.serve(&Consequences::outlook, this);
  host_.on(&Consequences::on_death, this);
}

void Consequences::follow(Turn& turn, const Happening& happening) {
  for (const auto& rule : kCausalRules) {
    if (rule.cause != happening.what) continue;
    const auto delay = delay_ms(rule, happening.sequence, happening.depth, turn.draw(kService, rule.name));
    if (!delay) continue;
    if (effects_.size() >= limits_.effects_max) {
      log::warn("world", "nothing more comes of what happens: {} effects are to come already",
                effects_.size());
      return;
    }
    Record effect;
    effect.set_cause(happening.sequence);
    effect.set_rule(std::string(rule.name));
    effect.set_at_ms(turn.now().ms + *delay);
    effect.set_place(happening.place);
    effect.set_good(happening.good);
    effect.set_faction(happening.faction);
    effect.set_against(happening.against);
    effect.set_depth(happening.depth + 1);
    turn.schedule(kService, timer_of(effect), {effect.at_ms()});
    effects_.put(turn, std::move(effect));
  }
}

// A killing is one that somebody of a faction did to somebody of another.
void Consequences::on_death(Turn& turn, const EventContext& context, const pb::NpcDied& event) {
  const auto* victim = pack_.npc(event.npc());
  const auto* killer = pack_.npc(event.by());
  if (victim == nullptr || killer == nullptr || !victim->faction || !killer->faction ||
      victim->faction == killer->faction) {
    return;
  }
  follow(turn, {.what = Cause::killing,
                .sequence = context.sequence,
                .place = event.place(),
                .faction = victim->faction.str(),
                .against = killer->faction.str()});
}

void Consequences::act(Turn& turn, const std::string& key) {
  const auto space = key.find(' ');
  if (space == std::string::npos) return;
  const auto cause = std::strtoull(key.c_str() + std::string_view(kEffectTimer).size(), nullptr, 10);
  const auto* found = effects_.find(cause, key.substr(space + 1));
  if (found == nullptr) return;
  const auto effect = *found;
  effects_.erase(turn, effect.cause(), effect.rule());
  const auto* rule = find_causal_rule(effect.rule());
  if (rule == nullptr) return;  // of another version
  switch (rule->effect) {
    case Effect::retaliation:
      return retaliate(turn, effect);
    case Effect::mistrust:
      return mistrust(turn, effect);
    case Effect::hoarding:
      return hoard(turn, effect);
    case Effect::blame:
      return blame(turn, effect);
    case Effect::ruin:
      return ruin(turn, effect);
  }
}

void Consequences::retaliate(Turn& turn, const Record& effect) {
  pb::FactionRetaliated event;
  event.set_faction(effect.faction());
  event.set_against(effect.against());
  const auto sequence = turn.emit_caused_by(effect.cause(), event,
                                            {.subject = effect.faction(), .priority = pb::PRIORITY_HIGH});
  factions_.weaken(turn, effect.against(), kRetaliationPower);
  const Factions::Because because{.event = sequence, .reason = effect.rule(), .depth = effect.depth()};
  factions_.shift(turn, effect.faction(), effect.against(), kRetaliationRelation, because);
  factions_.shift(turn, effect.against(), effect.faction(), kRetaliationRelation / 2, because);
}

void Consequences::mistrust(Turn& turn, const Record& effect) {
  for (const auto& other : factions_.others({effect.against()})) {
    factions_.shift(turn, other, effect.against(), kMistrustRelation,
                    {.event = effect.cause(), .reason = effect.rule(), .depth = effect.depth()});
  }
}

void Consequences::hoard(Turn& turn, const Record& effect) {
  pb::WorldShockRecord shock;
  shock.set_kind(std::string(name_of(ShockKind::boom)));
  shock.set_place(effect.place());
  shock.set_good(effect.good());
  shock.set_strength(kHoardingShock);
  const auto event =
      markets_.begin_shock(turn, std::move(shock), {effect.cause(), effect.rule(), effect.depth()});
  if (!event) return;
  follow(turn, {.what = Cause::hoarding,
                .sequence = *event,
                .place = effect.place(),
                .good = effect.good(),
                .depth = effect.depth()});
}

// Whoever likes them least says that whoever holds the place is to blame.
void Consequences::blame(Turn& turn, const Record& effect) {
  const auto holder = factions_.holder_of(effect.place());
  if (holder.empty()) return;
  factions_.shift(turn, factions_.worst_towards(holder), holder, kBlameRelation,
                  {.event = effect.cause(), .reason = effect.rule(), .depth = effect.depth()});
}

void Consequences::ruin(Turn& turn, const Record& effect) {
  if (!markets_.has_market(effect.place())) return;
  pb::WorldShockRecord shock;
  shock.set_kind(std::string(name_of(ShockKind::disruption)));
  shock.set_place(effect.place());
  shock.set_strength(kRuinShock);
  (void)markets_.begin_shock(turn, std::move(shock), {effect.cause(), effect.rule(), effect.depth()});
}

void Consequences::settle(Turn& turn) {
  const auto known = [this](const Record& effect) {
    return (effect.place().empty() || pack_.place(effect.place()) != nullptr) &&
           (effect.good().empty() || pack_.good(effect.good()) != nullptr) &&
           (effect.faction().empty() || pack_.faction(effect.faction()) != nullptr) &&
           (effect.against().empty() || pack_.faction(effect.against()) != nullptr);
  };
  std::vector<Record> gone;
  for (const auto& effect : effects_.of()) {
    if (!known(effect)) gone.push_back(effect);
  }
  for (const auto& effect : gone) {
    turn.unschedule(kService, timer_of(effect));
    effects_.erase(turn, effect.cause(), effect.rule());
  }
}

Result<pb::WorldOutlookReply> Consequences::outlook(const Caller&, const pb::WorldOutlookRequest&) const {
  pb::WorldOutlookReply reply;
  markets_.list_shocks(reply);
  for (const auto& effect : effects_.of()) {
    auto& out = *reply.add_effects();
    out.set_cause(event_log::event_id(host_.timeline().config().world, effect.cause()));
    out.set_rule(effect.rule());
    out.set_at_ms(effect.at_ms());
    out.set_place(effect.place());
    out.set_good(effect.good());
    out.set_faction(effect.faction());
    out.set_against(effect.against());
  }
  return reply;
}

}  // namespace troupe::world
