#include "app/engines.h"

#include "adapters/engine_reflex/reflex_engine.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe {

namespace {

std::vector<engine::Tier> tiers_of(const models::CatalogueEntry& entry, bool named) {
  std::vector<engine::Tier> tiers;
  for (const auto& tier : entry.tiers) {
    if (const auto parsed = parse_tier(tier, engine::Tier::silver)) tiers.push_back(*parsed);
    // A test model serves every tier when it is asked for by name: fast tests with real weights.
    if (tier == "test" && named) tiers = {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze};
  }
  return tiers;
}

engine::LlamaModelConfig model_config(const models::CatalogueEntry& entry, const models::Installed& installed,
                                      std::vector<engine::Tier> tiers) {
  engine::LlamaModelConfig model{.name = entry.name,
                                 .path = installed.file.string(),
                                 .hash = installed.sha256,
                                 // Checked when it was fetched; hashing a gigabyte again would cost every start a second.
                                 .verify = false,
                                 .tiers = std::move(tiers),
                                 .embedding = entry.tiers == std::vector<std::string>{"embedding"}};
  model.context_tokens = std::min(entry.context_tokens, model.embedding ? 512 : 2048);
  model.slots = model.embedding ? 16 : 8;
  if (model.embedding) model.cached_prefixes = 0;
  // What the choice set measured (docs/adr): small models read letters badly, but know which text fits.
  if (entry.size < 200'000'000) model.choose = engine::ChooseMethod::text_minus_prior;
  return model;
}

}  // namespace

Engines open_engines(const rt::Env& env, const EngineOptions& options) {
  Engines engines;
  engines.reflex = engine::make_reflex_engine({});
  std::vector<std::string> problems;
  engine::LlamaConfig config{.threads = options.threads, .memory_max = options.memory_max};
  if (options.use_models) {
    for (const auto& entry : options.catalogue) {
      const bool named = options.only.contains(entry.name);
      if (!options.only.empty() && !named) continue;
      auto tiers = tiers_of(entry, named);
      const bool embedding = entry.tiers == std::vector<std::string>{"embedding"};
      if (tiers.empty() && !embedding) continue;
      const auto installed = models::find_installed(entry, options.models_dir);
      if (installed.state != models::FileState::ready) {
        problems.push_back(entry.name + ": " + installed.problem);
        continue;
      }
      config.models.push_back(model_config(entry, installed, std::move(tiers)));
    }
  }
  // A model that cannot be loaded must not take the others with it.
  while (!config.models.empty()) {
    auto opened = engine::open_llama_engine(env, config);
    if (opened) {
      engines.llama = *std::move(opened);
      break;
    }
    problems.push_back(opened.error().message);
    const auto culprit = std::ranges::find_if(config.models, [&](const auto& model) {
      return opened.error().message.find(model.path) != std::string::npos ||
             opened.error().message.find(model.name) != std::string::npos;
    });
    config.models.erase(culprit != config.models.end() ? culprit : config.models.begin());
  }
  if (engines.llama) {
    for (const auto& model : engines.llama->models()) {
      engines.loaded.insert(model.name);
      if (model.embedding_size > 0) {
        engines.embedding_size = static_cast<std::size_t>(model.embedding_size);
        engines.router.embedding.push_back({engines.llama.get(), model.name});
      }
      for (const auto tier : model.tiers) engines.router.tiers[tier].push_back({engines.llama.get(), model.name});
    }
  }
  // The reflex engine chooses when no model can; it does not speak: written lines are the writers' (see ai).
  engines.router.tiers[engine::Tier::gold].push_back({engines.reflex.get(), "reflex"});
  engines.problem = join(problems, "; ");
  return engines;
}

}  // namespace troupe
