#include "services/weather/weather_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

void describe(const std::string& region, const RegionState& state, GameTime at, pb::WeatherNow& out) {
  out.set_region(region);
  out.set_state(std::string(pack::name_of(state.state)));
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
    : host_(host), limits_(limits), seasons_(pack.calendar) {
  for (const auto& region : pack.climate.regions) {
    regions_.push_back(
        {.id = region.id.str(), .rules = weather::make_rules(region), .start = region.start, .state = {}});
    ids_.push_back(region.id.str());
  }
}

void WeatherService::mount() {
  host_.serve(&WeatherService::get, this);
  host_.serve(&WeatherService::list, this);
  host_.serve(&WeatherService::forecast, this);
  host_.serve(&WeatherService::set, this);
  host_.serve(&WeatherService::unpin, this);
  host_.on(&WeatherService::on_phase, this);

  Timeline& timeline = host_.timeline();
  timeline.add_migrations(weather::migrations());
  timeline.add_table(weather::kTable, "region");
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
  timeline.add_genesis([this](Turn& turn) {
    for (auto& region : regions_) settle_in(turn, region);
  });
  timeline.add_timer_handler(
      kService, [this](Turn& turn, const std::string& key, const std::string&) { on_hour(turn, key); });
}

Result<void> WeatherService::load(db::Reader& reader) {
  TRY(const auto all, weather::load(reader));
  const std::int64_t hour = hour_of(host_.timeline().now());
  for (auto& region : regions_) {
    const auto found = std::ranges::find(all, region.id, &weather::Saved::region);
    region.saved = found != all.end();
    region.state = region.saved ? found->state
                                : weather::begin(region.rules, region.start, hour, seasons_.at_hour(hour));
    region.warned_ms = region.saved ? found->warned_ms : 0;
  }
  return {};
}

// ---- What time brings

void WeatherService::settle_in(Turn& turn, Region& region) {
  const std::int64_t hour = hour_of(turn.now());
  region.state = weather::begin(region.rules, region.start, hour, seasons_.at_hour(hour));
  warn(turn, region);
  save(turn, region);
  turn.schedule(kService, kHourTimer + region.id, {(hour + 1) * kHourMs});
}

// Regions that the pack has got since the world began.
void WeatherService::on_phase(Turn& turn, const EventContext&, const pb::PhaseChanged&) {
  for (auto& region : regions_) {
    if (!region.saved) settle_in(turn, region);
  }
}

void WeatherService::on_hour(Turn& turn, const std::string& key) {
  const std::string id = key.substr(std::string_view(kHourTimer).size());
  const auto region = std::ranges::find(regions_, id, &Region::id);
  if (region == regions_.end()) return weather::erase(turn, id);  // the pack has lost it
  const rt::Draw draw = weather::draw_of(turn.seed(), region->id);
  RegionState after;
  weather::forecast(region->rules, seasons_, region->state, draw, std::span(&after, 1));
  move_to(turn, *region, after);
  turn.schedule(kService, key, {(after.hour + 1) * kHourMs});
}

void WeatherService::move_to(Turn& turn, Region& region, const RegionState& after) {
  const Weather from = region.state.state;
  region.state = after;
  if (from != after.state) {
    pb::WeatherChanged event;
    event.set_from(to_pb(from));
    event.set_to(to_pb(after.state));
    set_values(after, event);
    turn.emit(event, {.subject = region.id});
  } else {
    pb::WeatherTransitioned event;
    event.set_state(to_pb(after.state));
    set_values(after, event);
    turn.emit(event, {.subject = region.id, .priority = pb::PRIORITY_LOW});
  }
  warn(turn, region);
  save(turn, region);
}

// Tells of the next severe spell, once, as early as the limits say.
void WeatherService::warn(Turn& turn, Region& region) {
  const std::int64_t now = turn.now().ms;
  pb::WeatherSevere event;
  if (weather::norm_of(region.state.state).severe) {
    if (region.warned_ms != 0 && region.warned_ms <= now) return;  // the spell that was announced
    event.set_state(to_pb(region.state.state));                    // somebody has set it
    event.set_starts_at_ms(now);
  } else {
    const auto ahead =
        weather::severe_ahead(region.rules, seasons_, region.state, weather::draw_of(turn.seed(), region.id),
                              limits_.severe_lead_hours);
    if (!ahead) {
      region.warned_ms = 0;
      return;
    }
    if (region.warned_ms > now) return;
    event.set_state(to_pb(ahead->state));
    event.set_starts_at_ms(ahead->hour * kHourMs);
  }
  region.warned_ms = event.starts_at_ms();
  turn.emit(event, {.subject = region.id, .priority = pb::PRIORITY_HIGH});
}

void WeatherService::save(Turn& turn, Region& region) {
  region.saved = true;
  weather::save(turn, {region.id, region.state, region.warned_ms});
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
  describe(region.id, region.state, host_.timeline().now(), reply);
  return reply;
}

Result<pb::WeatherListReply> WeatherService::list(const Caller&, const pb::WeatherListRequest&) const {
  pb::WeatherListReply reply;
  for (const auto& region : regions_) {
    describe(region.id, region.state, host_.timeline().now(), *reply.add_regions());
  }
  return reply;
}

Result<pb::WeatherForecastReply> WeatherService::forecast(const Caller&,
                                                          const pb::WeatherForecastRequest& request) const {
  TRY(const std::size_t index, find(request.region()));
  const Region& region = regions_[index];
  if (request.hours() < 1 || request.hours() > limits_.forecast_hours_max) {
    return fail(Code::invalid_argument, "weather.bad_hours",
                fmt::format("hours is {}; it must be 1 to {}", request.hours(), limits_.forecast_hours_max));
  }
  if (!(request.certainty() >= 0 && request.certainty() <= 1)) {  // also refuses NaN
    return fail(Code::invalid_argument, "weather.bad_certainty",
                fmt::format("certainty is {}; it must be 0 to 1", request.certainty()));
  }
  const double certainty = request.certainty() == 0 ? 1 : request.certainty();
  const rt::Draw draw = weather::draw_of(seed(), region.id);
  std::vector<RegionState> hours(static_cast<std::size_t>(request.hours()));
  weather::forecast(region.rules, seasons_, region.state, draw, hours);
  pb::WeatherForecastReply reply;
  reply.set_region(region.id);
  for (std::size_t i = 0; i < hours.size(); ++i) {
    const RegionState said = weather::blurred(region.rules, hours[i], seasons_.at_hour(hours[i].hour),
                                              static_cast<int>(i) + 1, certainty, draw);
    describe(region.id, said, {said.hour * kHourMs}, *reply.add_hours());
  }
  return reply;
}

Result<pb::WeatherNow> WeatherService::set(Turn& turn, const Caller&, const pb::WeatherSetRequest& request) {
  TRY(const std::size_t index, find(request.region()));
  Region& region = regions_[index];
  const auto state = pack::find_name<Weather>(pack::kWeatherNames, request.state());
  if (!state) {
    static const std::vector<std::string> names(pack::kWeatherNames.begin(), pack::kWeatherNames.end());
    return fail(Code::invalid_argument, "weather.unknown_state",
                fmt::format("no weather '{}'{}", request.state(), did_you_mean(request.state(), names)));
  }
  if (request.pin_hours() < 0 || request.pin_hours() > limits_.pin_hours_max) {
    return fail(
        Code::invalid_argument, "weather.bad_pin",
        fmt::format("pin_hours is {}; it must be 0 to {}", request.pin_hours(), limits_.pin_hours_max));
  }
  if (!region.saved) settle_in(turn, region);
  RegionState after = region.state;
  if (after.state != *state) {
    after = weather::set_to(region.rules, after, *state, seasons_.at_hour(hour_of(turn.now())));
  }
  after.pinned_until_ms = request.pin_hours() == 0 ? 0 : turn.now().ms + request.pin_hours() * kHourMs;
  move_to(turn, region, after);
  pb::WeatherNow reply;
  describe(region.id, region.state, turn.now(), reply);
  return reply;
}

Result<pb::WeatherNow> WeatherService::unpin(Turn& turn, const Caller&,
                                             const pb::WeatherUnpinRequest& request) {
  TRY(const std::size_t index, find(request.region()));
  Region& region = regions_[index];
  if (region.state.pinned_until_ms != 0) {
    region.state.pinned_until_ms = 0;
    warn(turn, region);
    save(turn, region);
  }
  pb::WeatherNow reply;
  describe(region.id, region.state, turn.now(), reply);
  return reply;
}

}  // namespace troupe
