#pragma once
// `troupe up`: what it is told, and what runs it; see process.h for the ways in which it runs.
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/engine_llama/gpu_layers.h"
#include "adapters/engine_openai/openai_engine.h"
#include "app/bus.h"
#include "app/roles.h"
#include "base/error.h"
#include "edge/openai_door.h"
#include "host/call_limits.h"
#include "services/router/router_config.h"

namespace troupe {

struct ServerOptions {
  std::vector<std::filesystem::path> worlds = {"worlds/lanternfall"};  // packs
  std::filesystem::path data = "data";
  std::string database;              // "" or "sqlite": files in the data folder; or postgresql://...
  std::filesystem::path models_dir;  // "" = where set-up put them
  std::filesystem::path catalogue;   // "" = the one of this source tree
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 7777;
  std::optional<std::uint64_t> seed;
  std::optional<std::set<std::string>> services;  // by name; nothing: all (app/services.h)
  bool accept_loss = false;                       // what was acknowledged and is missing: go on without it
  bool ready_as_json = false;
  bool use_models = true;
  std::map<std::string, inference::Freedoms> may;  // by model: instead of what the catalogue says
  std::vector<std::string> only_models;            // names; empty = those that serve a tier
  std::string choice_model;  // a name, a GGUF file or "none"; "" = each choice model that there is
  int engine_threads = 0;
  bool read_ahead = true;                          // prompts of talks, before a line comes
  bool keep_prefixes = true;                       // prompts that were read, over a restart
  std::uint32_t engine_memory_mb = 0;              // for one model; 0 = what the machine has free
  int engine_gpu_layers = engine::kGpuLayersAuto;  // of each chat model
  std::vector<engine::OpenAiModelConfig> engines;  // over HTTP, in the order of the file
  std::map<engine::Tier, std::vector<std::string>> routes;
  std::string moderation_model;  // a model of some tier; "" = the lists judge alone
  RouterPolicy router;           // budgets, hedging, canaries, jobs
  CallLimits call_limits;
  edge::OpenAiRules openai;  // OpenAI's paths for players
  BusOptions bus;
  Roles roles = all_roles();
  std::filesystem::path tokens_file;  // "" = local mode
  std::vector<std::string> origins;   // whose pages may call: "https://play.example.org"
  std::vector<std::string> hosts;     // names under which a proxy reaches us: "play.example.org"
};

// What of it this process runs, its roles say. Runs until SIGINT or SIGTERM. Prints `ready http://ADDRESS`, or {"ready":"http://ADDRESS"}, on
// standard output once it takes requests.
Result<void> run_server(const ServerOptions& options);

struct ReplayOptions {
  std::filesystem::path world;
  std::string name;  // of a world that was created from that pack; "" = the pack's own
  std::filesystem::path data;
  std::string database = {};   // as in ServerOptions
  std::filesystem::path keep;  // "" = the replayed database is removed again
};

struct ReplayReport {
  std::string world;
  std::uint64_t inputs = 0;
  std::uint64_t events = 0;
  std::string recorded_hash;  // hex
  std::string replayed_hash;
  std::string problem;  // "" = the same, byte for byte
};

// Runs a recorded world again from its seed and inputs, without models, and compares.
Result<ReplayReport> replay_world(const ReplayOptions& options);

// The same seed and time without players or models: what `game_days` of the world look like, and its hash.
Result<ReplayReport> simulate_world(const std::filesystem::path& world, const std::filesystem::path& database,
                                    std::optional<std::uint64_t> seed, double game_days);

}  // namespace troupe
