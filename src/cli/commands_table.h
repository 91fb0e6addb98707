#pragma once
// The table of commands: what each is called, what it says about itself, and which options it takes. CLI11
// stays within this and parse.cpp.
#include <CLI/CLI.hpp>
#include <span>
#include <string_view>

#include "cli/options.h"

namespace troupe::cli {

struct CommandRow {
  std::string_view group;    // heading in the overview
  std::string_view name;     // as typed: "talk", "models pull"
  std::string_view summary;  // one line
  std::string_view about;    // what else one should know
  std::string_view example;  // lines to copy
  // Makes the command's options the alternative of `command` and binds them.
  void (*define)(CLI::App& app, Command& command);
};

std::span<const CommandRow> command_rows();

}  // namespace troupe::cli
