#include "services/models/models_service.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"

extern char** environ;

namespace troupe {

// One run of the tool: its progress, as its lines tell it.
struct ModelsService::Job {
  std::string verb;
  std::string name;
  mutable std::mutex mutex;
  double progress = 0;
  std::string step = "starting";
  bool running = true;
  std::string problem;

  void take_line(const std::string& line) {
    const auto said = nlohmann::json::parse(line, nullptr, false);
    if (!said.is_object()) return;
    const std::lock_guard lock(mutex);
    step = said.value("step", step);
    const double total = said.value("total_bytes", 0.0);
    if (total > 0) progress = said.value("done_bytes", 0.0) / total;
    if (said.contains("error") && said["error"].is_string()) problem = said["error"];
  }
  void end(int status) {
    const std::lock_guard lock(mutex);
    running = false;
    if (status != 0 && problem.empty())
      problem = "tools/models.py " + verb + " ended with status " + std::to_string(status);
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

}  // namespace

ModelsService::ModelsService(Host& host, ModelsConfig config)
    : host_(host), config_(std::move(config)), pool_("models", 1, 16) {}
ModelsService::~ModelsService() = default;

void ModelsService::mount() {
  host_.serve(&ModelsService::list, this);
  host_.serve(&ModelsService::pull, this);
  host_.serve(&ModelsService::remove, this);
  host_.serve(&ModelsService::measure, this);
}

Result<const models::CatalogueEntry*> ModelsService::find(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& entry : config_.catalogue) {
    if (entry.name == name) return &entry;
    names.push_back(entry.name);
  }
  return fail(Code::not_found, "models.unknown",
              "no model '" + name + "' in the catalogue" + did_you_mean(name, names));
}

Task<pb::ModelsListReply> ModelsService::list(Caller, pb::ModelsListRequest) {
  pb::ModelsListReply reply;
  for (const auto& entry : config_.catalogue) {
    const auto installed = models::find_installed(entry, config_.models_dir);
    auto* out = reply.add_models();
    out->set_name(entry.name);
    out->set_file(installed.file.string());
    out->set_sha256(entry.sha256);
    out->set_size_bytes(entry.size);
    out->set_licence(entry.licence);
    out->set_context_tokens(entry.context_tokens);
    out->mutable_tiers()->Assign(entry.tiers.begin(), entry.tiers.end());
    out->set_prompt_tokens_per_s(installed.prompt_tokens_per_s);
    out->set_token_ms(installed.token_ms);
    out->set_loaded(config_.loaded.contains(entry.name));
    out->set_problem(installed.problem);
    static constexpr const char* kStates[] = {"missing", "damaged", "candidate"};
    out->set_state(out->loaded() ? "current" : kStates[static_cast<int>(installed.state)]);
    if (!job_ || job_->name != entry.name) continue;
    const std::lock_guard lock(job_->mutex);
    if (job_->running) {
      out->set_state(job_->verb == "pull" ? "pulling" : "testing");
      out->set_pull_progress(job_->progress);
      out->set_pull_step(job_->step);
    } else if (!job_->problem.empty()) {
      out->set_problem(job_->problem);
    }
  }
  if (config_.elsewhere) {
    for (auto& model : config_.elsewhere()) *reply.add_models() = std::move(model);
  }
  co_return reply;
}

Result<void> ModelsService::start_job(const std::string& verb, const std::string& name) {
  if (job_) {
    const std::lock_guard lock(job_->mutex);
    if (job_->running) {
      return fail(Code::exhausted, "models.busy", job_->verb + " of '" + job_->name + "' is under way", 5000);
    }
  }
  auto job = std::make_shared<Job>();
  job->verb = verb;
  job->name = name;
  const std::vector<std::string> command = {"python3", config_.tool.string(),      verb, name, "--json",
                                            "--dest",  config_.models_dir.string()};
  const bool queued = pool_.submit([job, command] {
    const int status = run_lines(command, [job](const std::string& line) { job->take_line(line); });
    job->end(status);
    if (status == 0) {
      log::info("models", "{} of {} is done; restart to load it", job->verb, job->name);
    } else {
      log::warn("models", "{} of {} failed: {}", job->verb, job->name, job->problem);
    }
  });
  if (!queued) return fail(Code::exhausted, "models.busy", "too much is waiting", 5000);
  job_ = std::move(job);
  return {};
}

Task<pb::ModelsPullReply> ModelsService::pull(Caller, pb::ModelsPullRequest request) {
  const std::string name = request.name().empty() ? request.source() : request.name();
  CO_TRY([[maybe_unused]] const auto* entry, find(name));
  CO_TRY_VOID(start_job("pull", name));
  pb::ModelsPullReply reply;
  reply.set_name(name);
  reply.set_state("pulling");
  co_return reply;
}

Task<pb::ModelsRemoveReply> ModelsService::remove(Caller, pb::ModelsRemoveRequest request) {
  CO_TRY(const auto* entry, find(request.name()));
  if (config_.loaded.contains(entry->name)) {
    co_return fail(Code::conflict, "models.in_use",
                   "'" + entry->name + "' is loaded; start without it first");
  }
  const auto folder = config_.models_dir / entry->name;
  co_return co_await pool_.run<pb::ModelsRemoveReply>(
      host_.env(), [folder, name = entry->name]() -> Result<pb::ModelsRemoveReply> {
        pb::ModelsRemoveReply reply;
        std::error_code error;
        std::int64_t freed = 0;
        for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
          freed += static_cast<std::int64_t>(file.file_size(error));
        }
        if (error) return fail(Code::not_found, "models.missing", "'" + name + "' is not on this machine");
        std::filesystem::remove_all(folder, error);
        if (error) return fail(Code::unavailable, "models.remove", folder.string() + ": " + error.message());
        reply.set_freed_bytes(freed);
        return reply;
      });
}

Task<pb::ModelsMeasureReply> ModelsService::measure(Caller, pb::ModelsMeasureRequest request) {
  CO_TRY(const auto* entry, find(request.name()));
  CO_TRY_VOID(start_job("measure", entry->name));
  pb::ModelsMeasureReply reply;
  reply.set_name(entry->name);
  const auto installed = models::find_installed(*entry, config_.models_dir);
  reply.set_prompt_tokens_per_s(installed.prompt_tokens_per_s);
  reply.set_token_ms(installed.token_ms);
  co_return reply;
}

}  // namespace troupe
