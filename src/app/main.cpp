// The one executable: the command line, with the parts of the server that it needs.
#include <unistd.h>

#include <cstdio>

#include "app/config.h"
#include "app/models_here.h"
#include "app/paths.h"
#include "app/server.h"
#include "app/services.h"
#include "base/text.h"
#include "cli/cli.h"

namespace {

using namespace troupe;

int complain(const Error& error, int status = 1) {
  std::fprintf(stderr, "troupe: %s\n", error.message.c_str());
  return status;
}

int up(const cli::UpOptions& typed) {
  Config config;
  if (!typed.config.empty()) {
    if (const auto read = load_config(config, typed.config); !read) return complain(read.error(), 2);
  }
  const std::string worlds = join(typed.worlds, ",");
  const std::pair<const char*, const std::string&> given[] = {{"world", worlds},
                                                              {"data", typed.data},
                                                              {"db", typed.db},
                                                              {"listen", typed.listen},
                                                              {"seed", typed.seed},
                                                              {"log.format", typed.log},
                                                              {"log.level", typed.log_level},
                                                              {"models.dir", typed.models},
                                                              {"bus", typed.bus},
                                                              {"role", typed.role}};
  for (const auto& [key, value] : given) {
    if (value.empty()) continue;
    if (const auto set = set_config(config, key, value); !set) return complain(set.error(), 2);
  }
  if (typed.json && typed.log.empty()) config.log_format = log::Format::json;
  config.server.ready_as_json = typed.json;
  config.server.accept_loss = typed.accept_loss;
  if (typed.no_models) config.server.use_models = false;
  if (!typed.services.empty()) {
    auto services = services_from(typed.services);
    if (!services) return complain(services.error(), 2);
    config.server.services = *std::move(services);
  }
  log::configure(config.log_format, config.log_level);
  if (const auto done = run_server(config.server); !done) return complain(done.error());
  return 0;
}

int replay(const cli::ReplayOptions& typed) {
  log::configure(log::Format::text, log::Level::warn);
  Config config;
  if (!typed.db.empty()) {
    if (const auto set = set_config(config, "db", typed.db); !set) return complain(set.error(), 2);
  }
  const auto report = replay_world({.world = typed.world.empty() ? "worlds/lanternfall" : typed.world,
                                    .name = typed.name,
                                    .data = typed.data.empty() ? "data" : typed.data,
                                    .database = config.server.database});
  if (!report) return complain(report.error());
  const bool same = report->problem.empty();
  if (typed.json) {
    std::printf(
        "{\"world\":\"%s\",\"inputs\":%lu,\"events\":%lu,\"recorded\":\"%s\",\"replayed\":\"%s\",\"same\":%s}"
        "\n",
        report->world.c_str(), report->inputs, report->events, report->recorded_hash.c_str(),
        report->replayed_hash.c_str(), same ? "true" : "false");
  } else {
    std::printf("%s: %lu inputs, %lu events\nrecorded %s\nreplayed %s\n%s\n", report->world.c_str(),
                report->inputs, report->events, report->recorded_hash.c_str(), report->replayed_hash.c_str(),
                same ? "the same, byte for byte" : report->problem.c_str());
  }
  return same ? 0 : 1;
}

// Benchmarks start peers and compare: that is a script's work, beside this program.
int bench(const std::string& name, bool json) {
  const std::string script = (home_path() / "bench" / "run.py").string();
  const char* words[] = {"python3", script.c_str(), name.empty() ? "--all" : name.c_str(),
                         json ? "--json" : nullptr, nullptr};
  execvp(words[0], const_cast<char* const*>(words));
  std::fprintf(stderr, "troupe: cannot start python3 %s\n", script.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  return troupe::cli::run_cli(argc, argv,
                              {.up = up, .replay = replay, .models = troupe::models_here, .bench = bench});
}
