#pragma once
// How feelings towards somebody move, and whom somebody forgets to have feelings about. Pure; the numbers are
// here.
#include <cstdint>
#include <string_view>

#include "pack/pack.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

struct RelationLimits {
  // So far one feeling goes in one direction by whatever somebody does in a day: the first deed counts in
  // full, the same again and again ever less. Large deeds may go beyond at once.
  double moved_a_day = .2;
  // Players of whom feelings, and what they were told, are kept for each person: the record is written with
  // each act.
  std::size_t players_max = 100;
};

// What `by` comes to after what was done lately; noted in the relation.
double dampened(pb::RelationRecord& relation, std::string_view feeling, double by, std::int64_t now_ms,
                const RelationLimits& limits = {});

// Forgets players beyond the bound: whoever matters least and longest ago first, never `spared`
// ("player:anna"). People of the pack stay.
void forget_strangers(pb::NpcRecord& record, const pack::Npc& who, std::string_view spared,
                      const RelationLimits& limits = {});

}  // namespace troupe::npc
