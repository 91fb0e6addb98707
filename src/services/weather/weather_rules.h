#pragma once
// How weather goes, hour by hour. Pure: a step is a function of the state before, the hour and draws that
// stand at (world seed, region, hour). So a forecast is the same steps taken early, and comes true. step()
// and forecast() allocate nothing.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pack/pack.h"
#include "rt/random.h"

namespace troupe::weather {

inline constexpr std::size_t kStates = pack::kWeatherNames.size();
inline constexpr std::size_t kSeasons = pack::kSeasonNames.size();
inline constexpr std::int64_t kHourMs = 3'600'000;

// What a state is like when nothing disturbs it.
struct Norm {
  double intensity;  // 0..1
  double wind_kmh;   // 0..150
  double humidity;   // 0..1
  double hours;      // how long it lasts, typically
  bool severe = false;
};
const Norm& norm_of(pack::Weather state);

struct Band {
  double low_c;
  double high_c;
};

// A region of the pack, compiled.
struct RegionRules {
  // By season, from, to: the weights of what follows. Only neighbours follow each other, whatever the pack
  // says.
  std::array<std::array<std::array<double, kStates>, kStates>, kSeasons> weights{};
  std::array<std::array<bool, kStates>, kSeasons> has{};
  // The neighbour through which a state that a season does not have is left.
  std::array<std::array<pack::Weather, kStates>, kSeasons> way_out{};
  std::array<double, kStates> hours{};
  std::array<Band, kSeasons> bands{};  // temperatures of ordinary weather
  Band limits{};                       // of every temperature, ever
};
RegionRules make_rules(const pack::Region& region);

// Seasons by hour of the world, as a table.
class Seasons {
 public:
  explicit Seasons(const pack::Calendar& calendar);
  pack::Season at_hour(std::int64_t hour) const {
    return days_[static_cast<std::size_t>(hour / 24) % days_.size()];
  }

 private:
  std::vector<pack::Season> days_;  // of a year
};

pack::Phase phase_at_hour(std::int64_t hour);

struct RegionState {
  pack::Weather state = pack::Weather::clear;
  double intensity = 0;
  double temperature_c = 0;
  double wind_kmh = 0;
  double humidity = 0;
  std::int64_t hour = 0;  // hours of the world; the step that led here
  std::int64_t hours_in_state = 0;
  std::int64_t pinned_until_ms = 0;  // the state (not its values) stays until then
  bool operator==(const RegionState&) const = default;
};

// The draws of a region: counter-based, at (region, hour).
inline rt::Draw draw_of(std::uint64_t seed, std::string_view region) { return {seed, "weather", region}; }

// A world's first moment in `start`, or in what the season has that is nearest to it.
RegionState begin(const RegionRules& rules, pack::Weather start, std::int64_t hour, pack::Season season);
// Another state at once, with values of its own: somebody has set it.
RegionState set_to(const RegionRules& rules, const RegionState& before, pack::Weather state,
                   pack::Season season);

// The hour `hour`, from the one before.
RegionState step(const RegionRules& rules, const RegionState& before, std::int64_t hour, pack::Season season,
                 pack::Phase phase, const rt::Draw& draw);
// The chance that `before` ends with this hour: grows with the time in the state.
double change_chance(const RegionRules& rules, const RegionState& before, pack::Season season,
                     pack::Phase phase);

// The hours after `from`, as many as `out` has.
void forecast(const RegionRules& rules, const Seasons& seasons, const RegionState& from, const rt::Draw& draw,
              std::span<RegionState> out);

// A severe state that begins, out of another state, which may be severe itself: a blizzard comes out of heavy
// snow.
struct Onset {
  std::int64_t at_ms = 0;
  pack::Weather state = pack::Weather::clear;
  auto operator<=>(const Onset&) const = default;
};

// Those of the hours after `from`, as many hours as `out` has room; answers how many there are.
std::size_t severe_onsets(const RegionRules& rules, const Seasons& seasons, const RegionState& from,
                          const rt::Draw& draw, std::span<Onset> out);

// What an almanac of less than full certainty says about `exact`, `ahead` hours in advance. The same hour is
// never blurred less from further away.
RegionState blurred(const RegionRules& rules, const RegionState& exact, pack::Season season, int ahead,
                    double certainty, const rt::Draw& draw);

}  // namespace troupe::weather
