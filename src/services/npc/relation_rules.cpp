#include "services/npc/relation_rules.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "services/npc/player_key.h"

namespace troupe::npc {

namespace {

constexpr double kDayMs = 86'400'000;

pb::StirRecord& stir_of(pb::RelationRecord& relation, std::string_view feeling) {
  for (auto& stir : *relation.mutable_stirred()) {
    if (stir.feeling() == feeling) return stir;
  }
  auto* stir = relation.add_stirred();
  stir->set_feeling(std::string(feeling));
  return *stir;
}

// How far from what they feel for anybody.
double weight(const pb::RelationRecord& r, const pack::Relation& stranger) {
  return std::abs(r.trust() - stranger.trust) + std::abs(r.fear() - stranger.fear) +
         std::abs(r.respect() - stranger.respect) + std::abs(r.disgust() - stranger.disgust) +
         std::abs(r.affection() - stranger.affection) + std::abs(r.anger() - stranger.anger);
}

void forget_relation(pb::NpcRecord& record, const pack::Npc& who, std::string_view spared) {
  auto* relations = record.mutable_relations();
  auto worst = relations->end();
  double least = 0;
  for (auto at = relations->begin(); at != relations->end(); ++at) {
    if (!is_player_key(at->to()) || at->to() == spared) continue;
    const double counts = weight(*at, who.strangers);
    const bool less = worst == relations->end() || counts < least ||
                      (counts == least && at->moved_ms() < worst->moved_ms());
    if (!less) continue;
    worst = at;
    least = counts;
  }
  if (worst != relations->end()) relations->erase(worst);
}

void forget_told(pb::NpcRecord& record, std::string_view spared) {
  auto* told = record.mutable_told();
  auto worst = told->end();
  for (auto at = told->begin(); at != told->end(); ++at) {
    if (player_key(at->player()) == spared) continue;
    if (worst == told->end() || at->facts_size() < worst->facts_size()) worst = at;
  }
  if (worst != told->end()) told->erase(worst);
}

}  // namespace

double dampened(pb::RelationRecord& relation, std::string_view feeling, double by, std::int64_t now_ms,
                const RelationLimits& limits) {
  auto& stir = stir_of(relation, feeling);
  const double days = static_cast<double>(std::max<std::int64_t>(0, now_ms - stir.at_ms())) / kDayMs;
  const double faded = limits.moved_a_day * days;
  double lately = stir.by();
  lately = lately > 0 ? std::max(0., lately - faded) : std::min(0., lately + faded);
  if (lately * by > 0) by *= std::max(0., 1 - std::abs(lately) / limits.moved_a_day);
  stir.set_by(lately + by);
  stir.set_at_ms(now_ms);
  return by;
}

void forget_strangers(pb::NpcRecord& record, const pack::Npc& who, std::string_view spared,
                      const RelationLimits& limits) {
  const auto players = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(record.relations(), [](const auto& r) { return is_player_key(r.to()); }));
  };
  for (auto count = players(); count > limits.players_max; --count) forget_relation(record, who, spared);
  while (static_cast<std::size_t>(record.told_size()) > limits.players_max) forget_told(record, spared);
}

}  // namespace troupe::npc
