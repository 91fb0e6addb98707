// troupe check: everything that is wrong with a world pack, or what is in it.
#include <fmt/core.h>

#include <filesystem>
#include <ostream>

#include "cli/commands.h"
#include "cli/rpc.h"
#include "pack/pack.h"
#include "pack/pack_rating.h"

namespace troupe::cli {

namespace {

Json problem_json(const pack::Problem& problem) {
  return {{"file", problem.file},
          {"line", problem.line},
          {"column", problem.column},
          {"what", problem.what},
          {"expected", problem.expected}};
}

Json counts_json(const pack::Pack& pack) {
  return {{"places", pack.places.size()},     {"regions", pack.climate.regions.size()},
          {"npcs", pack.npcs.size()},         {"verbs", pack.verbs.size()},
          {"facts", pack.facts.size()},       {"mysteries", pack.mysteries.size()},
          {"factions", pack.factions.size()}, {"goods", pack.goods.size()},
          {"lore", pack.lore.size()},         {"files", pack.files.size()}};
}

std::string counted(std::size_t n, const char* one, const char* many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

int report(const std::vector<pack::Problem>& problems, const CheckOptions& options,
           const Terminal& terminal) {
  if (options.json) {
    Json json = {{"ok", false}, {"problems", Json::array()}};
    for (const auto& problem : problems) json["problems"].push_back(problem_json(problem));
    terminal.out << compact(json) << '\n';
    return 1;
  }
  const std::filesystem::path dir(options.dir);
  for (auto problem : problems) {
    // As seen from where the command was typed, so that editors and terminals can jump there.
    if (!problem.file.empty()) problem.file = (dir / problem.file).string();
    terminal.out << one_line(to_string(problem)) << '\n';
  }
  complain(terminal, fmt::format("{} in {}", counted(problems.size(), "problem", "problems"), options.dir));
  return 1;
}

}  // namespace

int run_check(const CheckOptions& options, const Terminal& terminal) {
  std::error_code error;
  if (!std::filesystem::is_directory(options.dir, error)) {
    complain(terminal,
             fmt::format("no folder '{}'; a world pack is a folder with a world.yaml", options.dir));
    return 1;
  }
  const auto pack = pack::load_pack(options.dir);
  if (!pack) return report(pack.error(), options, terminal);
  const auto warnings = pack::rating_warnings(*pack);
  if (options.json) {
    Json listed = Json::array();
    for (const auto& warning : warnings) listed.push_back(problem_json(warning));
    const Json json = {{"ok", true},
                       {"problems", Json::array()},
                       {"warnings", std::move(listed)},
                       {"world", pack->world.name},
                       {"hash", pack->hash},
                       {"counts", counts_json(*pack)}};
    terminal.out << compact(json) << '\n';
    return 0;
  }
  for (auto warning : warnings) {
    if (!warning.file.empty()) warning.file = (std::filesystem::path(options.dir) / warning.file).string();
    terminal.out << terminal.style(Ink::yellow, "warning: ") << one_line(to_string(warning)) << '\n';
  }
  terminal.out << fmt::format(
      "{}: {} {}, {}, {}, {}, {}, {}\n", options.dir, terminal.style(Ink::green, "ok:"),
      counted(pack->places.size(), "place", "places"), counted(pack->npcs.size(), "person", "people"),
      counted(pack->verbs.size(), "verb", "verbs"), counted(pack->facts.size(), "fact", "facts"),
      counted(pack->mysteries.size(), "mystery", "mysteries"),
      counted(pack->lore.size(), "lore document", "lore documents"));
  return 0;
}

}  // namespace troupe::cli
