#include <cstdio>
#include <cstring>

#include "app/server.h"
#include "base/log.h"

int main(int argc, char** argv) {
  troupe::ServerOptions options;
  if (argc > 1 && std::strcmp(argv[1], "replay") == 0) {
    auto r = troupe::replay_world({.world = options.world, .data = options.data});
    if (!r) { std::fprintf(stderr, "troupe: %s\n", r.error().message.c_str()); return 1; }
    std::printf("%s %lu inputs %lu events\n%s\n%s\n%s\n", r->world.c_str(), r->inputs, r->events, r->recorded_hash.c_str(), r->replayed_hash.c_str(), r->problem.c_str());
    return r->problem.empty() ? 0 : 1;
  }
  if (auto done = troupe::run_server(options); !done) {
    std::fprintf(stderr, "troupe: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}
