#include "services/npc/players.h"

#include <algorithm>
#include <cmath>

#include "base/steady.h"
#include "host/word_guard.h"

namespace troupe::npc {

namespace {

// A kind of good that the platform knows: who carries one is armed.
constexpr const char* kWeaponKind = "weapon";

}  // namespace

void Players::mount() {
  host_.on(&Players::on_state, this);
  host_.on(&Players::on_gone, this);
}

Result<void> check_player(const std::string& name) {
  if (name.empty()) return fail(Code::invalid_argument, "npc.no_player", "player must say who this is");
  return check_player_name(name);
}

std::vector<const pb::PlayerRecord*> Players::present() const {
  const auto& timeline = host_.timeline();
  const auto since = timeline.now().ms - real_ms(timeline.clock(), config_.tuning.present_real);
  std::vector<const pb::PlayerRecord*> present;
  for (const auto& [key, player] : players_.rows()) {
    if (player.seen_ms() >= since) present.push_back(&player);
  }
  return present;
}

std::vector<std::string> Players::at(const std::string& place) const {
  std::vector<std::string> here;
  for (const auto* player : present()) {
    if (player->place() == place) here.push_back(player->player());
  }
  return here;
}

void Players::note_addressed(Turn& turn, const std::string& player) {
  const auto* known = players_.find(player);
  if (known == nullptr) return;
  auto record = *known;
  record.set_addressed_ms(turn.now().ms);
  players_.put(turn, std::move(record));
}

bool Players::could_see(Position at) const {
  return std::ranges::any_of(present(), [&](const auto* player) {
    return steady_distance(player->x() - at.x, player->y() - at.y) <= config_.limits.interest_m;
  });
}

Result<pb::NpcInputReply> Players::stand(Turn& turn, const Caller& caller,
                                         const pb::NpcInputRequest& request) {
  const std::string name = caller.player_or_self(request.player());
  TRY_VOID(check_player(name));
  if (!request.typing_to().empty()) TRY_VOID(minds_.check(request.typing_to()));
  const auto at = step(turn, caller, name, {request.x(), request.y()});
  const auto& place = nearest_place(pack_, at.at.x, at.at.y);
  pb::NpcInputReply reply;
  reply.set_place(place.id.str());
  reply.set_x(at.at.x);
  reply.set_y(at.at.y);
  reply.set_held(at.held);
  const auto now = turn.now().ms;
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead()) continue;
    const auto there = position(pack_, mind->record(), now);
    if (steady_distance(there.x - at.at.x, there.y - at.at.y) < config_.limits.interest_m) reply.add_near(id);
  }
  const auto* known = players_.find(name);
  if (known == nullptr) TRY_VOID(make_room(turn));
  pb::PlayerRecord next;
  next.set_player(name);
  // Half metres: what nobody can see is not history.
  next.set_x(at.at.x);
  next.set_y(at.at.y);
  next.set_place(place.id.str());
  next.set_armed(known != nullptr && known->armed());
  next.set_looked_at(request.looked_at());
  next.set_typing_to(request.typing_to());
  if (known != nullptr) {
    next.set_seen_ms(known->seen_ms());
    next.set_addressed_ms(known->addressed_ms());
    const bool same = next.SerializeAsString() == known->SerializeAsString();
    if (same && now - known->seen_ms() < turn.clock().span_of(config_.tuning.refresh_real).ms) return reply;
  }
  const bool moved = known == nullptr || known->place() != next.place();
  next.set_seen_ms(now);
  players_.put(turn, std::move(next));
  if (moved) tell_state(turn, name, reply.place());
  return reply;
}

// From where the server has them: the last position, or the place that their document names, when a verb or a
// game server has put them elsewhere since.
Step Players::step(Turn& turn, const Caller& caller, const std::string& player, Position says) {
  constexpr double kAnySpeed = 1e9;
  if (caller.acts_for_others()) return npc::step(says, says, kAnySpeed, 1);
  std::string place = pack_.world.arrival.str();
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  if (const auto document = turn.call<pb::StateDocument>(as_npc(turn.world()), get)) {
    const auto& fields = document->document().fields();
    if (const auto found = fields.find("place"); found != fields.end()) place = found->second.string_value();
  }
  const auto* known = players_.find(player);
  Position from = says;
  std::int64_t elapsed_ms = config_.tuning.newcomer_real.count();
  if (known != nullptr && (known->place() == place || pack_.place(place) == nullptr)) {
    from = {known->x(), known->y()};
    const auto& clock = turn.clock();
    elapsed_ms = clock.real_of({turn.now().ms - known->seen_ms()}).count();
  } else if (const auto* there = pack_.place(place)) {
    from = {there->x, there->y};
  }
  const auto& rule = pack_.world.players;
  return npc::step(from, says, rule.game_says ? 0 : rule.speed_m_s, elapsed_ms);
}

// Who has no document yet gets one.
void Players::tell_state(Turn& turn, const std::string& player, const std::string& place) {
  const auto self = as_npc(turn.world());
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  if (turn.call<pb::StateDocument>(self, get)) {
    pb::StatePatchRequest patch;
    patch.set_kind("player");
    patch.set_id(player);
    (*patch.mutable_patch()->mutable_fields())["place"].set_string_value(place);
    (void)turn.call<pb::StateDocument>(self, patch);
    read(turn, player);  // whether they are armed
    return;
  }
  pb::StatePutRequest put;
  put.set_kind("player");
  put.set_id(player);
  auto& fields = *put.mutable_document()->mutable_fields();
  fields["place"].set_string_value(place);
  fields["money"].set_number_value(0);
  fields["items"].mutable_struct_value();
  (void)turn.call<pb::StateDocument>(self, put);
}

void Players::moved(Turn& turn, const std::string& player, const std::string& place) {
  const auto* known = players_.find(player);
  const auto* there = pack_.place(place);
  if (known == nullptr || there == nullptr) return;
  auto record = *known;
  record.set_x(there->x);
  record.set_y(there->y);
  record.set_place(place);
  record.set_seen_ms(turn.now().ms);
  players_.put(turn, std::move(record));
}

// Whoever was not heard of for a real minute makes room, the longest gone first.
Result<void> Players::make_room(Turn& turn) {
  if (players_.size() < config_.limits.players_max) return {};
  const auto gone =
      std::ranges::min_element(players_.rows(), {}, [](const auto& p) { return p.second.seen_ms(); });
  const std::int64_t fresh_ms = turn.clock().span_of(std::chrono::minutes(1)).ms;
  if (turn.now().ms - gone->second.seen_ms() <= fresh_ms) {
    return fail(Code::exhausted, "npc.players", "no room for more players", 60'000);
  }
  players_.erase_at(turn, gone->first);
  return {};
}

void Players::keep(Turn& turn, pb::PlayerRecord next) {
  if (next.SerializeAsString() != players_.find(next.player())->SerializeAsString())
    players_.put(turn, std::move(next));
}

// Whoever writes a player's place or pockets in state writes them for npc too.
void Players::on_state(Turn& turn, const EventContext&, const pb::PlayerStateChanged& event) {
  const bool matters =
      std::ranges::any_of(event.keys(), [](const auto& key) { return key == "place" || key == "items"; });
  if (matters) read(turn, event.player());
}

void Players::read(Turn& turn, const std::string& player) {
  const auto* known = players_.find(player);
  if (known == nullptr) return;
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  const auto document = turn.call<pb::StateDocument>(as_npc(turn.world()), get);
  if (!document) return;
  auto next = *known;
  const auto& fields = document->document().fields();
  const auto place = fields.find("place");
  if (place != fields.end() && place->second.string_value() != next.place()) {
    if (const auto* there = pack_.place(place->second.string_value())) {
      next.set_place(there->id.str());
      next.set_x(there->x);
      next.set_y(there->y);
    }
  }
  const auto items = fields.find("items");
  next.set_armed(items != fields.end() &&
                 std::ranges::any_of(items->second.struct_value().fields(), [&](const auto& item) {
                   const auto* good = pack_.good(item.first);
                   return good != nullptr && good->kind == kWeaponKind && item.second.number_value() > 0;
                 }));
  keep(turn, std::move(next));
}

void Players::on_gone(Turn& turn, const EventContext&, const pb::EntityGone& event) {
  if (event.kind() == "player") players_.erase(turn, event.id());
}

// Where players arrive, if their place is gone; the document in `state` has moved already.
void Players::adapt(Turn& turn) {
  for (const auto& [key, player] : players_.rows()) {
    auto next = player;
    if (pack_.place(player.place()) == nullptr) {
      const auto& arrival = *pack_.place(pack_.world.arrival.str());
      next.set_place(arrival.id.str());
      next.set_x(arrival.x);
      next.set_y(arrival.y);
    }
    if (!minds_.has(player.looked_at())) next.clear_looked_at();
    if (!minds_.has(player.typing_to())) next.clear_typing_to();
    keep(turn, std::move(next));
  }
}

}  // namespace troupe::npc
