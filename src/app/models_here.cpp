#include "app/models_here.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/paths.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/stop.h"
#include "host/json.h"
#include "services/models/catalogue.h"
#include "services/models/fitting.h"
#include "services/models/grades.h"
#include "services/models/pull.h"

namespace troupe {

namespace {

using Json = nlohmann::json;
using TellLine = std::function<void(const std::string& line)>;

void say(const TellLine& tell, const std::string& model, const char* step, const std::string& message) {
  tell(Json{{"model", model}, {"step", step}, {"done_bytes", 0}, {"total_bytes", 0}, {"message", message}}
           .dump());
}

void list(const std::vector<models::CatalogueEntry>& entries, const std::filesystem::path& dir,
          const TellLine& tell) {
  const auto grades = models::load_grades(dir);
  for (const auto& entry : entries) {
    const auto found = models::find_installed(entry, dir);
    const auto grade = grades.find(found.sha256);
    const char* state = found.state == models::FileState::missing   ? (entry.listed ? "listed" : "missing")
                        : found.state == models::FileState::damaged ? "damaged"
                        : entry.deprecated                          ? "deprecated"
                                                                    : "ready";
    tell(Json{{"name", entry.name},
              {"state", state},
              {"file", found.file.string()},
              {"sha256", found.sha256.empty() ? entry.sha256 : found.sha256},
              {"size_bytes", entry.size},
              {"tiers", entry.tiers},
              {"licence", entry.licence},
              {"source", entry.source},
              {"listed", entry.listed},
              {"parameters", entry.parameters},
              {"memory_bytes", models::memory_about(entry)},
              {"prompt_tokens_per_s", found.prompt_tokens_per_s},
              {"token_ms", found.token_ms},
              {"grade",
               grade == grades.end() ? Json::object() : parse_json(to_json(grade->second)).value_or(Json())},
              {"problem", found.state == models::FileState::missing ? std::string() : found.problem}}
             .dump());
  }
}

// A line where a listed model would be better than what is here, else none.
void suggest(const std::vector<models::CatalogueEntry>& entries, const std::filesystem::path& dir,
             const TellLine& tell) {
  std::set<std::string> here;
  for (const auto& entry : entries) {
    if (models::find_installed(entry, dir).state == models::FileState::ready) here.insert(entry.name);
  }
  const auto* best = models::best_fitting(entries, here, models::look_at_machine());
  if (best != nullptr) say(tell, best->name, "fits", models::fitting_in_words(*best));
}

Result<void> pull_one(const std::string& source, const cli::ModelsWork& work,
                      const std::vector<models::CatalogueEntry>& entries, const std::filesystem::path& dir,
                      const TellLine& tell) {
  models::PullOptions options{
      .source = source, .name = work.as, .sha256 = work.sha256, .licence = work.licence};
  for (const auto& tier : split(work.tiers, ',')) {
    if (const auto name = trim(tier); !name.empty()) options.tiers.push_back(name);
  }
  TRY(const auto name, models::name_of(options, entries));
  std::int64_t told = 0;
  std::string doing;
  const auto progress = [&](const std::string& step, std::int64_t done, std::int64_t total) {
    if (step == doing && done < total && done - told < total / 200) return;  // a half percent is a line
    doing = step;
    told = done;
    tell(Json{{"model", name}, {"step", step}, {"done_bytes", done}, {"total_bytes", total}}.dump());
  };
  TRY(const auto pulled, models::pull(options, entries, dir, progress, cli::StopSignals::stopped()));
  const auto known = std::ranges::find(entries, name, &models::CatalogueEntry::name);
  const bool untried = known != entries.end() && known->listed && !known->may;
  say(tell, name, "done",
      "licence " + pulled.licence + "; SHA-256 " + pulled.sha256 + "; for " + join(pulled.tiers, ", ") +
          "; a server that is started now uses it" +
          (untried ? ", and lets it say everything until `troupe models judge " + name + "` has found more"
                   : ""));
  return {};
}

Result<void> work_on(const std::string& name, const cli::ModelsWork& work,
                     const std::vector<models::CatalogueEntry>& entries, const std::filesystem::path& dir,
                     const TellLine& tell) {
  if (work.verb == "pull") return pull_one(name, work, entries, dir, tell);
  TRY(const auto freed, models::remove_files(name, dir));
  say(tell, name, "removed", "removed, " + std::to_string(freed >> 20) + " MB");
  return {};
}

}  // namespace

int models_here(const cli::ModelsWork& work, const TellLine& tell) {
  const auto catalogue = models::load_catalogue(catalogue_path(""));
  if (!catalogue) {
    say(tell, "catalogue", "error", catalogue.error().message);
    return 1;
  }
  const auto dir = models_path(work.dir);
  const auto entries = models::with_local(*catalogue, dir);
  if (work.verb == "ls") {
    list(entries, dir, tell);
    return 0;
  }
  if (work.verb == "fit") {
    suggest(entries, dir, tell);
    return 0;
  }
  int status = 0;
  for (const auto& name : work.names) {
    if (const auto done = work_on(name, work, entries, dir, tell); !done) {
      say(tell, name, "error", done.error().message);
      status = 1;
    }
  }
  return status;
}

}  // namespace troupe
