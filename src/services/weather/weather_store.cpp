#include "services/weather/weather_store.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace troupe::weather {

using db::Values;

std::vector<db::Migration> migrations() {
  // `double precision`: what PostgreSQL calls `real` would round.
  return {{"weather", 1, R"sql(
    create table weather_regions (
      region text primary key,
      state text not null,
      intensity double precision not null,
      temperature_c double precision not null,
      wind_kmh double precision not null,
      humidity double precision not null,
      hour bigint not null,
      hours_in_state bigint not null,
      pinned_until_ms bigint not null,
      warned_ms bigint not null
    ))sql"},
          // Each severe state that was announced, not only the first: "hour_ms state,...".
          {"weather", 2, R"sql(
    alter table weather_regions add column announced text not null default '';
    alter table weather_regions drop column warned_ms)sql"}};
}

namespace {

std::string to_text(const std::vector<Onset>& onsets) {
  std::string out;
  for (const auto& onset : onsets) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ",", onset.at_ms, pack::name_of(onset.state));
  }
  return out;
}

// What does not read as an onset was not announced.
std::vector<Onset> onsets_from(const std::string& text) {
  std::vector<Onset> out;
  for (const auto& part : split(text, ',')) {
    Onset onset;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), onset.at_ms);
    if (error != std::errc() || *end != ' ') continue;
    const auto state = pack::find_name<pack::Weather>(pack::kWeatherNames, std::string_view(end + 1));
    if (!state) continue;
    onset.state = *state;
    out.push_back(onset);
  }
  return out;
}

}  // namespace

Result<std::vector<Saved>> load(db::Reader& reader) {
  TRY(const auto rows,
      reader.query(
          "select region, state, intensity, temperature_c, wind_kmh, humidity, hour, hours_in_state, "
          "pinned_until_ms, announced from weather_regions order by region"));
  std::vector<Saved> all;
  for (const auto& row : rows) {
    const auto state = pack::find_name<pack::Weather>(pack::kWeatherNames, row.text(1));
    if (!state) {
      return fail(Code::internal, "weather.bad_row", "no weather is called '" + row.text(1) + "'");
    }
    all.push_back({.region = row.text(0),
                   .state = {.state = *state,
                             .intensity = row.real(2),
                             .temperature_c = row.real(3),
                             .wind_kmh = row.real(4),
                             .humidity = row.real(5),
                             .hour = row.integer(6),
                             .hours_in_state = row.integer(7),
                             .pinned_until_ms = row.integer(8)},
                   .announced = onsets_from(row.text(9))});
  }
  return all;
}

void save(Turn& turn, const Saved& saved) {
  const RegionState& state = saved.state;
  turn.write(
      "insert into weather_regions (region, state, intensity, temperature_c, wind_kmh, humidity, hour, "
      "hours_in_state, "
      "pinned_until_ms, announced) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (region) do "
      "update set "
      "state = excluded.state, intensity = excluded.intensity, temperature_c = excluded.temperature_c, "
      "wind_kmh = "
      "excluded.wind_kmh, humidity = excluded.humidity, hour = excluded.hour, hours_in_state = "
      "excluded.hours_in_state, pinned_until_ms = excluded.pinned_until_ms, announced = excluded.announced",
      Values{saved.region, std::string(pack::name_of(state.state)), state.intensity, state.temperature_c,
             state.wind_kmh, state.humidity, state.hour, state.hours_in_state, state.pinned_until_ms,
             to_text(saved.announced)});
}

void erase(Turn& turn, const std::string& region) {
  turn.write("delete from weather_regions where region = $1", Values{region});
}

}  // namespace troupe::weather
