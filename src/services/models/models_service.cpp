#include "services/models/models_service.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "services/models/pull.h"

extern char** environ;

namespace troupe {

// One pull or measurement, as the io thread knows it. The pool tells by posts.
struct ModelsService::Job {
  Job(const rt::Env& e, std::string v, std::string n) : env(e), verb(std::move(v)), name(std::move(n)) {}
  const rt::Env env;
  const std::string verb;
  const std::string name;
  double progress = 0;
  std::string step = "starting";
  bool running = true;
  std::string problem;

  // Any thread.
  static void tell(const std::shared_ptr<Job>& job, std::string step, double done, double total) {
    rt::post(job->env, [job, step = std::move(step), done, total] {
      job->step = step;
      if (total > 0) job->progress = done / total;
    });
  }
};

namespace {

// Runs a program and hands each line of its output to `line`. Answers its exit status, or -1.
int run_lines(const std::vector<std::string>& command, const std::function<void(const std::string&)>& line) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int started = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  if (started != 0) {
    close(pipe_ends[0]);
    return -1;
  }
  std::string pending;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
    pending.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = pending.find('\n')) != std::string::npos;) {
      line(pending.substr(0, end));
      pending.erase(0, end + 1);
    }
  }
  close(pipe_ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The Python that set-up made has what the tool needs.
std::string python_for(const std::filesystem::path& tool) {
  std::ifstream in(tool.parent_path().parent_path() / "build" / "setup.json");
  const auto setup = nlohmann::json::parse(in, nullptr, false);
  const bool told = setup.is_object() && setup.contains("python") && setup["python"].is_string();
  return told ? setup["python"].get<std::string>() : "python3";
}

}  // namespace

ModelsService::ModelsService(Host& host, ModelsConfig config)
    : host_(host),
      config_(std::move(config)),
      stopping_(std::make_shared<std::atomic<bool>>(false)),
      pool_("models", 2, 16) {}
ModelsService::~ModelsService() { stopping_->store(true); }

void ModelsService::mount() {
  host_.serve(&ModelsService::list, this);
  host_.serve(&ModelsService::pull, this);
  host_.serve(&ModelsService::remove, this);
  host_.serve(&ModelsService::measure, this);
  host_.serve(&ModelsService::grade, this);
}

Task<std::vector<models::CatalogueEntry>> ModelsService::known() {
  using Entries = std::vector<models::CatalogueEntry>;
  co_return co_await pool_.run<Entries>(
      host_.env(), [catalogue = config_.catalogue, dir = config_.models_dir]() -> Result<Entries> {
        return models::with_local(catalogue, dir);
      });
}

Task<models::CatalogueEntry> ModelsService::find(std::string name) {
  CO_TRY(const auto entries, co_await known());
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    if (entry.name == name) co_return entry;
    names.push_back(entry.name);
  }
  co_return fail(Code::not_found, "models.unknown",
                 "no model '" + name + "' is known" + did_you_mean(name, names));
}

namespace {

pb::ModelView view_of(const models::CatalogueEntry& entry, const models::Installed& installed,
                      const std::map<std::string, std::string>& held) {
  const auto holds = held.find(entry.name);
  const bool loaded = holds != held.end();
  pb::ModelView out;
  out.set_name(entry.name);
  out.set_file(installed.file.string());
  out.set_sha256(installed.sha256.empty() ? entry.sha256 : installed.sha256);
  out.set_size_bytes(entry.size);
  out.set_licence(entry.licence);
  out.set_context_tokens(entry.context_tokens);
  out.mutable_tiers()->Assign(entry.tiers.begin(), entry.tiers.end());
  out.set_prompt_tokens_per_s(installed.prompt_tokens_per_s);
  out.set_token_ms(installed.token_ms);
  out.set_loaded(loaded);
  if (loaded) out.set_runs_on(holds->second);
  out.set_listed(entry.listed);
  out.set_parameters(entry.parameters);
  out.set_memory_bytes(models::memory_about(entry));
  static constexpr const char* kStates[] = {"missing", "damaged", "candidate"};
  const bool old = entry.deprecated && installed.state != models::FileState::damaged;
  out.set_state(old ? "deprecated" : loaded ? "current" : kStates[static_cast<int>(installed.state)]);
  out.set_problem(installed.problem);
  if (entry.listed && installed.state == models::FileState::missing) {
    // It is there for whoever wants it: nothing is wrong.
    out.set_state("listed");
    out.clear_problem();
  }
  return out;
}

}  // namespace

Task<pb::ModelsListReply> ModelsService::list(Caller caller, pb::ModelsListRequest) {
  const auto grades = std::make_shared<models::Grades>();
  CO_TRY(auto reply, co_await pool_.run<pb::ModelsListReply>(
                         host_.env(),
                         [catalogue = config_.catalogue, dir = config_.models_dir, loaded = config_.loaded,
                          grades]() -> Result<pb::ModelsListReply> {
                           pb::ModelsListReply found;
                           *grades = models::load_grades(dir);
                           for (const auto& entry : models::with_local(catalogue, dir)) {
                             *found.add_models() = view_of(entry, models::find_installed(entry, dir), loaded);
                           }
                           return found;
                         }));
  // Where the server keeps its files is for whoever runs it.
  if (caller.role != pb::ROLE_ADMIN && caller.role != pb::ROLE_SERVICE) {
    for (auto& model : *reply.mutable_models())
      model.set_file(std::filesystem::path(model.file()).filename().string());
  }
  if (job_) {
    auto* models = reply.mutable_models();
    auto shown = std::ranges::find(*models, job_->name, &pb::ModelView::name);
    if (shown == models->end() && (job_->running || !job_->problem.empty())) {
      reply.add_models()->set_name(job_->name);
      shown = models->end() - 1;
      shown->set_state("missing");
    }
    if (job_->running) {
      shown->set_state(job_->verb == "pull" ? "pulling" : "testing");
      shown->set_pull_progress(job_->progress);
      shown->set_pull_step(job_->step);
    } else if (!job_->problem.empty()) {
      shown->set_problem(job_->problem);
    }
  }
  if (config_.elsewhere) {
    for (auto& model : config_.elsewhere()) *reply.add_models() = std::move(model);
  }
  for (auto& model : *reply.mutable_models()) {
    const auto voice = config_.voices.find(model.name());
    const bool speaks = voice != config_.voices.end();
    if (speaks) {
      model.mutable_may()->Assign(voice->second.may.begin(), voice->second.may.end());
      model.set_may_by(voice->second.may_by);
    }
    const auto kept = grades->find(speaks ? voice->second.key : model.sha256());
    if (kept != grades->end()) *model.mutable_grade() = kept->second;
  }
  co_return reply;
}

ModelsService::Work ModelsService::by_tool(const std::string& verb, const std::string& name) const {
  return [verb, name, tool = config_.tool,
          dir = config_.models_dir](const std::shared_ptr<Job>& job) -> Result<void> {
    const std::vector<std::string> command = {python_for(tool), tool.string(), verb,        name,
                                              "--json",         "--dest",      dir.string()};
    std::string said;
    const int status = run_lines(command, [&](const std::string& line) {
      const auto read = nlohmann::json::parse(line, nullptr, false);
      if (!read.is_object()) return;
      try {
        const auto step = read.value("step", std::string());
        if (step == "error" || step == "refused") said = read.value("message", said);
        Job::tell(job, step, read.value("done_bytes", 0.0), read.value("total_bytes", 0.0));
      } catch (const nlohmann::json::exception&) {
        return;  // a line of another shape tells nothing
      }
    });
    if (status == 0) return {};
    return fail(
        Code::unavailable, "models.tool",
        said.empty() ? "tools/models.py " + verb + " ended with status " + std::to_string(status) : said);
  };
}

Result<void> ModelsService::start_job(const std::string& verb, const std::string& name, Work work) {
  if (job_ && job_->running)
    return fail(Code::exhausted, "models.busy", job_->verb + " of '" + job_->name + "' is under way", 5000);
  auto job = std::make_shared<Job>(host_.env(), verb, name);
  const bool queued = pool_.submit([job, work = std::move(work)] {
    const auto done = work(job);
    if (done) {
      log::info("models", "{} of {} is done; restart to load it", job->verb, job->name);
    } else {
      log::warn("models", "{} of {} failed: {}", job->verb, job->name, done.error().message);
    }
    rt::post(job->env, [job, problem = done ? std::string() : done.error().message] {
      job->running = false;
      job->problem = problem;
    });
  });
  if (!queued) return fail(Code::exhausted, "models.busy", "too much is waiting", 5000);
  job_ = std::move(job);
  return {};
}

Task<pb::ModelsPullReply> ModelsService::pull(Caller, pb::ModelsPullRequest request) {
  models::PullOptions options{.source = request.source().empty() ? request.name() : request.source(),
                              .name = request.source().empty() ? std::string() : request.name(),
                              .sha256 = request.sha256()};
  if (options.source.empty())
    co_return fail(Code::invalid_argument, "models.bad_source",
                   "source is a name of the catalogue, an https address or a file");
  CO_TRY(const auto entries, co_await known());
  CO_TRY(const auto name, models::name_of(options, entries));
  // The tool knows more sources of the catalogue's models than their publishers; but not of listed ones.
  const bool of_catalogue = std::ranges::any_of(config_.catalogue, [&](const models::CatalogueEntry& entry) {
    return entry.name == options.source && !entry.listed;
  });
  std::error_code error;
  Work work;
  if (of_catalogue && std::filesystem::exists(config_.tool, error)) {
    work = by_tool("pull", name);
  } else {
    work = [options, entries, dir = config_.models_dir,
            stop = stopping_](const std::shared_ptr<Job>& job) -> Result<void> {
      const auto tell = [&job](const std::string& step, std::int64_t done, std::int64_t total) {
        Job::tell(job, step, static_cast<double>(done), static_cast<double>(total));
      };
      TRY(const auto pulled, models::pull(options, entries, dir, tell, *stop));
      log::info("models", "{}: {}, SHA-256 {}", pulled.name, pulled.licence, pulled.sha256);
      return {};
    };
  }
  CO_TRY_VOID(start_job("pull", name, std::move(work)));
  pb::ModelsPullReply reply;
  reply.set_name(name);
  reply.set_state("pulling");
  co_return reply;
}

Task<pb::ModelsRemoveReply> ModelsService::remove(Caller, pb::ModelsRemoveRequest request) {
  CO_TRY(const auto entry, co_await find(request.name()));
  if (config_.loaded.contains(entry.name))
    co_return fail(Code::conflict, "models.in_use", "'" + entry.name + "' is loaded; start without it first");
  if (job_ && job_->running && job_->name == entry.name)
    co_return fail(Code::conflict, "models.in_use", job_->verb + " of '" + entry.name + "' is under way");
  co_return co_await pool_.run<pb::ModelsRemoveReply>(
      host_.env(), [dir = config_.models_dir, name = entry.name]() -> Result<pb::ModelsRemoveReply> {
        pb::ModelsRemoveReply reply;
        TRY(const auto freed, models::remove_files(name, dir));
        reply.set_freed_bytes(freed);
        return reply;
      });
}

Task<pb::ModelsMeasureReply> ModelsService::measure(Caller, pb::ModelsMeasureRequest request) {
  CO_TRY(const auto entry, co_await find(request.name()));
  std::error_code error;
  if (!std::filesystem::exists(config_.tool, error)) {
    co_return fail(Code::unavailable, "models.no_tool",
                   "measuring needs tools/models.py of the source tree; set TROUPE_HOME to it");
  }
  CO_TRY_VOID(start_job("measure", entry.name, by_tool("measure", entry.name)));
  CO_TRY(const auto installed,
         co_await pool_.run<models::Installed>(
             host_.env(), [entry, dir = config_.models_dir]() -> Result<models::Installed> {
               return models::find_installed(entry, dir);
             }));
  pb::ModelsMeasureReply reply;
  reply.set_name(entry.name);
  reply.set_prompt_tokens_per_s(installed.prompt_tokens_per_s);
  reply.set_token_ms(installed.token_ms);
  co_return reply;
}

// Kept under what the loaded model is, not under its name: another file of this name is another model.
Task<pb::ModelsGradeReply> ModelsService::grade(Caller, pb::ModelsGradeRequest request) {
  const auto voice = config_.voices.find(request.name());
  if (voice == config_.voices.end() || voice->second.key.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, one] : config_.voices) names.push_back(name);
    co_return fail(Code::not_found, "models.not_loaded",
                   "no model '" + request.name() + "' is loaded" + did_you_mean(request.name(), names));
  }
  pb::ModelsGradeReply reply;
  reply.set_name(request.name());
  reply.set_of(voice->second.key);
  co_return co_await pool_.run<pb::ModelsGradeReply>(
      host_.env(),
      [key = voice->second.key, grade = request.grade(), dir = config_.models_dir,
       reply]() -> Result<pb::ModelsGradeReply> {
        TRY_VOID(models::keep_grade(key, grade, dir));
        return reply;
      });
}

}  // namespace troupe
