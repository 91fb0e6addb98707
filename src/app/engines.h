#pragma once
// Which engines run and which tier they serve: from the configuration, the catalogue and what of it is on
// this machine.
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/engine_llama/llama_engine.h"
#include "adapters/engine_openai/openai_engine.h"
#include "ports/engine.h"
#include "services/models/catalogue.h"
#include "services/models/grades.h"
#include "services/router/router_service.h"
#include "troupe/v1/models.pb.h"

namespace troupe {

struct EngineOptions {
  std::filesystem::path models_dir;
  std::vector<models::CatalogueEntry> catalogue;
  bool use_models = true;                   // false: reflex and written lines only
  int threads = 0;                          // 0 = as the engine decides
  std::filesystem::path prefixes_dir;       // where what was read outlives a restart; empty = nowhere
  std::uint64_t memory_max = 0;             // bytes for one model; 0 = what the machine has free
  int gpu_layers = engine::kGpuLayersAuto;  // of each chat model
  std::set<std::string> only;               // names; empty = those that serve a tier
  std::string choice;                       // of the choice models: a name, a GGUF file or "none"; "" = each
  std::vector<engine::OpenAiModelConfig> remote;  // over HTTP
  std::map<engine::Tier, std::vector<std::string>>
      routes;                                      // names in order; a tier that is not there: the default
  std::map<std::string, inference::Freedoms> may;  // by model: instead of what the catalogue says
  models::Grades grades;                           // what counts where neither says anything
  RouterPolicy policy;
};

struct Engines {
  std::unique_ptr<engine::LlamaEngine> llama;    // null: no weights, or they cannot be loaded
  std::unique_ptr<engine::OpenAiEngine> remote;  // null: none is configured
  std::unique_ptr<engine::Engine> reflex;
  RouterConfig router;
  std::map<std::string, std::string> loaded;    // models of this machine, and where each runs
  std::string where;                            // all of that in a line; "" = no model
  std::map<std::string, models::Voice> voices;  // of every model that was opened, by name
  std::size_t embedding_size = 0;
  std::string embedding_model;                   // who makes the vectors: name, hash and size
  std::vector<std::string> embedding_languages;  // that it knows; none = any
  std::string problem;  // why a tier has no model, for /readyz and the log; "" = everything is there
};

// What the configuration names and nobody knows: `invalid_argument` config.unknown_model, a mistake to stop
// at. A model that is known and not on this machine is none.
Result<void> check_engine_names(const EngineOptions& options);

// A tier's routes, by default: engines over HTTP in the order in which they are configured (who configures
// one wants it to answer), then the models on this machine, then, for gold, the reflex. Gold begins with what
// only chooses: the choice models of this machine, then its embedding model. One embedding model, the first:
// vectors of two models cannot be compared.
//
// Never fails: without weights the world runs on reflex and written lines.
Engines open_engines(const rt::Env& env, const EngineOptions& options);

// Whether anybody but the reflex serves a tier.
bool has_models(const Engines& engines);

// Of an engine over HTTP: `unavailable` engine.unreachable with what it answered last. io thread.
Result<void> upstream_health(const Engines& engines, const std::string& name);

// What models.List tells of engines over HTTP. io thread.
std::vector<pb::ModelView> remote_models(const Engines& engines);

}  // namespace troupe
