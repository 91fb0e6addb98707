#include "app/config_limits.h"

#include <cmath>
#include <sstream>

#include "base/text.h"

namespace troupe {

namespace {

constexpr double kMost = 1'000'000;

std::optional<double> number(const std::string& text) {
  std::istringstream in(trim(text));
  in.imbue(std::locale::classic());
  double value = 0;
  if (!(in >> value) || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return std::isfinite(value) && value >= 0 && value <= kMost ? std::optional(value) : std::nullopt;
}

// "2, 30": two a second, thirty at once; "0": no limit.
std::string set_rate(Rate& out, const std::string& value) {
  const auto parts = split(value, ',');
  const auto per_second = number(parts[0]);
  const auto burst = parts.size() == 2 ? number(parts[1]) : std::nullopt;
  if (per_second == 0.0 && parts.size() == 1) {
    out = {};
    return {};
  }
  if (!per_second || *per_second == 0 || !burst || *burst < 1) {
    return "how many a second and how many at once, such as `2, 30`; or 0 for no limit";
  }
  out = {*per_second, *burst};
  return {};
}

template <CallRates CallLimits::* who, Rate CallRates::* pace>
std::string set(Config& config, const std::string& value) {
  return set_rate(config.server.call_limits.*who.*pace, value);
}

}  // namespace

const std::vector<ConfigKey>& limit_keys() {
  using L = CallLimits;
  using R = CallRates;
  static const std::vector<ConfigKey> kKeys = {
      {"openai.players", "true: players may use /v1/..., under limits of their own", "false",
       [](Config& c, const std::string& v) -> std::string {
         if (v != "true" && v != "false") return "true or false";
         c.server.openai.players = v == "true";
         return {};
       }},
      {"openai.rate", "answers of /v1/... for one player: how many a second, how many at once; 0 = no limit",
       "0.5, 10", [](Config& c, const std::string& v) { return set_rate(c.server.openai.rate, v); }},
      {"openai.parallel", "answers of /v1/... under way at once for one player, 1 to 64", "2",
       [](Config& c, const std::string& v) -> std::string {
         const auto count = number(v);
         if (!count || *count < 1 || *count > 64 || *count != std::floor(*count)) return "1 to 64";
         c.server.openai.parallel = static_cast<std::size_t>(*count);
         return {};
       }},
      {"limits.player.commands", "what one player may do: how many a second, how many at once; 0 = no limit",
       "3, 30", set<&L::player, &R::commands>},
      {"limits.player.inputs", "the same for positions and looks", "20, 60", set<&L::player, &R::inputs>},
      {"limits.player.reads", "the same for questions", "20, 120", set<&L::player, &R::reads>},
      {"limits.connection.commands", "what players may do over one connection, all of them together",
       "10, 100", set<&L::connection, &R::commands>},
      {"limits.connection.inputs", "the same for positions and looks", "100, 300",
       set<&L::connection, &R::inputs>},
      {"limits.connection.reads", "the same for questions", "100, 600", set<&L::connection, &R::reads>},
      {"limits.npc.commands", "what one NPC's own client may do", "10, 100", set<&L::npc, &R::commands>},
      {"limits.npc.inputs", "the same for inputs", "20, 60", set<&L::npc, &R::inputs>},
      {"limits.npc.reads", "the same for questions", "50, 300", set<&L::npc, &R::reads>},
      {"limits.game_server.commands", "what one game server may do, for all its players", "2000, 10000",
       set<&L::game_server, &R::commands>},
      {"limits.game_server.inputs", "the same for positions and looks", "20000, 40000",
       set<&L::game_server, &R::inputs>},
      {"limits.game_server.reads", "the same for questions", "0", set<&L::game_server, &R::reads>},
      {"limits.staff.commands", "what one designer or administrator may do", "2000, 10000",
       set<&L::staff, &R::commands>},
      {"limits.staff.inputs", "the same for positions and looks", "2000, 10000", set<&L::staff, &R::inputs>},
      {"limits.staff.reads", "the same for questions", "0", set<&L::staff, &R::reads>},
  };
  return kKeys;
}

}  // namespace troupe
