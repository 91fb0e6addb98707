// troupe status: one screen of what runs.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <ostream>

#include "cli/commands.h"
#include "cli/rpc.h"

namespace troupe::cli {

namespace {

Ink ink_for(const std::string& state) {
  if (state == "ready" || state == "ok") return Ink::green;
  return state == "degraded" ? Ink::yellow : Ink::red;
}

std::string underscores_as_spaces(std::string text) {
  std::ranges::replace(text, '_', ' ');
  return one_line(text);
}

// "Services: 10 of 21 run; left out: npc; not built: quests story lore"
void print_services(const Json& ready, const Terminal& terminal) {
  const Json& services = object_in(ready, "services");
  if (services.empty()) return;
  std::map<std::string, std::string> others;
  for (const auto& service : list_in(services, "list")) {
    const std::string state = underscores_as_spaces(text_in(service, "state"));
    if (state != "running") others[state] += " " + one_line(text_in(service, "name"));
  }
  std::string line =
      fmt::format("Services: {} of {} run", number_in(services, "running"), number_in(services, "of"));
  for (const auto& [state, names] : others) line += "; " + state + ":" + names;
  terminal.out << line << '\n';
}

void print_ready(const Json& ready, const std::string& url, const std::string& title,
                 const Terminal& terminal) {
  const std::string state = text_in(ready, "status");
  terminal.out << terminal.style(Ink::bold, title.empty() ? "Troupe" : one_line(title)) << " at " << url
               << ": " << terminal.style(ink_for(state), underscores_as_spaces(state)) << '\n';
  for (const auto& [name, dependency] : object_in(ready, "dependencies").items()) {
    const std::string how = text_in(dependency, "status");
    if (how == "ok") continue;
    terminal.out << fmt::format("  {} {}: {}\n", one_line(name), terminal.style(ink_for(how), how),
                                one_line(text_in(dependency, "message")));
  }
  print_services(ready, terminal);
}

void print_time(const Json& time, const Terminal& terminal) {
  std::string date = one_line(text_in(time, "weekday"));
  if (const auto month = text_in(time, "month"); !month.empty()) {
    date += fmt::format("{}{} {} of year {}", date.empty() ? "" : ", ", number_in(time, "day_of_month"),
                        one_line(month), number_in(time, "year", 1));
  }
  const std::string speed =
      flag_in(time, "paused") ? "paused" : fmt::format("{:g} game seconds a second", real_in(time, "scale"));
  const std::string festival = one_line(text_in(time, "festival"));
  terminal.out << fmt::format("Day {}, {} ({}, {}){}{}; {}\n", number_in(time, "day"), text_in(time, "clock"),
                              text_in(time, "phase"), text_in(time, "season"),
                              date.empty() ? "" : "; " + date, festival.empty() ? "" : "; " + festival,
                              speed);
}

void print_weather(const Json& weather, const Terminal& terminal) {
  Table table({"Weather", "", "", ""});
  for (const auto& region : list_in(weather, "regions")) {
    table.row({one_line(text_in(region, "region")), underscores_as_spaces(text_in(region, "state")),
               degrees(real_in(region, "temperature_c")),
               fmt::format("wind {:.0f} km/h", real_in(region, "wind_kmh"))});
  }
  if (!table.empty()) table.print(terminal, "");
}

void print_engines(const Json& router, const Terminal& terminal) {
  Table table({"Thinks", "Model", "Tiers", "Health", "First token", "Token", "Asked", "In time"});
  for (const auto& engine : list_in(router, "engines")) {
    std::string tiers;
    for (const auto& tier : list_in(engine, "tiers")) {
      if (tier.is_string()) tiers += (tiers.empty() ? "" : " ") + tier.get<std::string>();
    }
    const auto met = number_in(engine, "deadlines_met");
    const auto all = met + number_in(engine, "deadlines_missed");
    const double first = real_in(engine, "first_token_ms");
    const double token = real_in(engine, "token_ms");
    table.row({one_line(text_in(engine, "engine")), one_line(text_in(engine, "model")), one_line(tiers),
               one_line(text_in(engine, "health")), first > 0 ? fmt::format("{:.1f} ms", first) : "-",
               token > 0 ? fmt::format("{:.1f} ms", token) : "-",
               std::to_string(number_in(engine, "requests")),
               all > 0 ? fmt::format("{:.0f} %", 100.0 * static_cast<double>(met) / static_cast<double>(all))
                       : "-"});
  }
  if (!table.empty()) table.print(terminal, "");
}

void print_people(const Json& people, const Terminal& terminal) {
  Table table({"Who", "Where", "Mood", "Tier", "Does"});
  for (const auto& npc : list_in(people, "npcs")) {
    std::string does = one_line(text_in(npc, "activity"));
    if (const auto reason = one_line(text_in(npc, "reason")); !reason.empty()) does += " (" + reason + ")";
    table.row({one_line(text_in(npc, "id")),
               (flag_in(npc, "walking") ? "to " : "") + one_line(text_in(npc, "place")),
               one_line(text_in(npc, "mood")), one_line(text_in(npc, "tier")), does});
  }
  if (!table.empty()) table.print(terminal, "");
}

struct Part {
  const char* key;
  const char* method;
  void (*print)(const Json& reply, const Terminal& terminal);
};

// Only where there are several.
void print_worlds(const Json& worlds, const Terminal& terminal) {
  Table table({"World", "Pack", "State", "Events"});
  for (const auto& world : list_in(worlds, "worlds")) {
    table.row({one_line(text_in(world, "name")), one_line(text_in(world, "pack")),
               one_line(text_in(world, "state")), std::to_string(number_in(world, "sequence"))});
  }
  table.print(terminal, "");
}

constexpr Part kParts[] = {
    {"worlds", "worlds.List", print_worlds},    {"time", "time.Get", print_time},
    {"weather", "weather.List", print_weather}, {"router", "router.Status", print_engines},
    {"npcs", "npc.List", print_people},
};

}  // namespace

int run_status(const StatusOptions& options, const Terminal& terminal) {
  HttpClient client = connect(options.server);
  const auto reply = client.send({.path = "/readyz", .timeout = std::chrono::seconds(10)});
  if (!reply) return failed(terminal, reply.error());
  const Json ready = Json::parse(reply->body, nullptr, false);
  if (!ready.is_object() || !ready.contains("status")) {
    return failed(terminal, read_reply(client, {.status = 0}).error());
  }
  const int status = flag_in(ready, "ready") ? 0 : 1;

  Json all = {{"server", client.url()}, {"ready", ready}};
  const auto world = call_rpc(client, "world.Get");
  if (options.json) {
    if (world) all["world"] = *world;
  } else {
    print_ready(ready, client.url(), world ? text_in(*world, "title") : "", terminal);
  }
  const bool unnamed = !world && world.error().reason == "world.unnamed";
  // What one service cannot tell does not hide what the others can.
  for (const auto& part : kParts) {
    if (unnamed && part.print != print_worlds) continue;
    const auto told = call_rpc(client, part.method);
    if (options.json) {
      all[part.key] =
          told ? *told
               : Json{{"error", {{"reason", told.error().reason}, {"message", told.error().message}}}};
      continue;
    }
    if (told && part.print == print_worlds && list_in(*told, "worlds").size() < 2) continue;
    terminal.out << '\n';
    if (told) {
      part.print(*told, terminal);
    } else {
      terminal.out << terminal.style(Ink::dim,
                                     fmt::format("{}: {}", part.method, one_line(told.error().message)))
                   << '\n';
    }
  }
  if (options.json) {
    terminal.out << compact(all) << '\n';
  } else if (unnamed) {
    terminal.out << "\nName one to see its clock, weather and people: troupe status --world NAME\n";
  }
  return status;
}

}  // namespace troupe::cli
