// world.yaml, calendar.yaml, climate.yaml: the frame of a world.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

constexpr std::array<std::string_view, 1> kPositions{"game"};

void read_players(const Cursor& at, PlayersRule& players) {
  Fields fields(at, "players");
  const auto positions = fields.optional("positions");
  if (positions) players.game_says = positions->choice("positions", kPositions).has_value();
  if (positions && at.find("speed_m_s")) {
    at.problem("a speed means nothing where the game server says where players are",
               "expected either 'speed_m_s' or 'positions'");
  }
  players.speed_m_s = fields.number_or("speed_m_s", players.speed_m_s, .1, 1000);
  players.addressed_minutes =
      static_cast<int>(fields.whole_or("addressed_minutes", players.addressed_minutes, 0, 1'000'000));
}

void read_sleep(const Cursor& at, SleepRule& sleep) {
  static constexpr std::array<std::string_view, 2> kTimes = {"stands", "passes"};
  Fields fields(at, "sleep");
  sleep.after_minutes = static_cast<int>(fields.whole("after_minutes", 1, 1'000'000));
  if (const auto time = fields.optional("time")) sleep.time_passes = time->choice("time", kTimes) == 1U;
}

}  // namespace

void read_world(const Cursor& root, Draft& draft) {
  Fields fields(root, "world.yaml");
  World& world = draft.pack.world;
  world.at = root.at();
  if (const auto format = fields.required("format")) {
    format->note("1");
    if (format->node().text != "1") {
      format->problem(fmt::format("the pack format {} is not known", shown(format->node().text)),
                      "expected 1, the only one so far");
    }
  }
  world.name = fields.identifier("name");
  world.title = fields.text("title");
  world.version = fields.text("version");
  if (const auto text = fields.required("text")) {
    world.text = text->text("text");
    draft.open("the text of the world", world.text, text->at());
  }
  world.seed = static_cast<std::uint64_t>(fields.whole("seed", 0, std::numeric_limits<std::int64_t>::max()));
  if (const auto start = fields.required("start")) {
    Fields start_fields(*start, "start");
    world.start_day = start_fields.whole("day", 1, 1'000'000);
    if (const auto clock = start_fields.required("clock")) world.start_clock = clock->clock("clock");
  }
  world.scale = fields.number_or("scale", 60, 0, 86'400);
  if (const auto money = fields.optional("money")) {
    Fields money_fields(*money, "money");
    world.money.coin = money_fields.text("coin");
    if (const auto text = money_fields.optional("text")) {
      world.money.text = text->text("text");
      draft.open("the text of the money", world.money.text, text->at());
    }
  }
  world.arrival = draft.read_ref<PlaceId>(fields, "arrival", Thing::place);
  if (const auto language = fields.optional("language")) world.language = language->identifier("language");
  if (const auto players = fields.optional("players")) read_players(*players, world.players);
  if (const auto sleep = fields.optional("sleep")) read_sleep(*sleep, world.sleep);
  static constexpr std::array<std::string_view, 2> kRatings = {"teen", "mature"};
  if (const auto rating = fields.optional("rating")) {
    if (const auto index = rating->choice("rating", kRatings)) world.rating = kRatings[*index];
  }
}

namespace {

void read_month(const Cursor& item, Draft& draft) {
  Fields fields(item, "a month");
  Month month;
  month.at = item.at();
  month.id = fields.identifier("id");
  month.name = fields.name("name");
  month.days = static_cast<int>(fields.whole("days", 1, 100));
  month.season = fields.choice<Season>("season", kSeasonNames);
  draft.define("month", month.id, month.at);
  draft.pack.calendar.months.push_back(std::move(month));
}

void read_festival(const Cursor& item, Draft& draft) {
  Fields fields(item, "a festival");
  Festival festival;
  festival.at = item.at();
  festival.id = fields.identifier("id");
  festival.name = fields.name("name");
  if (const auto month = fields.required("month")) {
    festival.month = month->identifier("month");
    draft.refer(Thing::month, festival.month, month->at());
  }
  if (const auto day = fields.required("day")) {
    festival.day = static_cast<int>(day->whole("day", 1, 100));
    draft.spot("festival day", festival.id, day->at());
  }
  festival.duration_days = static_cast<int>(fields.whole_or("duration_days", 1, 1, 30));
  festival.place = draft.read_ref_or_none<PlaceId>(fields, "place", Thing::place);
  festival.text = fields.text("text");
  draft.open(fmt::format("the text of festival '{}'", festival.id), festival.text, festival.at);
  draft.define("festival", festival.id, festival.at);
  draft.pack.calendar.festivals.push_back(std::move(festival));
}

}  // namespace

void read_calendar(const Cursor& root, Draft& draft) {
  Fields fields(root, "calendar.yaml");
  for (const Cursor& item : fields.list("months")) read_month(item, draft);
  for (const Cursor& item : fields.list("weekdays"))
    draft.pack.calendar.weekdays.push_back(item.text("a weekday"));
  for (const Cursor& item : fields.list_or("festivals")) read_festival(item, draft);
  if (fields.valid() && draft.pack.calendar.months.empty()) root.problem("the calendar has no month");
  if (fields.valid() && draft.pack.calendar.weekdays.empty()) root.problem("the calendar has no weekday");
}

namespace {

std::optional<Weather> read_state(const Cursor& cursor, std::string_view what) {
  const auto index = cursor.choice(what, kWeatherNames);
  return index ? std::optional(static_cast<Weather>(*index)) : std::nullopt;
}

std::string names_of(const std::vector<Weather>& states) {
  std::vector<std::string_view> names;
  for (const Weather state : states) names.push_back(name_of(state));
  return one_of(names);
}

void read_row(Weather from, const Cursor& cursor, std::map<Weather, double>& row) {
  for (const auto& [key, weight] : cursor.map(name_of(from))) {
    const auto to = read_state(key, "a state");
    if (!to) continue;
    if (*to == from) {
      key.problem(fmt::format("{} follows itself", name_of(from)),
                  "expected 'hours' to say how long a state lasts");
    } else if (!weather_neighbours(from, *to)) {
      key.problem(fmt::format("{} does not lead to {} in one step", name_of(from), name_of(*to)),
                  names_of(weather_neighbours_of(from)));
    } else {
      row[*to] = weight.number("a weight", .001, 1000);
    }
  }
}

using Steps = std::map<Weather, std::vector<Weather>>;

std::vector<Weather> reached(const Steps& steps, Weather from) {
  std::vector<Weather> seen{from};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto row = steps.find(seen[i]);
    if (row == steps.end()) continue;
    for (const Weather to : row->second) {
      if (std::ranges::find(seen, to) == seen.end()) seen.push_back(to);
    }
  }
  return seen;
}

// From every state of a season every other must be reached some day, or part of the table is dead or a trap.
void check_connected(const Cursor& cursor, std::string_view season, const WeatherMatrix& matrix) {
  Steps forward;
  Steps backward;
  for (const auto& [from, row] : matrix) {
    for (const auto& [to, weight] : row) {
      if (!matrix.contains(to)) {
        cursor.problem(
            fmt::format("in {} {} leads to {}, which has no row", season, name_of(from), name_of(to)),
            fmt::format("expected '{}: {{...}}' too", name_of(to)));
        return;
      }
      forward[from].push_back(to);
      backward[to].push_back(from);
    }
  }
  const Weather first = matrix.begin()->first;
  for (const auto& [state, row] : matrix) {
    const auto is_in = [&](const std::vector<Weather>& list) {
      return std::ranges::find(list, state) != list.end();
    };
    if (!is_in(reached(forward, first))) {
      cursor.problem(fmt::format("in {} {} is never reached from {}", season, name_of(state), name_of(first)),
                     "expected a way between any two states of a season");
    } else if (!is_in(reached(backward, first))) {
      cursor.problem(fmt::format("in {} {} never comes back from {}", season, name_of(first), name_of(state)),
                     "expected a way between any two states of a season");
    }
  }
}

void read_matrix(const Cursor& cursor, std::string_view season, WeatherMatrix& matrix) {
  const std::size_t problems_before = cursor.report().size();
  for (const auto& [key, row] : cursor.map(season)) {
    const auto from = read_state(key, "a state");
    if (!from) continue;
    read_row(*from, row, matrix[*from]);
    if (row.node().kind == Node::Kind::map && row.node().items.empty()) {
      row.problem(fmt::format("{} leads nowhere", name_of(*from)), names_of(weather_neighbours_of(*from)));
    }
  }
  if (matrix.empty()) {
    if (cursor.node().kind == Node::Kind::map) cursor.problem(fmt::format("{} has no state", season));
    return;
  }
  if (cursor.report().size() == problems_before) check_connected(cursor, season, matrix);
}

// `weather: none`, or one state for ever.
void read_constant(const Cursor& cursor, Region& region) {
  if (cursor.node().kind == Node::Kind::scalar && cursor.node().text == "none") {
    region.sky = Region::Sky::none;
    region.start = Weather::clear;
  } else if (const auto state = read_state(cursor, "weather")) {
    region.sky = Region::Sky::constant;
    region.start = *state;
  }
}

Temperatures read_band(const Cursor& cursor, std::string_view what) {
  constexpr double kColdest = -273;
  constexpr double kHottest = 2000;
  Temperatures band;
  const std::vector<Cursor> ends = cursor.list(what);
  if (cursor.node().kind == Node::Kind::list && ends.size() != 2) {
    cursor.problem(fmt::format("{} has {} numbers", what, ends.size()), "expected [coldest, warmest] in °C");
    return band;
  }
  if (ends.size() != 2) return band;
  band.low_c = ends[0].number("the coldest", kColdest, kHottest);
  band.high_c = ends[1].number("the warmest", kColdest, kHottest);
  if (band.low_c > band.high_c)
    cursor.problem(fmt::format("{} runs backwards", what), "expected the coldest first");
  return band;
}

// `[low, high]` for the whole year, or one band for each season that differs.
void read_temperatures(const Cursor& cursor, Region& region) {
  if (cursor.node().kind == Node::Kind::list) {
    const Temperatures band = read_band(cursor, "temperatures");
    for (std::size_t i = 0; i < kSeasonNames.size(); ++i) region.temperatures[static_cast<Season>(i)] = band;
    return;
  }
  for (const auto& [key, band] : cursor.map("temperatures")) {
    if (const auto season = key.choice("a season", kSeasonNames))
      region.temperatures[static_cast<Season>(*season)] = read_band(band, kSeasonNames[*season]);
  }
}

void read_region(const Cursor& item, Draft& draft) {
  Fields fields(item, "a region");
  Region region;
  region.at = item.at();
  region.id = RegionId(fields.identifier("id"));
  fields.rename(fmt::format("region '{}'", region.id));
  region.name = fields.name("name");
  const auto weather = fields.optional("weather");
  if (weather) {
    read_constant(*weather, region);
  } else {
    region.start = fields.choice<Weather>("start", kWeatherNames);
  }
  if (const auto start = fields.optional("start")) {
    draft.spot("start weather", region.id.str(), start->at());
    if (weather) start->problem("'start' beside 'weather'", "expected one of them: 'weather' never changes");
  }
  region.temperature_offset_c = fields.number_or("temperature_offset_c", 0, -20, 20);
  if (const auto hours = fields.optional("hours")) {
    for (const auto& [key, value] : hours->map("hours")) {
      if (const auto state = read_state(key, "a state"))
        region.hours[*state] = value.number("hours", .25, 240);
    }
  }
  if (const auto temperatures = fields.optional("temperatures")) read_temperatures(*temperatures, region);
  const auto seasons = weather ? fields.optional("seasons") : fields.required("seasons");
  if (seasons && weather) {
    seasons->problem("'seasons' beside 'weather'", "expected one of them: 'weather' never changes");
  } else if (seasons) {
    for (const auto& [key, matrix] : seasons->map("seasons")) {
      const auto season = key.choice("a season", kSeasonNames);
      if (season) read_matrix(matrix, kSeasonNames[*season], region.seasons[static_cast<Season>(*season)]);
    }
    draft.spot("seasons", region.id.str(), seasons->at());
  }
  draft.define("region", region.id.str(), region.at);
  draft.pack.climate.regions.push_back(std::move(region));
}

}  // namespace

void read_climate(const Cursor& root, Draft& draft) {
  Fields fields(root, "climate.yaml");
  for (const Cursor& item : fields.list("regions")) read_region(item, draft);
}

void check_calendar_and_climate(Draft& draft) {
  const Calendar& calendar = draft.pack.calendar;
  for (const Festival& festival : calendar.festivals) {
    for (const Month& month : calendar.months) {
      if (month.id != festival.month || month.days < 1 || festival.day <= month.days) continue;
      draft.report.add(draft.spot_of("festival day", festival.id, festival.at),
                       fmt::format("festival '{}' is on day {} of '{}'", festival.id, festival.day, month.id),
                       fmt::format("expected at most {}, the month's last", month.days));
    }
  }
  for (const Region& region : draft.pack.climate.regions) {
    if (region.sky != Region::Sky::seasons) continue;
    const Source at = draft.spot_of("seasons", region.id.str(), region.at);
    std::set<Season> missing;
    for (const Month& month : calendar.months) {
      if (!region.seasons.contains(month.season)) missing.insert(month.season);
    }
    for (const Season season : missing) {
      draft.report.add(at, fmt::format("region '{}' has no {}", region.id, name_of(season)),
                       "expected a table for every season of the calendar");
    }
    if (!calendar.months.empty() && !region.seasons.empty()) {
      const auto season = region.seasons.find(calendar.months.front().season);
      // Only the first month: where else a world starts, the weather service begins at the nearest state.
      if (draft.pack.world.start_day == 1 && season != region.seasons.end() && !season->second.empty() &&
          !season->second.contains(region.start)) {
        draft.report.add(draft.spot_of("start weather", region.id.str(), region.at),
                         fmt::format("{} has no weather '{}'", name_of(season->first), name_of(region.start)),
                         "expected a state that the first season has");
      }
    }
  }
}

}  // namespace troupe::pack
