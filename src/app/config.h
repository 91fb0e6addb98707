#pragma once
// What `troupe up` can be told: one declared table of keys (and one for each engine of the section `engines`,
// see config_engines.h), read from a YAML file, overridden by the command line. Unknown keys are errors with
// the nearest known key, and all errors are reported at once.
#include <string>
#include <vector>

#include "app/server.h"
#include "base/log.h"

namespace troupe {

struct Config {
  ServerOptions server;
  log::Format log_format = log::Format::text;
  log::Level log_level = log::Level::info;
};

// One key: how it is written, what it means, and how a value is taken. `set` answers what would be right, or
// "".
struct ConfigKey {
  const char* name;
  const char* help;
  const char* fallback;
  std::string (*set)(Config&, const std::string& value);
};
const std::vector<ConfigKey>& config_keys();

// Sets one key from the command line. `invalid_argument` config.bad_value.
Result<void> set_config(Config& config, const std::string& key, const std::string& value);

// Every key as Markdown, from the tables; docs/reference/config.md is this, and a test says when it is not
// fresh.
std::string config_reference();

// Reads a file into `config`. Every problem as `FILE:LINE:COLUMN: what; what would be right`, one a line.
Result<void> load_config(Config& config, const std::string& file);

}  // namespace troupe
