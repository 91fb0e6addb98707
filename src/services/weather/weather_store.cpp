#include "services/weather/weather_store.h"

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
    ))sql"}};
}

Result<std::vector<Saved>> load(db::Reader& reader) {
  TRY(const auto rows,
      reader.query(
          "select region, state, intensity, temperature_c, wind_kmh, humidity, hour, hours_in_state, "
          "pinned_until_ms, warned_ms from weather_regions order by region"));
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
                   .warned_ms = row.integer(9)});
  }
  return all;
}

void save(Turn& turn, const Saved& saved) {
  const RegionState& state = saved.state;
  turn.write(
      "insert into weather_regions (region, state, intensity, temperature_c, wind_kmh, humidity, hour, "
      "hours_in_state, "
      "pinned_until_ms, warned_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (region) do "
      "update set "
      "state = excluded.state, intensity = excluded.intensity, temperature_c = excluded.temperature_c, "
      "wind_kmh = "
      "excluded.wind_kmh, humidity = excluded.humidity, hour = excluded.hour, hours_in_state = "
      "excluded.hours_in_state, pinned_until_ms = excluded.pinned_until_ms, warned_ms = excluded.warned_ms",
      Values{saved.region, std::string(pack::name_of(state.state)), state.intensity, state.temperature_c,
             state.wind_kmh, state.humidity, state.hour, state.hours_in_state, state.pinned_until_ms,
             saved.warned_ms});
}

void erase(Turn& turn, const std::string& region) {
  turn.write("delete from weather_regions where region = $1", Values{region});
}

}  // namespace troupe::weather
