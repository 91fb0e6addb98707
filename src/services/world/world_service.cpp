#include "services/world/world_service.h"

namespace troupe {

namespace {

constexpr std::int64_t kRoundHours = 6;
constexpr std::int64_t kDayHours = 24;

}  // namespace

WorldService::WorldService(const pack::Pack& pack, Host& host, world::Limits limits)
    : pack_(pack),
      host_(host),
      limits_(limits),
      history_(host, limits_),
      markets_(pack, host, limits_, [this](Turn& turn, const world::Happening& what) { follow(turn, what); }),
      factions_(pack, host, [this](Turn& turn, const world::Happening& what) { follow(turn, what); }),
      consequences_(pack, host, limits_, markets_, factions_) {}

void WorldService::mount() {
  host_.serve(&WorldService::get, static_cast<const WorldService*>(this));
  history_.mount();
  markets_.mount();
  factions_.mount();
  consequences_.mount();

  host_.on(&WorldService::on_phase, this);

  Timeline& timeline = host_.timeline();
  timeline.add_genesis(world::kService, [this](Turn& turn) { begin(turn); });
  timeline.add_pack_hook(world::kService, [this](Turn& turn, const pb::PackChanged&) { settle(turn); });
  timeline.add_timer_handler(world::kService,
                             [this](Turn& turn, const std::string& key, const std::string& payload) {
                               on_timer(turn, key, payload);
                             });
}

void WorldService::begin(Turn& turn) {
  settle(turn);
  next_round(turn, turn.now().ms / world::kHourMs);
}

// A world that is older than its markets had this service, so that it has no beginning of them.
void WorldService::on_phase(Turn& turn, const EventContext&, const pb::PhaseChanged&) {
  if (!turn.scheduled(world::kService, world::kRoundTimer)) begin(turn);
}

// What names a thing that the pack has no more goes before what is new comes: a market is nobody's any more then.
void WorldService::settle(Turn& turn) {
  consequences_.settle(turn);
  markets_.settle(turn);
  factions_.settle(turn);
}

void WorldService::follow(Turn& turn, const world::Happening& what) { consequences_.follow(turn, what); }

void WorldService::next_round(Turn& turn, std::int64_t hour) {
  const std::int64_t next = (hour / kRoundHours + 1) * kRoundHours;
  turn.schedule(world::kService, world::kRoundTimer, {next * world::kHourMs}, std::to_string(next));
}

void WorldService::on_timer(Turn& turn, const std::string& key, const std::string& payload) {
  const std::string_view name = key;
  if (name == world::kRoundTimer) return on_round(turn, std::stoll(payload));
  if (name.starts_with(world::kShockTimer))
    return markets_.end_shock(turn, std::stoull(key.substr(std::string_view(world::kShockTimer).size())));
  consequences_.act(turn, key);
}

// One that is late is made up for: the next one is due at once, and the days are those that they would have been.
void WorldService::on_round(Turn& turn, std::int64_t hour) {
  markets_.round(turn, hour);
  if (hour % kDayHours == 0) factions_.day(turn, hour / kDayHours);
  next_round(turn, hour);
}

Result<pb::WorldInfo> WorldService::get(const Caller& caller, const pb::WorldGetRequest&) const {
  pb::WorldInfo info;
  const auto& config = host_.timeline().config();
  info.set_name(config.world);
  info.set_title(pack_.world.title);
  if (sees_everything(caller.role))
    info.set_seed(config.seed);  // with it all that will happen can be computed
  info.set_pack_hash(pack_.hash);
  info.set_sequence(host_.timeline().tail().events);
  for (const auto& place : pack_.places) {
    auto* out = info.add_places();
    out->set_id(place.id.str());
    out->set_name(place.name);
    out->set_kind(place.kind);
    out->set_region(place.region.str());
    out->set_x(place.x);
    out->set_y(place.y);
    out->set_indoors(place.indoors);
    for (const auto& neighbour : place.neighbours) out->add_neighbours(neighbour.str());
    out->set_text(place.text);
  }
  return info;
}

}  // namespace troupe
