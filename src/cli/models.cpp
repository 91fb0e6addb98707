// troupe models: what weights there are. A running server is asked for its list. Fetching and deleting needs
// no server: a hook of app does it, or tools/models.py, which also measures.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/text.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/judge.h"
#include "cli/rpc.h"
#include "cli/stop.h"

namespace troupe::cli {

namespace {

namespace fs = std::filesystem;
using Verb = ModelsOptions::Verb;

constexpr int kParentsMax = 5;  // build/release/bin/troupe and one to spare
constexpr double kMib = 1 << 20;
constexpr double kBillion = 1e9;

bool is_home(const fs::path& dir) {
  std::error_code error;
  return fs::exists(dir / "tools" / "models.py", error);
}

// The folder that has tools/: as the environment says, above the executable, or where this was built.
Result<fs::path> find_home(const Terminal& terminal) {
  if (const auto told = terminal.variable("TROUPE_HOME"); !told.empty()) {
    if (is_home(told)) return fs::path(told);
    return fail(Code::not_found, "cli.no_home",
                fmt::format("TROUPE_HOME is '{}', but there is no tools/models.py", told));
  }
  std::error_code error;
  fs::path dir = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (int i = 0; !error && i < kParentsMax && dir.has_relative_path(); ++i, dir = dir.parent_path()) {
    if (is_home(dir)) return dir;
  }
  if (is_home(TROUPE_SOURCE_DIR)) return fs::path(TROUPE_SOURCE_DIR);
  return fail(Code::not_found, "cli.no_home",
              "tools/models.py is not found; set TROUPE_HOME to Troupe's folder");
}

// The Python that set-up made has what the script needs.
std::string find_python(const fs::path& home, const Terminal& terminal) {
  if (const auto told = terminal.variable("TROUPE_PYTHON"); !told.empty()) return told;
  std::ifstream file(home / "build" / "setup.json");
  const std::string python = file ? text_in(Json::parse(file, nullptr, false), "python") : "";
  std::error_code error;
  return !python.empty() && fs::exists(python, error) ? python : "python3";
}

Result<std::vector<std::string>> tool_command(const ModelsOptions& options, const char* verb,
                                              const Terminal& terminal) {
  TRY(const fs::path home, find_home(terminal));
  std::vector<std::string> argv = {find_python(home, terminal), (home / "tools" / "models.py").string(),
                                   "--json"};
  if (!options.models.empty()) argv.insert(argv.end(), {"--dest", options.models});
  if (options.all) argv.emplace_back("--all");
  argv.insert(argv.end(), {"--", verb});
  argv.insert(argv.end(), options.names.begin(), options.names.end());
  return argv;
}

std::string joined(const Json& words) {
  std::vector<std::string> texts;
  for (const auto& word : words) {
    if (word.is_string()) texts.push_back(word.get<std::string>());
  }
  return one_line(join(texts, " "));
}

// What a loaded model may say, and by whose word: "small_talk (grade)".
std::string may_in_words(const Json& model) {
  const auto by = text_in(model, "may_by");
  if (by.empty()) return "";
  const auto may = joined(list_in(model, "may"));
  return fmt::format("{} ({})", may.empty() ? "nothing" : may, one_line(by));
}

// Both kinds of list: the server's (models.List) and the script's.
void print_list(const std::vector<Json>& models, const Terminal& terminal) {
  Table table({"Name", "State", "Size", "Tiers", "May say", "Licence", "Measured"});
  for (const auto& model : models) {
    std::string state = one_line(text_in(model, "state"));
    if (state == "pulling") state += fmt::format(" {:.0f} %", 100 * real_in(model, "pull_progress"));
    std::string measured = one_line(text_in(model, "measured"));
    if (const double speed = real_in(model, "prompt_tokens_per_s"); speed > 0) {
      measured = fmt::format("prompt {:.0f} tokens/s, {:.1f} ms a token", speed, real_in(model, "token_ms"));
    }
    if (const auto grade = one_line(grade_in_words(object_in(model, "grade"))); !grade.empty())
      measured += (measured.empty() ? "" : "; ") + grade;
    if (const auto problem = one_line(text_in(model, "problem")); !problem.empty()) measured = problem;
    // Of what is not here: what it would take.
    if (flag_in(model, "listed") && measured.empty() && text_in(model, "state") == "listed")
      measured = fmt::format("never tried here; {:.1f} B parameters, about {:.1f} GB of memory",
                             static_cast<double>(number_in(model, "parameters")) / kBillion,
                             static_cast<double>(number_in(model, "memory_bytes")) / kBillion);
    const auto size = number_in(model, "size_bytes");
    table.row(
        {one_line(text_in(model, "name")), state,
         size > 0 ? fmt::format("{:.0f} MB", static_cast<double>(size) / kMib) : "-",  // not on this machine
         joined(list_in(model, "tiers")), may_in_words(model), one_line(text_in(model, "licence")),
         measured});
  }
  table.print(terminal, "");
}

ModelsWork work_of(const ModelsOptions& options, const char* verb) {
  return {.verb = verb,
          .names = options.names,
          .dir = options.models,
          .as = options.as,
          .sha256 = options.sha256,
          .licence = options.licence,
          .tiers = options.tiers};
}

Result<std::vector<Json>> list_here(const ModelsOptions& options, const CliHooks& hooks,
                                    const Terminal& terminal) {
  if (hooks.models) {
    std::vector<Json> models;
    const int status = hooks.models(work_of(options, "ls"), [&models](const std::string& line) {
      Json read = Json::parse(line, nullptr, false);
      if (read.is_object()) models.push_back(std::move(read));
    });
    if (status != 0) return fail(Code::internal, "cli.models", "the models on this machine cannot be listed");
    return models;
  }
  TRY(const auto argv, tool_command(options, "ls", terminal));
  std::vector<Json> models;
  TRY(const int status, run_child(argv, [&models](const std::string& line) {
        const Json read = Json::parse(line, nullptr, false);
        if (!read.is_object()) return;
        Json model = {{"name", text_in(read, "model")}};  // named as the server names it
        model.update(read);
        model.erase("model");
        models.push_back(std::move(model));
      }));
  if (status != 0) return fail(Code::internal, "cli.tool", "tools/models.py ls failed");
  return models;
}

Result<std::vector<Json>> list_models(const ModelsOptions& options, const CliHooks& hooks,
                                      const Terminal& terminal) {
  // A folder that somebody names is not what the server uses.
  if (!options.models.empty()) return list_here(options, hooks, terminal);
  HttpClient client = connect(options.server);
  const auto reply = call_rpc(client, "models.List");
  if (reply) return list_in(*reply, "models").get<std::vector<Json>>();
  const auto code = reply.error().code;
  if (code == Code::unavailable || code == Code::not_found) return list_here(options, hooks, terminal);
  return std::unexpected(reply.error());
}

int run_ls(const ModelsOptions& options, const CliHooks& hooks, const Terminal& terminal) {
  const auto models = list_models(options, hooks, terminal);
  if (!models) return failed(terminal, models.error());
  if (options.json) {
    for (const auto& model : *models) terminal.out << compact(model) << '\n';
  } else {
    print_list(*models, terminal);
  }
  return 0;
}

// `pull` without a name: which model to pull. It looks at this machine only and asks nobody.
int run_fit(const ModelsOptions& options, const CliHooks& hooks, const Terminal& terminal) {
  if (!hooks.models)
    return failed(terminal, {Code::unavailable, "cli.models", "NAME is missing; name a model, or --all"});
  bool told = false;
  const int status = hooks.models(work_of(options, "fit"), [&](const std::string& line) {
    const Json read = Json::parse(line, nullptr, false);
    told = true;
    terminal.out << (options.json ? line : one_line(text_in(read, "message"))) << '\n';
  });
  if (!told && status == 0 && !options.json)
    terminal.out << "no listed model that fits this machine is better than what is here; `troupe models ls` "
                    "shows them\n";
  return status;
}

// What the script tells while it works: a moving bar on a terminal, a line now and then otherwise.
class Progress {
 public:
  explicit Progress(const Terminal& terminal) : terminal_(terminal) {}

  void tell(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return;
    told_ = true;
    const std::string model = one_line(text_in(json, "model"));
    const std::string step = one_line(text_in(json, "step"));
    if (const auto message = one_line(text_in(json, "message")); !message.empty()) {
      finish();
      if (step == "error" || step == "refused") {
        complain(terminal_, model + ": " + message);
      } else {
        terminal_.out << model << ": " << message << '\n' << std::flush;
      }
      return;
    }
    show(model, step, number_in(json, "done_bytes"), number_in(json, "total_bytes"));
  }

  bool told() const { return told_; }

  void finish() {
    if (moving_) terminal_.err << '\n' << std::flush;
    moving_ = false;
  }

 private:
  void show(const std::string& model, const std::string& step, std::int64_t done, std::int64_t total) {
    const auto now = std::chrono::steady_clock::now();
    const std::string doing = model + ": " + step;
    const bool changed = doing != doing_;
    if (changed) {
      finish();
      doing_ = doing;
      begun_ = now;
      begun_bytes_ = done;
      told_percent_ = 0;
    }
    const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    std::string line = doing;
    if (total > 0) {
      line += fmt::format(" {} {:.0f}/{:.0f} MB", cells(share), static_cast<double>(done) / kMib,
                          static_cast<double>(total) / kMib);
      const std::chrono::duration<double> took = now - begun_;
      if (took.count() > 1 && done > begun_bytes_) {
        line += fmt::format(", {:.1f} MB/s", static_cast<double>(done - begun_bytes_) / kMib / took.count());
      }
    }
    if (terminal_.err_tty) {
      terminal_.err << "\r\033[K" << line << std::flush;
      moving_ = true;
      return;
    }
    const int percent = static_cast<int>(100 * share);
    if (!changed && percent < told_percent_ + 10) return;
    told_percent_ = percent;
    terminal_.err << line << '\n' << std::flush;
  }

  static std::string cells(double share) {
    constexpr std::size_t kCells = 24;
    const auto full = std::min(kCells, static_cast<std::size_t>(share * kCells));
    return "[" + std::string(full, '#') + std::string(kCells - full, '.') + "]";
  }

  const Terminal& terminal_;
  std::string doing_;
  std::chrono::steady_clock::time_point begun_;
  std::int64_t begun_bytes_ = 0;
  int told_percent_ = 0;
  bool moving_ = false;
  bool told_ = false;
};

const char* tool_verb(Verb verb) {
  switch (verb) {
    case Verb::pull:
      return "pull";
    case Verb::rm:
      return "rm";
    default:
      return "measure";
  }
}

// Whether each of them is one that its publisher has to be asked about.
bool all_listed(const ModelsOptions& options, const CliHooks& hooks, const Terminal& terminal) {
  const auto known = list_here(options, hooks, terminal);
  return known && std::ranges::all_of(options.names, [&](const std::string& name) {
           return std::ranges::any_of(*known, [&](const Json& model) {
             return text_in(model, "name") == name && flag_in(model, "listed");
           });
         });
}

// Set-up's tool knows more sources of the catalogue's models, and measures. Everything else is done by the
// program itself, which needs nothing beside it; the tool leaves listed models to it, too.
bool by_tool(const ModelsOptions& options, const CliHooks& hooks, const Terminal& terminal) {
  if (!hooks.models || options.verb == Verb::bench) return true;
  if (options.verb == Verb::rm) return options.all;
  if (!options.all && all_listed(options, hooks, terminal)) return false;
  std::error_code error;
  const bool of_catalogue = std::ranges::none_of(options.names, [&](const std::string& name) {
    return name.contains("://") || name.contains('/') || fs::exists(name, error);
  });
  return of_catalogue && (options.all || find_home(terminal));
}

}  // namespace

int run_models(const ModelsOptions& options, const CliHooks& hooks, const Terminal& terminal) {
  const StopSignals signals;
  if (options.verb == Verb::ls) return run_ls(options, hooks, terminal);
  if (options.verb == Verb::pull && options.names.empty() && !options.all)
    return run_fit(options, hooks, terminal);
  Progress progress(terminal);
  const auto tell = [&](const std::string& line) {
    if (options.json) {
      terminal.out << line << '\n' << std::flush;
    } else {
      progress.tell(line);
    }
  };
  Result<int> status = 0;
  if (by_tool(options, hooks, terminal)) {
    const auto argv = tool_command(options, tool_verb(options.verb), terminal);
    if (!argv) return failed(terminal, argv.error());
    status = run_child(*argv, tell);
  } else {
    status = hooks.models(work_of(options, options.verb == Verb::rm ? "rm" : "pull"), tell);
  }
  progress.finish();
  if (!status) return failed(terminal, status.error());
  if (*status == 0 && !options.json && !progress.told()) terminal.out << "nothing to do\n";
  return *status == 0 ? 0 : 1;
}

}  // namespace troupe::cli
