// troupe check: everything that is wrong with a world pack, or what is in it.
#include <fmt/core.h>

#include <filesystem>
#include <ostream>

#include "cli/commands.h"
#include "cli/rpc.h"
#include "pack/pack.h"
#include "pack/pack_rating.h"
#include "talk/hints.h"

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

// With its file as seen from where the command was typed, so that editors and terminals can jump there.
std::string line_of(pack::Problem problem, const std::string& dir) {
  if (!problem.file.empty()) problem.file = (std::filesystem::path(dir) / problem.file).string();
  return one_line(to_string(problem));
}

Json listed(const std::vector<pack::Problem>& problems) {
  Json out = Json::array();
  for (const auto& problem : problems) out.push_back(problem_json(problem));
  return out;
}

int report(const std::vector<pack::Problem>& problems, const CheckOptions& options,
           const Terminal& terminal) {
  if (options.json) {
    const Json json = {{"ok", false}, {"problems", listed(problems)}};
    terminal.out << compact(json) << '\n';
    return 1;
  }
  for (const auto& problem : problems) terminal.out << line_of(problem, options.dir) << '\n';
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
  const auto language = talk::language_of(*pack);
  if (!language) return report(language.error(), options, terminal);
  const auto warnings = pack::rating_warnings(*pack);
  const auto hints = talk::hints_for(*pack, *language);
  if (options.json) {
    const Json json = {{"ok", true},
                       {"problems", Json::array()},
                       {"warnings", listed(warnings)},
                       {"hints", listed(hints)},
                       {"world", pack->world.name},
                       {"hash", pack->hash},
                       {"counts", counts_json(*pack)}};
    terminal.out << compact(json) << '\n';
    return 0;
  }
  for (const auto& warning : warnings)
    terminal.out << terminal.style(Ink::yellow, "warning: ") << line_of(warning, options.dir) << '\n';
  for (const auto& hint : hints)
    terminal.out << terminal.style(Ink::dim, "hint: ") << line_of(hint, options.dir) << '\n';
  terminal.out << fmt::format(
      "{}: {} {}, {}, {}, {}, {}, {}\n", options.dir, terminal.style(Ink::green, "ok:"),
      counted(pack->places.size(), "place", "places"), counted(pack->npcs.size(), "person", "people"),
      counted(pack->verbs.size(), "verb", "verbs"), counted(pack->facts.size(), "fact", "facts"),
      counted(pack->mysteries.size(), "mystery", "mysteries"),
      counted(pack->lore.size(), "lore document", "lore documents"));
  return 0;
}

}  // namespace troupe::cli
