#include "cli/cli.h"

#include <exception>
#include <ostream>

#include "cli/commands.h"
#include "cli/parse.h"

namespace troupe::cli {

namespace {

struct Runner {
  const CliHooks& hooks;
  const Terminal& terminal;

  int operator()(const UpOptions& o) const { return hooked("up", hooks.up, o); }
  int operator()(const ReplayOptions& o) const { return hooked("world replay", hooks.replay, o); }
  int operator()(const BenchOptions& o) const { return hooked("bench", hooks.bench, o.name, o.json); }
  int operator()(const CheckOptions& o) const { return run_check(o, terminal); }
  int operator()(const StatusOptions& o) const { return run_status(o, terminal); }
  int operator()(const WatchOptions& o) const { return run_watch(o, terminal); }
  int operator()(const TalkOptions& o) const { return run_talk(o, terminal); }
  int operator()(const LoadOptions& o) const { return run_load(o, terminal); }
  int operator()(const CallOptions& o) const { return run_call(o, terminal); }
  int operator()(const ModelsOptions& o) const { return run_models(o, hooks, terminal); }
  int operator()(const WhyOptions& o) const { return run_why(o, terminal); }
  int operator()(const JudgeOptions& o) const { return run_judge(o, terminal); }
  int operator()(const VerifyOptions& o) const { return run_verify(o, terminal); }
  int operator()(const LinesOptions& o) const { return run_lines(o, terminal); }

  template <class Hook, class... Args>
  int hooked(std::string_view name, const Hook& hook, const Args&... args) const {
    if (hook) return hook(args...);
    complain(terminal, "this build has no `troupe " + std::string(name) + "`");
    return 1;
  }
};

}  // namespace

int run_words(const std::vector<std::string>& words, const CliHooks& hooks, const Terminal& terminal) {
  const auto parsed = parse(words, [&terminal](const char* name) { return terminal.variable(name); });
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    terminal.out << answer->text << std::flush;
    if (!answer->problem.empty()) complain(terminal, answer->problem);
    return answer->status;
  }
  const int status = std::visit(Runner{hooks, terminal}, std::get<Command>(parsed));
  terminal.out.flush();
  // A full disk or a closed pipe: what was asked for did not arrive.
  return status == 0 && !terminal.out ? 1 : status;
}

int run_cli(int argc, char** argv, const CliHooks& hooks) {
  const Terminal terminal = real_terminal();
  try {
    return run_words({argv + (argc > 0 ? 1 : 0), argv + argc}, hooks, terminal);
  } catch (const std::exception& error) {
    complain(terminal, std::string("internal error: ") + error.what());
    return 1;
  }
}

}  // namespace troupe::cli
