#include "services/weather/weather_rules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace troupe::weather {

namespace {

using pack::Phase;
using pack::Season;
using pack::Weather;

constexpr std::array<Norm, kStates> kNorms{{
    {.intensity = 0, .wind_kmh = 5, .humidity = .40, .hours = 10},                   // clear
    {.intensity = .2, .wind_kmh = 8, .humidity = .50, .hours = 6},                   // partly_cloudy
    {.intensity = .4, .wind_kmh = 10, .humidity = .60, .hours = 6},                  // cloudy
    {.intensity = .6, .wind_kmh = 15, .humidity = .90, .hours = 4},                  // rain
    {.intensity = .8, .wind_kmh = 25, .humidity = .95, .hours = 2.5},                // heavy_rain
    {.intensity = .9, .wind_kmh = 40, .humidity = .85, .hours = 2, .severe = true},  // storm
    {.intensity = .5, .wind_kmh = 2, .humidity = .95, .hours = 3},                   // fog
    {.intensity = .3, .wind_kmh = 3, .humidity = .90, .hours = 3},                   // mist
    {.intensity = .6, .wind_kmh = 10, .humidity = .70, .hours = 5},                  // snow
    {.intensity = .8, .wind_kmh = 20, .humidity = .80, .hours = 4, .severe = true},  // heavy_snow
    {.intensity = 1, .wind_kmh = 60, .humidity = .85, .hours = 3, .severe = true},   // blizzard
    {.intensity = .4, .wind_kmh = 30, .humidity = .50, .hours = 4},                  // windy
    {.intensity = .9, .wind_kmh = 5, .humidity = .60, .hours = 8, .severe = true},   // extreme_heat
    {.intensity = .8, .wind_kmh = 8, .humidity = .50, .hours = 10, .severe = true},  // extreme_cold
}};

constexpr std::array<Band, kSeasons> kBands{{{5, 20}, {20, 35}, {0, 15}, {-10, 5}}};
constexpr Band kTemperatures{-40, 50};  // anywhere, ever, where the pack has no bands of its own
constexpr double kExtremeC = 10;        // how far the extremes reach beyond the band
constexpr double kWindMax = 150;

// How warm an hour is between the day's coldest (05:00) and warmest (15:00). A table and not cos(): the state
// hash of a world is the same on every machine.
constexpr std::array<double, 24> kDayCurve{.39, .28, .19, .11, .05, .00, .02, .10, .21, .35, .50, .65,
                                           .79, .90, .98, 1.0, .99, .95, .89, .81, .72, .61, .56, .48};

// Lanes of the draws of one hour; kDayLane is drawn at the day, the others at the hour.
enum Lane : std::uint32_t {
  kChangeLane,
  kWhichLane,
  kIntensityLane,
  kTemperatureLane,
  kWindLane,
  kHumidityLane,
  kDayLane,
  kBlurLane,  // and those after it
};

std::size_t at(Weather state) { return static_cast<std::size_t>(state); }
std::size_t at(Season season) { return static_cast<std::size_t>(season); }

// Values are kept in steps that people read well, which also makes them equal on every machine.
double to_step(double value, double steps) { return std::round(value * steps) / steps; }

double centred(const rt::Draw& draw, std::int64_t tick, Lane lane) {
  return 2 * draw.uniform(static_cast<std::uint64_t>(tick), lane) - 1;  // [-1, 1)
}

// How much likelier than its weight a change is at this time of day.
double favour(Phase phase, Weather to) {
  if (phase == Phase::dawn && to == Weather::fog) return 4;
  if (phase == Phase::dawn && to == Weather::mist) return 2;
  if (phase == Phase::dusk && to == Weather::storm) return 3;
  return 1;
}

bool is_snow(Weather state) {
  return state == Weather::snow || state == Weather::heavy_snow || state == Weather::blizzard;
}

// Where the temperature of a state must be. Ordinary weather may be outside the season's band for the hours
// that follow an extreme or a new season, but no further than the extremes.
Band allowed(const RegionRules& rules, const Band& band, Weather state) {
  Band out{band.low_c - kExtremeC, band.high_c + kExtremeC};
  if (state == Weather::extreme_heat) out.low_c = band.high_c;
  if (state == Weather::extreme_cold) out.high_c = band.low_c;
  if (is_snow(state)) out.high_c = band.low_c + 1;
  return {std::clamp(out.low_c, rules.limits.low_c, rules.limits.high_c),
          std::clamp(out.high_c, rules.limits.low_c, rules.limits.high_c)};
}

// Where the temperature of a state is drawn to. `day` in [-1, 1): one day is warmer than another.
double wanted_c(const Band& band, Weather state, std::int64_t hour, double day) {
  const double warmth = kDayCurve[static_cast<std::size_t>(hour % 24)];
  if (state == Weather::extreme_heat) return band.high_c + kExtremeC * (.3 + .7 * warmth);
  if (state == Weather::extreme_cold) return band.low_c - kExtremeC * (1 - .7 * warmth);
  if (is_snow(state)) return band.low_c + 1 - 5 * (1 - warmth);
  return band.low_c + (band.high_c - band.low_c) * (.2 + .6 * warmth + .15 * day);
}

// Part of the way from `value` to the state's own, which a draw blurs a little.
double relaxed(double value, double wanted, double rate, double blur) {
  return value + (wanted + blur - value) * rate;
}

void settle_values(RegionState& state, double temperature, const Band& temperatures) {
  state.intensity = to_step(std::clamp(state.intensity, 0.0, 1.0), 10'000);
  state.humidity = to_step(std::clamp(state.humidity, 0.0, 1.0), 10'000);
  state.wind_kmh = to_step(std::clamp(state.wind_kmh, 0.0, kWindMax), 100);
  state.temperature_c = to_step(std::clamp(temperature, temperatures.low_c, temperatures.high_c), 100);
}

RegionState with_norm(const RegionRules& rules, RegionState state, Season season) {
  const Norm& norm = norm_of(state.state);
  const Band& band = rules.bands[at(season)];
  state.intensity = norm.intensity;
  state.wind_kmh = norm.wind_kmh;
  state.humidity = norm.humidity;
  state.hours_in_state = 0;
  settle_values(state, wanted_c(band, state.state, state.hour, 0), allowed(rules, band, state.state));
  return state;
}

// Breadth first from every state that the season has, over neighbours: each other state learns its next step.
void find_ways_out(const std::array<bool, kStates>& has, std::array<Weather, kStates>& way_out) {
  std::array<bool, kStates> known = has;
  for (std::size_t i = 0; i < kStates; ++i) way_out[i] = static_cast<Weather>(i);
  for (std::size_t round = 0; round < kStates; ++round) {
    const auto before = known;
    for (std::size_t from = 0; from < kStates; ++from) {
      for (std::size_t to = 0; to < kStates && !known[from]; ++to) {
        if (!before[to] || !pack::weather_neighbours(static_cast<Weather>(from), static_cast<Weather>(to)))
          continue;
        way_out[from] = static_cast<Weather>(to);
        known[from] = true;
      }
    }
  }
}

struct Weighed {
  double plain = 0;     // the row's sum
  double favoured = 0;  // the same, as this time of day favours it
};

Weighed weigh(const std::array<double, kStates>& row, Phase phase) {
  Weighed sum;
  for (std::size_t to = 0; to < kStates; ++to) {
    sum.plain += row[to];
    sum.favoured += row[to] * favour(phase, static_cast<Weather>(to));
  }
  return sum;
}

Weather next_state(const RegionRules& rules, const RegionState& before, std::int64_t hour, Season season,
                   Phase phase, const rt::Draw& draw) {
  const double chance = change_chance(rules, before, season, phase);
  if (chance <= 0 || draw.uniform(static_cast<std::uint64_t>(hour), kChangeLane) >= chance)
    return before.state;
  if (!rules.has[at(season)][at(before.state)]) return rules.way_out[at(season)][at(before.state)];
  const auto& row = rules.weights[at(season)][at(before.state)];
  double left = draw.uniform(static_cast<std::uint64_t>(hour), kWhichLane) * weigh(row, phase).favoured;
  Weather last = before.state;
  for (std::size_t to = 0; to < kStates; ++to) {
    if (row[to] <= 0) continue;
    last = static_cast<Weather>(to);
    left -= row[to] * favour(phase, last);
    if (left < 0) break;
  }
  return last;
}

}  // namespace

const Norm& norm_of(Weather state) { return kNorms[at(state)]; }

RegionRules make_rules(const pack::Region& region) {
  RegionRules rules;
  for (std::size_t i = 0; i < kStates; ++i) rules.hours[i] = kNorms[i].hours;
  for (const auto& [state, hours] : region.hours) rules.hours[at(state)] = std::max(hours, .25);
  rules.limits = kTemperatures;
  for (std::size_t season = 0; season < kSeasons; ++season) {
    Band band = kBands[season];
    if (const auto own = region.temperatures.find(static_cast<Season>(season));
        own != region.temperatures.end()) {
      band = {own->second.low_c, own->second.high_c};
    }
    band = {band.low_c + region.temperature_offset_c, band.high_c + region.temperature_offset_c};
    rules.bands[season] = band;
    if (region.temperatures.empty()) continue;
    rules.limits.low_c = std::min(rules.limits.low_c, band.low_c - kExtremeC);
    rules.limits.high_c = std::max(rules.limits.high_c, band.high_c + kExtremeC);
  }
  if (region.sky != pack::Region::Sky::seasons) {
    for (auto& has : rules.has) has[at(region.start)] = true;  // and nothing that it leads to
  }
  for (const auto& [season, matrix] : region.seasons) {
    for (const auto& [from, row] : matrix) {
      rules.has[at(season)][at(from)] = true;
      for (const auto& [to, weight] : row) {
        if (weight > 0 && matrix.contains(to) && pack::weather_neighbours(from, to)) {
          rules.weights[at(season)][at(from)][at(to)] = weight;
        }
      }
    }
  }
  for (std::size_t season = 0; season < kSeasons; ++season) {
    find_ways_out(rules.has[season], rules.way_out[season]);
  }
  return rules;
}

Seasons::Seasons(const pack::Calendar& calendar) {
  for (const auto& month : calendar.months)
    days_.insert(days_.end(), static_cast<std::size_t>(month.days), month.season);
  TROUPE_CHECK(!days_.empty(), "a loaded calendar has days");
}

Phase phase_at_hour(std::int64_t hour) {
  const std::int64_t of_day = hour % 24;
  if (of_day < 5 || of_day >= 20) return Phase::night;
  if (of_day < 7) return Phase::dawn;
  return of_day < 18 ? Phase::day : Phase::dusk;
}

RegionState begin(const RegionRules& rules, Weather start, std::int64_t hour, Season season) {
  while (!rules.has[at(season)][at(start)] && rules.way_out[at(season)][at(start)] != start) {
    start = rules.way_out[at(season)][at(start)];
  }
  RegionState state;
  state.state = start;
  state.hour = hour;
  return with_norm(rules, state, season);
}

RegionState set_to(const RegionRules& rules, const RegionState& before, Weather state, Season season) {
  RegionState after = before;
  after.state = state;
  return with_norm(rules, after, season);
}

double change_chance(const RegionRules& rules, const RegionState& before, Season season, Phase phase) {
  // A state that the season does not have is left at once, where there is a way.
  if (!rules.has[at(season)][at(before.state)]) {
    return rules.way_out[at(season)][at(before.state)] != before.state ? 1 : 0;
  }
  const Weighed sum = weigh(rules.weights[at(season)][at(before.state)], phase);
  if (sum.plain <= 0) return 0;
  // A chance that grows in proportion to the time in the state, so that the mean time is the typical one.
  const double typical = rules.hours[at(before.state)];
  const double chance =
      std::numbers::pi / 2 / (typical * typical) * static_cast<double>(before.hours_in_state + 1);
  return std::min(1.0, chance * sum.favoured / sum.plain);
}

RegionState step(const RegionRules& rules, const RegionState& before, std::int64_t hour, Season season,
                 Phase phase, const rt::Draw& draw) {
  RegionState after = before;
  after.hour = hour;
  const bool pinned = hour * kHourMs < before.pinned_until_ms;
  if (!pinned) {
    after.pinned_until_ms = 0;
    after.state = next_state(rules, before, hour, season, phase, draw);
  }
  after.hours_in_state = after.state == before.state ? before.hours_in_state + 1 : 0;

  const Norm& norm = norm_of(after.state);
  const Band& band = rules.bands[at(season)];
  after.intensity = relaxed(before.intensity, norm.intensity, .5,
                            .1 * norm.intensity * centred(draw, hour, kIntensityLane));
  after.wind_kmh =
      relaxed(before.wind_kmh, norm.wind_kmh, .4, (.2 * norm.wind_kmh + 1) * centred(draw, hour, kWindLane));
  after.humidity = relaxed(before.humidity, norm.humidity, .3, .05 * centred(draw, hour, kHumidityLane));
  const double wanted = wanted_c(band, after.state, hour, centred(draw, hour / 24, kDayLane));
  const double temperature =
      relaxed(before.temperature_c, wanted, .5, .3 * centred(draw, hour, kTemperatureLane));
  settle_values(after, temperature, allowed(rules, band, after.state));
  return after;
}

void forecast(const RegionRules& rules, const Seasons& seasons, const RegionState& from, const rt::Draw& draw,
              std::span<RegionState> out) {
  RegionState state = from;
  for (RegionState& next : out) {
    const std::int64_t hour = state.hour + 1;
    state = step(rules, state, hour, seasons.at_hour(hour), phase_at_hour(hour), draw);
    next = state;
  }
}

std::size_t severe_onsets(const RegionRules& rules, const Seasons& seasons, const RegionState& from,
                          const rt::Draw& draw, std::span<Onset> out) {
  RegionState state = from;
  std::size_t count = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Weather before = state.state;
    forecast(rules, seasons, state, draw, std::span(&state, 1));
    if (state.state != before && norm_of(state.state).severe)
      out[count++] = {.at_ms = state.hour * kHourMs, .state = state.state};
  }
  return count;
}

RegionState blurred(const RegionRules& rules, const RegionState& exact, Season season, int ahead,
                    double certainty, const rt::Draw& draw) {
  const double doubt = std::clamp(1 - certainty, 0.0, 1.0);
  if (doubt <= 0) return exact;
  const auto tick = static_cast<std::uint64_t>(exact.hour);
  const auto off = [&](std::uint32_t lane) { return 2 * draw.uniform(tick, kBlurLane + lane) - 1; };
  // A day ahead the doubt is whole, before that in part.
  const double width = doubt * std::min(1.0, .25 + ahead / 32.0);
  RegionState said = exact;
  if (draw.uniform(tick, kBlurLane) < width * .8) {
    // One of the neighbours that the season has; which one does not depend on how far ahead it is asked.
    std::size_t count = 0;
    const auto possible = [&](std::size_t to) {
      return rules.has[at(season)][to] && pack::weather_neighbours(exact.state, static_cast<Weather>(to));
    };
    for (std::size_t to = 0; to < kStates; ++to) count += possible(to) ? 1 : 0;
    std::size_t pick = count == 0 ? 0 : draw.below(count, tick, kBlurLane + 1) + 1;
    for (std::size_t to = 0; to < kStates && pick > 0; ++to) {
      if (possible(to) && --pick == 0) said = set_to(rules, exact, static_cast<Weather>(to), season);
    }
  }
  said.intensity += .2 * width * off(2);
  said.wind_kmh += (3 + .3 * said.wind_kmh) * width * off(3);
  said.humidity += .2 * width * off(4);
  settle_values(said, said.temperature_c + 6 * width * off(5), rules.limits);
  return said;
}

}  // namespace troupe::weather
