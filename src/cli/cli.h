#pragma once
// The command line of `troupe`: parses, prints, and talks to a running server over HTTP. What needs the
// server's own parts is handed in by the executable as hooks, so that this room links neither services nor
// engines.
#include <functional>
#include <string>
#include <vector>

namespace troupe::cli {

// As they were typed; "" is "not given", so that a configuration file can still speak. Validated by the hook.
struct UpOptions {
  std::vector<std::string> worlds;
  std::string data;
  std::string db;
  std::string config;
  std::string listen;
  std::string seed;
  std::string services;  // "time,weather,npc"
  std::string bus;       // local or nats://...
  std::string role;      // all, gateway, ...
  std::string log;       // text or json
  std::string log_level;
  std::string models;
  bool no_models = false;
  bool accept_loss = false;
  bool json = false;  // the ready line and the log, for programs
};

struct ReplayOptions {
  std::string world;
  std::string name;
  std::string data;
  std::string db;
  bool json = false;
};

// What is done with weights on this machine, without a server.
struct ModelsWork {
  std::string verb;  // ls, pull, rm, or fit: which listed model would be better here
  std::vector<std::string> names;
  std::string dir;  // "" = where set-up put them
  std::string as;   // of pull, by address or file: its name, ...
  std::string sha256;
  std::string licence;
  std::string tiers;  // "silver,bronze"
};

// Each answers the exit status: 0 done, 1 failed, 2 wrong usage. A hook that is absent says so and fails.
struct CliHooks {
  std::function<int(const UpOptions&)> up;
  std::function<int(const ReplayOptions&)> replay;
  // Tells in lines of JSON: {"model","step","done_bytes","total_bytes"} or with a "message"; `ls`: a model a
  // line.
  std::function<int(const ModelsWork&, const std::function<void(const std::string& line)>& tell)> models;
  std::function<int(const std::string& name, bool json)> bench;  // name "" = every benchmark
};

// The whole command: reads stdin, writes stdout and stderr, answers the exit status. Not re-entrant: `talk`
// and `watch` take over SIGINT and SIGTERM while they run, and give them back. `up` is handed both untouched.
int run_cli(int argc, char** argv, const CliHooks& hooks);

}  // namespace troupe::cli
