// Where players are, as far as the server believes their clients; and room for those who come.
#include <algorithm>

#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/state.pb.h"

namespace troupe {

namespace {

// Who was first heard of now has walked for so long.
constexpr std::int64_t kNewcomerMs = 1000;

}  // namespace

void NpcService::keep_player(Turn& turn, const pb::PlayerRecord& record) {
  players_[record.player()] = record;
  turn.write(
      "insert into npc_players (player, record) values ($1, $2) "
      "on conflict (player) do update set record = excluded.record",
      db::Values{record.player(), db::Blob{stable_bytes(record)}});
}

// From where the server has them: the last position, or the place that their document names, when a verb or a
// game server has put them elsewhere since.
npc::Step NpcService::player_step(Turn& turn, const Caller& caller, const std::string& player,
                                  npc::Position says) {
  constexpr double kAnySpeed = 1e9;
  if (caller.acts_for_others()) return npc::step(says, says, kAnySpeed, 1);
  std::string place = pack_.world.arrival.str();
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  if (const auto document = turn.call<pb::StateDocument>(as_self(), get)) {
    const auto& fields = document->document().fields();
    if (const auto found = fields.find("place"); found != fields.end()) place = found->second.string_value();
  }
  const auto known = players_.find(player);
  npc::Position from = says;
  std::int64_t elapsed_ms = kNewcomerMs;
  if (known != players_.end() && (known->second.place() == place || pack_.place(place) == nullptr)) {
    from = {known->second.x(), known->second.y()};
    const auto& clock = turn.clock();
    elapsed_ms = clock.real_of({turn.now().ms - known->second.seen_ms()}).count();
  } else if (const auto* there = pack_.place(place)) {
    from = {there->x, there->y};
  }
  const auto& rule = pack_.world.players;
  return npc::step(from, says, rule.game_says ? 0 : rule.speed_m_s, elapsed_ms);
}

// A verb brought them there.
void NpcService::player_moved(Turn& turn, const std::string& player, const std::string& place) {
  const auto known = players_.find(player);
  const auto* there = pack_.place(place);
  if (known == players_.end() || there == nullptr) return;
  pb::PlayerRecord record = known->second;
  record.set_x(there->x);
  record.set_y(there->y);
  record.set_place(place);
  record.set_seen_ms(turn.now().ms);
  keep_player(turn, record);
}

// Whoever was not heard of for a real minute makes room, the longest gone first.
Result<void> NpcService::make_room(Turn& turn) {
  if (players_.size() < config_.limits.players_max) return {};
  const auto gone = std::ranges::min_element(players_, {}, [](const auto& p) { return p.second.seen_ms(); });
  const std::int64_t fresh_ms = turn.clock().span_of(std::chrono::minutes(1)).ms;
  if (turn.now().ms - gone->second.seen_ms() <= fresh_ms) {
    return fail(Code::exhausted, "npc.players", "no room for more players", 60'000);
  }
  turn.write("delete from npc_players where player = $1", db::Values{gone->first});
  players_.erase(gone);
  return {};
}

// One more will be kept; the one that is of no use any more for the longest goes.
void NpcService::forget_anticipated() {
  if (anticipated_.size() < config_.limits.anticipated_max) return;
  const auto oldest = std::ranges::min_element(
      anticipated_, {}, [](const auto& entry) { return std::pair(entry.second.reading, entry.second.at); });
  if (!oldest->second.reading) anticipated_.erase(oldest);
}

}  // namespace troupe
