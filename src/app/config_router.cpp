#include "app/config_router.h"

#include <charconv>

#include "base/text.h"

namespace troupe {

namespace {

using engine::Tier;

template <class Number>
bool whole(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::string set_budget(std::optional<inference::Microusd>& out, const std::string& value) {
  constexpr inference::Microusd kMost = 1'000'000'000'000;  // a million dollars: more is a slip
  if (value == "none") {
    out.reset();
    return {};
  }
  inference::Microusd amount = 0;
  if (!whole(value, amount) || amount < 0 || amount > kMost) {
    return "millionths of a dollar, 0 to 1000000000000, or none";
  }
  out = amount;
  return {};
}

std::string set_hedge(Config& config, Tier tier, const std::string& value) {
  std::int64_t ms = 0;
  if (!whole(value, ms) || ms < 0 || ms > 60'000) return "0 to 60000 milliseconds";
  config.server.router.hedge_after[tier] = rt::milliseconds(ms);
  return {};
}

std::string set_canary(Config& config, Tier tier, const std::string& value) {
  const auto space = value.find(' ');
  const std::string model = value.substr(0, space);
  std::string percent = space == std::string::npos ? std::string() : trim(value.substr(space));
  int share = 0;
  if (percent.ends_with('%')) percent.pop_back();
  if (model.empty() || !whole(trim(percent), share) || share < 0 || share > 100) {
    return "a model and the percent of callers who get it, such as `qwen2.5-7b 5%`";
  }
  config.server.router.canaries[tier] = {.model = model, .share = share / 100.0};
  return {};
}

// "qwen2.5-coder-1.5b rephrase small_talk, other none"
std::string set_may(std::map<std::string, inference::Freedoms>& out, const std::string& value) {
  out.clear();
  for (const auto& one : split(value, ',')) {
    const auto words = split(trim(one), ' ');
    inference::Freedoms freedoms;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].empty() || words[i] == "none") continue;
      const auto freedom = inference::parse_freedom(words[i]);
      if (!freedom) return "a model and what it may: none, or some of rephrase, small_talk, nearest, first";
      freedoms.add(*freedom);
    }
    if (words.size() < 2) return "a model and what it may, such as `qwen2.5-coder-1.5b small_talk`";
    out[words.front()] = freedoms;
  }
  return {};
}

std::string set_count(std::size_t& out, const std::string& value, std::size_t most) {
  std::size_t count = 0;
  if (!whole(value, count) || count < 1 || count > most) return "1 to " + std::to_string(most);
  out = count;
  return {};
}

}  // namespace

const std::vector<ConfigKey>& router_keys() {
  using C = Config;
  using V = const std::string&;
  static const std::vector<ConfigKey> kKeys = {
      {"budgets.player_day", "what answers for one player may cost a day (UTC), in millionths of a dollar",
       "none", [](C& c, V v) { return set_budget(c.server.router.budgets.player_day, v); }},
      {"budgets.npc_day", "the same for one NPC", "none",
       [](C& c, V v) { return set_budget(c.server.router.budgets.npc_day, v); }},
      {"budgets.world_day", "the same for the whole world", "none",
       [](C& c, V v) { return set_budget(c.server.router.budgets.world_day, v); }},
      {"budgets.world", "what the world may ever cost", "none",
       [](C& c, V v) { return set_budget(c.server.router.budgets.world_total, v); }},
      {"hedge.gold", "milliseconds after which a second engine is asked, too; 0 = never", "0",
       [](C& c, V v) { return set_hedge(c, Tier::gold, v); }},
      {"hedge.silver", "the same for silver", "0", [](C& c, V v) { return set_hedge(c, Tier::silver, v); }},
      {"hedge.bronze", "the same for bronze", "0", [](C& c, V v) { return set_hedge(c, Tier::bronze, v); }},
      {"canary.gold", "a model to try, and the percent of NPCs and players who get it: `NAME 5%`", "none",
       [](C& c, V v) { return set_canary(c, Tier::gold, v); }},
      {"canary.silver", "the same for silver", "none",
       [](C& c, V v) { return set_canary(c, Tier::silver, v); }},
      {"canary.bronze", "the same for bronze", "none",
       [](C& c, V v) { return set_canary(c, Tier::bronze, v); }},
      {"players.parallel", "answers at once for one player in conversation, 1 to 64; more wait", "2",
       [](C& c, V v) { return set_count(c.server.router.player_parallel, v, 64); }},
      {"players.patience", "milliseconds until a person has to begin to answer, 1 to 60000; 0 = any time",
       "6000",
       [](C& c, V v) -> std::string {
         std::int64_t ms = 0;
         if (!whole(v, ms) || ms < 0 || ms > 60'000) return "0 to 60000 milliseconds";
         c.server.router.player_patience = rt::milliseconds(ms);
         return {};
       }},
      {"step_down", "true: a smaller tier's models answer when a tier's own cannot", "true",
       [](C& c, V v) -> std::string {
         if (v != "true" && v != "false") return "true or false";
         c.server.router.step_down = v == "true";
         return {};
       }},
      {"talk.may",
       "what models may do when people speak, beside what the catalogue says: names, each with `none` or "
       "some of "
       "rephrase, small_talk, nearest, first, with commas between models",
       "as in the catalogue, then by its grade (`troupe models judge`); others everything",
       [](C& c, V v) { return set_may(c.server.may, v); }},
      {"jobs.parallel", "jobs at work at once, 1 to 64", "2",
       [](C& c, V v) { return set_count(c.server.router.jobs.parallel, v, 64); }},
      {"jobs.waiting", "jobs that may wait, 1 to 100000", "10000",
       [](C& c, V v) { return set_count(c.server.router.jobs.waiting_max, v, 100'000); }},
      {"jobs.kept", "ended jobs whose answers are kept, 1 to 100000", "1000",
       [](C& c, V v) { return set_count(c.server.router.jobs.kept_max, v, 100'000); }},
  };
  return kKeys;
}

}  // namespace troupe
