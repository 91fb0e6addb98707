#include "services/weather/weather_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace troupe {

namespace {

using pack::Weather;
using weather::kHourMs;
using weather::RegionState;

constexpr const char* kService = "weather";
constexpr const char* kHourTimer = "hour:";

std::int64_t hour_of(GameTime time) { return time.ms / kHourMs; }

pb::WeatherState to_pb(Weather state) { return static_cast<pb::WeatherState>(static_cast<int>(state) + 1); }
Weather from_pb(pb::WeatherState state) {
  return static_cast<Weather>(std::max(static_cast<int>(state), 1) - 1);
}

RegionState from_record(const pb::WeatherRegionRecord& record) {
  return {.state = from_pb(record.state()),
          .intensity = record.intensity(),
          .temperature_c = record.temperature_c(),
          .wind_kmh = record.wind_kmh(),
          .humidity = record.humidity(),
          .hour = record.hour(),
          .hours_in_state = record.hours_in_state(),
          .pinned_until_ms = record.pinned_until_ms()};
}

pb::WeatherRegionRecord to_record(const std::string& region, const RegionState& state,
                                  const std::vector<weather::Onset>& announced) {
  pb::WeatherRegionRecord record;
  record.set_region(region);
  record.set_state(to_pb(state.state));
  record.set_intensity(state.intensity);
  record.set_temperature_c(state.temperature_c);
  record.set_wind_kmh(state.wind_kmh);
  record.set_humidity(state.humidity);
  record.set_hour(state.hour);
  record.set_hours_in_state(state.hours_in_state);
  record.set_pinned_until_ms(state.pinned_until_ms);
  for (const auto& onset : announced) {
    auto& out = *record.add_announced();
    out.set_at_ms(onset.at_ms);
    out.set_state(to_pb(onset.state));
  }
  return record;
}

void describe(const std::string& region, bool none, const RegionState& state, GameTime at,
              pb::WeatherNow& out) {
  out.set_region(region);
  out.set_state(none ? std::string("none") : std::string(pack::name_of(state.state)));
  out.set_intensity(state.intensity);
  out.set_temperature_c(state.temperature_c);
  out.set_wind_kmh(state.wind_kmh);
  out.set_humidity(state.humidity);
  out.set_at_ms(at.ms);
  // A pin may end between two hours.
  out.set_pinned_until_ms(state.pinned_until_ms > at.ms ? state.pinned_until_ms : 0);
}

template <class Event>
void set_values(const RegionState& state, Event& event) {
  event.set_intensity(static_cast<float>(state.intensity));
  event.set_temperature_c(static_cast<float>(state.temperature_c));
  event.set_wind_kmh(static_cast<float>(state.wind_kmh));
  event.set_humidity(static_cast<float>(state.humidity));
}

}  // namespace

WeatherService::WeatherService(const pack::Pack& pack, Host& host, WeatherLimits limits)
    : host_(host), limits_(limits), seasons_(pack.calendar), table_(host.timeline()) {
  for (const auto& region : pack.climate.regions) {
    regions_.push_back({.id = region.id.str(),
                        .rules = weather::make_rules(region),
                        .start = region.start,
                        .none = region.sky == pack::Region::Sky::none});
    ids_.push_back(region.id.str());
  }
}

void WeatherService::mount() {
  host_.serve(&WeatherService::get, this);
  host_.serve(&WeatherService::list, this);
  host_.serve(&WeatherService::forecast, this);
  host_.serve(&WeatherService::set, this);
  host_.serve(&WeatherService::unpin, this);

  Timeline& timeline = host_.timeline();
  timeline.add_genesis(kService, [this](Turn& turn) {
    for (const auto& region : regions_) settle_in(turn, region);
  });
  timeline.add_pack_hook(kService, [this](Turn& turn, const pb::PackChanged&) { on_pack_changed(turn); });
  timeline.add_timer_handler(
      kService, [this](Turn& turn, const std::string& key, const std::string&) { on_hour(turn, key); });
}

RegionState WeatherService::state_of(const Region& region) const {
  if (const auto* record = table_.find(region.id)) return from_record(*record);
  const std::int64_t hour = hour_of(host_.timeline().now());
  return weather::begin(region.rules, region.start, hour, seasons_.at_hour(hour));
}

WeatherService::Onsets WeatherService::announced(const Region& region) const {
  Onsets out;
  const auto* record = table_.find(region.id);
  if (record == nullptr) return out;
  for (const auto& onset : record->announced()) out.push_back({onset.at_ms(), from_pb(onset.state())});
  return out;
}

// ---- What time brings

RegionState WeatherService::calm(const Region& region, std::int64_t hour) const {
  RegionState state = weather::begin(region.rules, region.start, hour, seasons_.at_hour(hour));
  const auto& band = region.rules.bands[static_cast<std::size_t>(seasons_.at_hour(hour))];
  state.intensity = state.wind_kmh = state.humidity = 0;
  state.temperature_c = std::round((band.low_c + band.high_c) / 2 * 100) / 100;
  return state;
}

void WeatherService::settle_in(Turn& turn, const Region& region) {
  const std::int64_t hour = hour_of(turn.now());
  if (region.none) {
    turn.unschedule(kService, kHourTimer + region.id);
    return table_.put(turn, to_record(region.id, calm(region, hour), {}));
  }
  const auto state = weather::begin(region.rules, region.start, hour, seasons_.at_hour(hour));
  if (weather::norm_of(state.state).severe) tell(turn, region, {turn.now().ms, state.state});
  table_.put(turn, to_record(region.id, state, warn(turn, region, state, announced(region))));
  turn.schedule(kService, kHourTimer + region.id, {(hour + 1) * kHourMs});
}

// Regions come and go with the pack; those that stay go on from their weather, by the rules that hold now.
void WeatherService::on_pack_changed(Turn& turn) {
  std::vector<std::string> gone;
  for (const auto& [key, record] : table_.rows()) {
    if (std::ranges::find(ids_, record.region()) == ids_.end()) gone.push_back(record.region());
  }
  for (const auto& id : gone) {
    table_.erase(turn, id);
    turn.unschedule(kService, kHourTimer + id);
  }
  for (const auto& region : regions_) {
    // One that had no weather has no hours to go on from, and one that has none any more no use for them.
    const bool hours = turn.scheduled(kService, kHourTimer + region.id);
    if (table_.find(region.id) == nullptr || region.none == hours) {
      settle_in(turn, region);
      continue;
    }
    const auto state = state_of(region);
    table_.put(turn, to_record(region.id, state, warn(turn, region, state, announced(region))));
  }
}

void WeatherService::on_hour(Turn& turn, const std::string& key) {
  const std::string id = key.substr(std::string_view(kHourTimer).size());
  const auto region = std::ranges::find(regions_, id, &Region::id);
  if (region == regions_.end()) return;
  const rt::Draw draw = weather::draw_of(turn.seed(), region->id);
  RegionState after;
  weather::forecast(region->rules, seasons_, state_of(*region), draw, std::span(&after, 1));
  move_to(turn, *region, after);
  turn.schedule(kService, key, {(after.hour + 1) * kHourMs});
}

void WeatherService::move_to(Turn& turn, const Region& region, const RegionState& after) {
  const Weather from = state_of(region).state;
  const auto told = announced(region);
  if (from != after.state) {
    pb::WeatherChanged event;
    event.set_from(to_pb(from));
    event.set_to(to_pb(after.state));
    set_values(after, event);
    turn.emit(event, {.subject = region.id});
    const weather::Onset onset{turn.now().ms, after.state};
    // Somebody has set it.
    if (weather::norm_of(after.state).severe && std::ranges::find(told, onset) == told.end())
      tell(turn, region, onset);
  } else {
    pb::WeatherTransitioned event;
    event.set_state(to_pb(after.state));
    set_values(after, event);
    turn.emit(event, {.subject = region.id, .priority = pb::PRIORITY_LOW});
  }
  table_.put(turn, to_record(region.id, after, warn(turn, region, after, told)));
}

// Tells of each severe state once, as early as the limits say. What was announced and will not come, since
// somebody has made another weather, is forgotten: if it comes all the same, it is told again.
WeatherService::Onsets WeatherService::warn(Turn& turn, const Region& region, const RegionState& state,
                                            const Onsets& announced) {
  Onsets ahead(static_cast<std::size_t>(limits_.severe_lead_hours));
  ahead.resize(
      weather::severe_onsets(region.rules, seasons_, state, weather::draw_of(turn.seed(), region.id), ahead));
  for (const auto& onset : ahead) {
    if (std::ranges::find(announced, onset) == announced.end()) tell(turn, region, onset);
  }
  return ahead;
}

void WeatherService::tell(Turn& turn, const Region& region, const weather::Onset& onset) {
  pb::WeatherSevere event;
  event.set_state(to_pb(onset.state));
  event.set_starts_at_ms(onset.at_ms);
  turn.emit(event, {.subject = region.id, .priority = pb::PRIORITY_HIGH});
}

// ---- What people ask

Result<std::size_t> WeatherService::find(const std::string& id) const {
  const auto found = std::ranges::find(regions_, id, &Region::id);
  if (found != regions_.end()) return static_cast<std::size_t>(found - regions_.begin());
  return fail(Code::not_found, "weather.unknown_region",
              fmt::format("no region '{}' here{}", id, did_you_mean(id, ids_)));
}

Result<pb::WeatherNow> WeatherService::get(const Caller&, const pb::WeatherGetRequest& request) const {
  TRY(const std::size_t index, find(request.region()));
  const Region& region = regions_[index];
  pb::WeatherNow reply;
  describe(region.id, region.none, state_of(region), host_.timeline().now(), reply);
  return reply;
}

Result<pb::WeatherListReply> WeatherService::list(const Caller&, const pb::WeatherListRequest&) const {
  pb::WeatherListReply reply;
  for (const auto& region : regions_) {
    describe(region.id, region.none, state_of(region), host_.timeline().now(), *reply.add_regions());
  }
  return reply;
}

Result<pb::WeatherForecastReply> WeatherService::forecast(const Caller&,
                                                          const pb::WeatherForecastRequest& request) const {
  TRY(const std::size_t index, find(request.region()));
  const Region& region = regions_[index];
  const double certainty = request.certainty() == 0 ? 1 : request.certainty();
  const rt::Draw draw = weather::draw_of(seed(), region.id);
  std::vector<RegionState> hours(static_cast<std::size_t>(request.hours()));
  if (region.none) {
    for (std::size_t i = 0; i < hours.size(); ++i)
      hours[i] = calm(region, hour_of(host_.timeline().now()) + 1 + static_cast<std::int64_t>(i));
  } else {
    weather::forecast(region.rules, seasons_, state_of(region), draw, hours);
  }
  pb::WeatherForecastReply reply;
  reply.set_region(region.id);
  for (std::size_t i = 0; i < hours.size(); ++i) {
    const RegionState said = region.none
                                 ? hours[i]
                                 : weather::blurred(region.rules, hours[i], seasons_.at_hour(hours[i].hour),
                                                    static_cast<int>(i) + 1, certainty, draw);
    describe(region.id, region.none, said, {said.hour * kHourMs}, *reply.add_hours());
  }
  return reply;
}

Result<pb::WeatherNow> WeatherService::set(Turn& turn, const Caller&, const pb::WeatherSetRequest& request) {
  TRY(const std::size_t index, find(request.region()));
  const Region& region = regions_[index];
  if (region.none) {
    return fail(Code::conflict, "weather.none",
                fmt::format("'{}' has no weather: climate.yaml says so", region.id));
  }
  const auto state = pack::find_name<Weather>(pack::kWeatherNames, request.state());
  if (!state) {
    static const std::vector<std::string> names(pack::kWeatherNames.begin(), pack::kWeatherNames.end());
    return fail(Code::invalid_argument, "weather.unknown_state",
                fmt::format("no weather '{}'{}", request.state(), did_you_mean(request.state(), names)));
  }
  RegionState after = state_of(region);
  if (after.state != *state) {
    after = weather::set_to(region.rules, after, *state, seasons_.at_hour(hour_of(turn.now())));
  }
  after.pinned_until_ms = request.pin_hours() == 0 ? 0 : turn.now().ms + request.pin_hours() * kHourMs;
  move_to(turn, region, after);
  pb::WeatherNow reply;
  describe(region.id, region.none, state_of(region), turn.now(), reply);
  return reply;
}

Result<pb::WeatherNow> WeatherService::unpin(Turn& turn, const Caller&,
                                             const pb::WeatherUnpinRequest& request) {
  TRY(const std::size_t index, find(request.region()));
  const Region& region = regions_[index];
  auto state = state_of(region);
  if (state.pinned_until_ms != 0) {
    state.pinned_until_ms = 0;
    table_.put(turn, to_record(region.id, state, warn(turn, region, state, announced(region))));
  }
  pb::WeatherNow reply;
  describe(region.id, region.none, state_of(region), turn.now(), reply);
  return reply;
}

}  // namespace troupe
