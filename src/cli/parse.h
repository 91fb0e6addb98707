#pragma once
// From words to a command, or to what should be said instead (help, the version, what was wrong). Pure but
// for the environment that is handed in.
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "cli/options.h"

namespace troupe::cli {

// Nothing to run: `text` goes to standard output, `problem` (one line) to standard error.
struct Answer {
  int status = 0;
  std::string text;
  std::string problem;
};

using Environment = std::function<std::string(const char*)>;

// `words` without the program's name.
std::variant<Command, Answer> parse(const std::vector<std::string>& words, const Environment& environment);

// Every command as it is typed ("models pull"), in the order of the help.
std::vector<std::string> command_names();

}  // namespace troupe::cli
