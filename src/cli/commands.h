#pragma once
// What each command does, given what was typed. Each answers the exit status and has said why on standard
// error.
#include "cli/options.h"
#include "cli/terminal.h"

namespace troupe::cli {

int run_check(const CheckOptions& options, const Terminal& terminal);
int run_status(const StatusOptions& options, const Terminal& terminal);
int run_watch(const WatchOptions& options, const Terminal& terminal);
int run_talk(const TalkOptions& options, const Terminal& terminal);
int run_load(const LoadOptions& options, const Terminal& terminal);
int run_call(const CallOptions& options, const Terminal& terminal);
int run_models(const ModelsOptions& options, const CliHooks& hooks, const Terminal& terminal);
int run_why(const WhyOptions& options, const Terminal& terminal);
int run_judge(const JudgeOptions& options, const Terminal& terminal);
int run_lines(const LinesOptions& options, const Terminal& terminal);
int run_verify(const VerifyOptions& options, const Terminal& terminal);

// Parses and dispatches: run_cli() without the process around it.
int run_words(const std::vector<std::string>& words, const CliHooks& hooks, const Terminal& terminal);

}  // namespace troupe::cli
