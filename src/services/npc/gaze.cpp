#include "services/npc/gaze.h"

#include <algorithm>
#include <cmath>

#include "base/steady.h"

namespace troupe::npc {

struct Gaze::Seen {
  std::string key;
  std::string name;
  double metres = 0;
};

// The nearest.
std::vector<Gaze::Seen> Gaze::in_sight(const Mind& mind, std::int64_t now_ms) const {
  const auto at = position(pack_, mind.record(), now_ms);
  const double far = config_.tuning.look_m;
  std::vector<Seen> seen;
  for (const auto* player : players_.present()) {
    const double metres = steady_distance(player->x() - at.x, player->y() - at.y);
    if (metres <= far) seen.push_back({player_key(player->player()), player->player(), metres});
  }
  for (const auto& [id, other] : minds_.people()) {
    if (id == mind.record().id() || other->record().dead()) continue;
    const auto there = position(pack_, other->record(), now_ms);
    const double metres = steady_distance(there.x - at.x, there.y - at.y);
    if (metres <= far) seen.push_back({id, other->who->name, metres});
  }
  std::ranges::sort(seen, [](const Seen& a, const Seen& b) {
    return a.metres != b.metres ? a.metres < b.metres : a.key < b.key;
  });
  if (seen.size() > config_.limits.options_max) seen.resize(config_.limits.options_max);
  return seen;
}

void Gaze::look_about(Turn& turn, Mind& mind) const {
  const auto& tuning = config_.tuning;
  const auto& record = mind.record();
  const auto now = turn.now().ms;
  const auto seen = in_sight(mind, now);
  const auto draw = turn.draw("npc.look", record.id());
  const auto& traits = mind.who->traits;
  std::vector<Weighed> weighed = {{.option = 0, .utility = tuning.look_keep_on}};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto relation = relation_or_default(mind, seen[i].key);
    double utility = tuning.look_least + tuning.look_temper * (traits.curiosity + traits.sociability) +
                     tuning.look_feeling * std::abs(score(relation));
    if (seen[i].key == player_key(record.talking_to())) utility += tuning.look_partner;
    if (seen[i].key == record.looks_at()) utility -= tuning.look_stare;
    weighed.push_back({.option = i + 1, .utility = utility});
  }
  for (auto& w : weighed) {
    w.utility += tuning.look_chance *
                 draw.uniform(static_cast<std::uint64_t>(now), static_cast<std::uint32_t>(w.option));
  }
  std::ranges::sort(weighed, [](const auto& a, const auto& b) {
    return a.utility != b.utility ? a.utility > b.utility : a.option < b.option;
  });
  const auto& doing = texts_.doing;
  const auto text = [&](const Weighed& w) {
    return w.option == 0 ? doing.keep_at_it.with({{"scene", record.scene()}})
                         : doing.look_at.with({{"name", seen[w.option - 1].name}});
  };
  pb::NpcDecided event;
  event.set_npc(record.id());
  const auto shares = probabilities(weighed);
  for (std::size_t i = 0; i < weighed.size(); ++i) {
    event.add_options(text(weighed[i]));
    event.add_probabilities(static_cast<float>(shares[i]));
  }
  const bool keeps_on = weighed[0].option == 0;
  event.set_choice(text(weighed[0]));
  event.set_reason((keeps_on ? texts_.reason.keeps_at_it : texts_.reason.looks_about).text());
  event.set_tier("reflex");
  event.set_verdict(keeps_on ? "carries on" : "done");
  minds_.edit(turn, mind).set_looks_at(keeps_on ? std::string() : seen[weighed[0].option - 1].key);
  turn.emit(event, {.subject = record.id(), .place = place_now(pack_, record, now)});
}

}  // namespace troupe::npc
