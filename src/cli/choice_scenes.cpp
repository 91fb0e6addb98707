#include "cli/choice_scenes.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "cli/data.h"
#include "pack/pack_yaml.h"

namespace troupe::cli {

namespace {

constexpr auto kChoiceWithin = std::chrono::seconds(120);  // as for the exam: how fast it is, is a figure
constexpr std::size_t kSilentPart = 10;
constexpr std::array kTiers{"gold", "silver", "bronze"};

ChoiceScene read_scene(const pack::Cursor& row, const std::string& who) {
  pack::Fields fields(row, "a scene");
  ChoiceScene out{.who = who, .scene = {}, .options = {}, .sensible = {}};
  if (!fields.valid()) return out;
  (void)fields.text("tag");
  out.scene = fields.text("scene");
  for (const auto& option : fields.list("options")) out.options.push_back(option.text("an option"));
  for (const auto& option : fields.list("sensible")) {
    const auto found = std::ranges::find(out.options, option.text("an option"));
    if (found == out.options.end()) {
      option.problem("this is none of the options");
    } else {
      out.sensible.push_back(static_cast<std::size_t>(found - out.options.begin()));
    }
  }
  return out;
}

struct Person {
  std::vector<ChoiceScene> scenes;
};

std::expected<std::vector<Person>, std::vector<pack::Problem>> load_people(const std::string& file,
                                                                           const std::string& text) {
  const pack::PackLimits limits;
  pack::Report report(limits.problems);
  std::vector<Person> people;
  if (const auto tree = pack::parse_yaml(file, text, limits, report)) {
    const pack::Cursor root(*tree, file, report);
    pack::Fields fields(root, file);
    for (const auto& row : fields.list("people")) {
      pack::Fields person(row, "a person");
      if (!person.valid()) continue;
      const auto who = person.text("who");
      auto& added = people.emplace_back();
      for (const auto& scene : person.list("scenes")) added.scenes.push_back(read_scene(scene, who));
    }
  }
  if (!report.empty()) return std::unexpected(report.take());
  return people;
}

Result<Json> choose(HttpClient& client, const std::string& model, const char* tier,
                    const ChoiceScene& scene) {
  return call_rpc(client, "router.Choose",
                  {{"tier", tier},
                   {"model", model},
                   {"context", scene.who},
                   {"scene", scene.scene},
                   {"options", scene.options},
                   {"deadline_ms", kChoiceWithin / std::chrono::milliseconds(1)}},
                  kChoiceWithin);
}

}  // namespace

std::expected<std::vector<ChoiceScene>, std::vector<pack::Problem>> load_scenes(const std::string& file,
                                                                                const std::string& text) {
  auto people = load_people(file, text);
  if (!people) return std::unexpected(std::move(people).error());
  std::vector<ChoiceScene> out;
  for (std::size_t i = 1; i < people->size(); i += 2) {
    for (auto& scene : (*people)[i].scenes) out.push_back(std::move(scene));
  }
  return out;
}

std::vector<ChoiceScene> suite_scenes() {
  auto all = load_scenes("scenes.yaml", std::string(data_file("scenes.yaml")));
  TROUPE_CHECK(all.has_value(), "the scenes that are built in are whole");
  std::vector<ChoiceScene> out;
  for (std::size_t i = 0; i < all->size(); i += 2) out.push_back(std::move((*all)[i]));
  return out;
}

Result<ChoiceFigures> ask_scenes(HttpClient& client, const std::string& model,
                                 const std::vector<ChoiceScene>& scenes,
                                 const std::function<void(std::size_t done)>& tell) {
  ChoiceFigures out;
  const char* tier = kTiers.front();
  std::size_t silent = 0;
  for (std::size_t at = 0; at < scenes.size(); ++at) {
    const auto& scene = scenes[at];
    tell(at);
    auto begun = std::chrono::steady_clock::now();
    auto reply = choose(client, model, tier, scene);
    // Which tiers have it is the server's configuration.
    for (std::size_t i = 1; at == 0 && i < kTiers.size(); ++i) {
      if (reply || reply.error().reason != "router.unknown_model") break;
      tier = kTiers[i];
      begun = std::chrono::steady_clock::now();
      reply = choose(client, model, tier, scene);
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    if (reply && text_in(*reply, "model") != model)
      reply = fail(Code::unavailable, "cli.judge", text_in(*reply, "model") + " answered instead");
    if (!reply) {
      if (at == 0 || reply.error().code == Code::cancelled) return std::unexpected(std::move(reply).error());
      if (++silent * kSilentPart <= scenes.size()) continue;
      return fail(Code::unavailable, "cli.judge",
                  fmt::format("{} of {} were not answered: {}", silent, at + 1, reply.error().message));
    }
    ++out.asked;
    out.ms.push_back(took.count());
    const auto choice = static_cast<std::size_t>(std::max<std::int64_t>(0, number_in(*reply, "choice")));
    out.right += std::ranges::find(scene.sensible, choice) != scene.sensible.end() ? 1U : 0U;
  }
  return out;
}

}  // namespace troupe::cli
