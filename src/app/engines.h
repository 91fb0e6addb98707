#pragma once
// Which engines run and which tier they serve: from the catalogue and what of it is on this machine.
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/engine_llama/llama_engine.h"
#include "ports/engine.h"
#include "services/models/catalogue.h"
#include "services/router/router_service.h"

namespace troupe {

struct EngineOptions {
  std::filesystem::path models_dir;
  std::vector<models::CatalogueEntry> catalogue;
  bool use_models = true;  // false: reflex and written lines only
  int threads = 0;         // 0 = as the engine decides
  std::uint64_t memory_max = 0;  // bytes for one model; 0 = what the machine has free
  std::set<std::string> only;  // names; empty = those that serve a tier
};

struct Engines {
  std::unique_ptr<engine::LlamaEngine> llama;  // null: no weights, or they cannot be loaded
  std::unique_ptr<engine::Engine> reflex;
  RouterConfig router;
  std::set<std::string> loaded;
  std::size_t embedding_size = 0;
  std::string problem;  // why a tier has no model, for /readyz and the log; "" = everything is there
};

// Never fails: without weights the world runs on reflex and written lines.
Engines open_engines(const rt::Env& env, const EngineOptions& options);

}  // namespace troupe
