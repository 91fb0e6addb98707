#include "app/engines.h"

#include <fmt/format.h>
#include <limits>

#include "adapters/engine_reflex/reflex_engine.h"
#include "app/where.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/pool.h"

namespace troupe {

namespace {

constexpr std::size_t kChatSlots = 8;  // answers that a model of this machine writes at once
constexpr int kEncoderTokens = 512;    // that a model reads which does not write

std::vector<engine::Tier> tiers_of(const models::CatalogueEntry& entry, bool named) {
  std::vector<engine::Tier> tiers;
  for (const auto& tier : entry.tiers) {
    if (const auto parsed = router::parse_tier(tier, engine::Tier::silver)) tiers.push_back(*parsed);
    // A test model serves every tier when it is asked for by name: fast tests with real weights.
    if (tier == "choice") tiers.push_back(engine::Tier::gold);
    if (tier == "test" && named) tiers = {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze};
  }
  return tiers;
}

engine::LlamaModelConfig model_config(const models::CatalogueEntry& entry, const models::Installed& installed,
                                      std::vector<engine::Tier> tiers) {
  engine::LlamaModelConfig model{.name = entry.name,
                                 .path = installed.file.string(),
                                 .hash = installed.sha256,
                                 // The file's own: find_verified() has compared it with what it must be.
                                 .verify = false,
                                 .tiers = std::move(tiers),
                                 .kind = entry.only("embedding") ? engine::ModelKind::embedding
                                         : entry.only("choice")  ? engine::ModelKind::cross_encoder
                                                                 : engine::ModelKind::chat};
  const bool chats = model.kind == engine::ModelKind::chat;
  model.context_tokens = std::min(entry.context_tokens, chats ? 2048 : kEncoderTokens);
  model.slots = chats ? static_cast<int>(kChatSlots) : 16;
  if (!chats) model.cached_prefixes = 0;
  // What the choice set measured (ADR 4): small models read letters badly, but know which text fits.
  if (entry.size < 1'000'000'000) model.choose = engine::ChooseMethod::text_minus_prior;
  return model;
}

bool is_file(const std::string& choice) { return choice.ends_with(".gguf"); }

// Whether the configuration wants another choice model than this.
bool is_replaced(const models::CatalogueEntry& entry, const EngineOptions& options) {
  return entry.only("choice") && !options.choice.empty() && options.choice != entry.name;
}

// A studio's own choice model, as the configuration names its file.
engine::LlamaModelConfig choice_file(const std::string& file) {
  engine::LlamaModelConfig model{.name = std::filesystem::path(file).stem().string(),
                                 .path = file,
                                 .tiers = {engine::Tier::gold},
                                 .kind = engine::ModelKind::cross_encoder};
  model.context_tokens = kEncoderTokens;
  return model;
}

using Problems = std::vector<std::string>;

// A model that cannot be opened (its file, its key) must not take the others with it: it is named in
// `problems`, and the rest is tried again.
template <class Engine, class Config, class Open, class IsCulprit>
std::unique_ptr<Engine> open_what_opens(Config config, Open open, IsCulprit is_culprit,
                                        const std::string& prefix, Problems& problems) {
  while (!config.models.empty()) {
    auto opened = open(config);
    if (opened) return *std::move(opened);
    const auto& message = opened.error().message;
    problems.push_back(prefix + message);
    const auto culprit =
        std::ranges::find_if(config.models, [&](const auto& model) { return is_culprit(model, message); });
    config.models.erase(culprit != config.models.end() ? culprit : config.models.begin());
  }
  return nullptr;
}

void open_remote(const rt::Env& env, const EngineOptions& options, Engines& engines, Problems& problems) {
  engine::OpenAiConfig config;
  config.limits.prompt_tokens_max = std::numeric_limits<int>::max();  // each says its own: context_tokens
  for (const auto& model : options.remote) {
    const auto same = [&](const auto& entry) { return entry.name == model.name; };
    if (std::ranges::any_of(options.catalogue, same)) {
      problems.push_back("engines." + model.name + ": a model of the catalogue has this name");
    } else {
      config.models.push_back(model);
    }
  }
  engines.remote = open_what_opens<engine::OpenAiEngine>(
      std::move(config), [&](const auto& c) { return engine::open_openai_engine(env, c); },
      [](const auto& model, const std::string& message) { return message.starts_with(model.name + ":"); },
      "engines.", problems);
}

bool is_routed(const EngineOptions& options, const std::string& name) {
  const auto in_route = [&](const auto& route) {
    return std::ranges::find(route.second, name) != route.second.end();
  };
  const auto is_canary = [&](const auto& canary) { return canary.second.model == name; };
  return std::ranges::any_of(options.routes, in_route) ||
         std::ranges::any_of(options.policy.canaries, is_canary);
}

engine::LlamaConfig llama_config(const EngineOptions& options, bool embeds_elsewhere, Problems& problems) {
  engine::LlamaConfig config{.threads = options.threads,
                             .memory_max = options.memory_max,
                             .prefix_dir = options.prefixes_dir.string()};
  if (!options.use_models) return config;
  struct Candidate {
    const models::CatalogueEntry& entry;
    std::vector<engine::Tier> tiers;
    models::Installed installed = {};
  };
  std::vector<Candidate> candidates;
  for (const auto& entry : options.catalogue) {
    const bool named = options.only.contains(entry.name) || is_routed(options, entry.name);
    if (entry.deprecated && !named) continue;
    if (!options.only.empty() && !named) continue;
    if (is_replaced(entry, options) && !named) continue;
    auto tiers = tiers_of(entry, named);
    const bool embedding = entry.only("embedding");
    if ((tiers.empty() && !embedding) || (embedding && embeds_elsewhere)) continue;
    candidates.push_back({entry, std::move(tiers)});
  }
  if (is_file(options.choice)) config.models.push_back(choice_file(options.choice));
  {
    // What was never read before is read now, two files at a time; the pool waits for all of them.
    rt::Pool pool("weights", 2, std::max<std::size_t>(1, candidates.size()));
    for (auto& one : candidates) {
      (void)pool.submit([&] { one.installed = models::find_verified(one.entry, options.models_dir); });
    }
  }
  for (auto& one : candidates) {
    // Whoever has engines over HTTP need not have weights, too; and nobody needs what is only listed.
    const bool not_missed = one.installed.state == models::FileState::missing &&
                            (!options.remote.empty() || one.entry.listed) &&
                            !options.only.contains(one.entry.name);
    if (!one.installed.problem.empty() && !not_missed)
      problems.push_back(one.entry.name + ": " + one.installed.problem);
    if (one.entry.deprecated)
      log::warn("models",
                "{} is deprecated and will go; choose another model for what the configuration names it for",
                one.entry.name);
    if (one.installed.state == models::FileState::ready)
      config.models.push_back(model_config(one.entry, one.installed, std::move(one.tiers)));
  }
  for (auto& model : config.models) model.gpu_layers = options.gpu_layers;
  return config;
}

void open_llama(const rt::Env& env, engine::LlamaConfig config, Engines& engines, Problems& problems) {
  engines.llama = open_what_opens<engine::LlamaEngine>(
      std::move(config), [&](const auto& c) { return engine::open_llama_engine(env, c); },
      [](const auto& model, const std::string& message) {
        return message.contains(model.path) || message.contains(model.name);
      },
      "", problems);
}

// What is known of a model of this machine; nullptr for one over HTTP.
const models::CatalogueEntry* catalogued(const std::string& model, const EngineOptions& options) {
  if (std::ranges::find(options.remote, model, &engine::OpenAiModelConfig::name) != options.remote.end())
    return nullptr;
  const auto found = std::ranges::find(options.catalogue, model, &models::CatalogueEntry::name);
  return found == options.catalogue.end() ? nullptr : &*found;
}

// By what its grade is kept. A file's own hash; over HTTP there is none.
std::string grade_key(const engine::ModelInfo& model, const EngineOptions& options) {
  const auto remote = std::ranges::find(options.remote, model.name, &engine::OpenAiModelConfig::name);
  return remote == options.remote.end() ? model.hash
                                        : models::remote_key(model.name, remote->url, remote->model);
}

struct May {
  inference::Freedoms freedoms = inference::Freedoms::all();
  std::string by = "default";
};

// The operator's word before the catalogue's, and that before what was found; where nobody says anything,
// whoever brings a model wants it to speak.
May may_of(const engine::ModelInfo& model, const EngineOptions& options) {
  const auto named = [](const auto& names, const char* by) {
    May out{.freedoms = {}, .by = by};
    for (const auto& name : names) {
      if (const auto freedom = inference::parse_freedom(name)) out.freedoms.add(*freedom);
    }
    return out;
  };
  if (const auto set = options.may.find(model.name); set != options.may.end())
    return {set->second, "talk.may"};
  if (const auto* known = catalogued(model.name, options); known != nullptr && known->may)
    return named(*known->may, "catalogue");
  const auto grade = options.grades.find(grade_key(model, options));
  if (grade != options.grades.end() && grade->second.examined()) return named(grade->second.may(), "grade");
  return {};
}

models::Voice voice_of(const engine::ModelInfo& model, const EngineOptions& options) {
  models::Voice out{.key = grade_key(model, options), .may = {}, .may_by = {}};
  if (!model.writes) return out;
  const auto may = may_of(model, options);
  for (const auto name : inference::kFreedomNames) {
    if (may.freedoms.has(*inference::parse_freedom(name))) out.may.emplace_back(name);
  }
  out.may_by = may.by;
  return out;
}

// What a model costs, how much it is given at once and what it may say, from its configuration where it is
// over HTTP.
Route route_to(engine::Engine& engine, const engine::ModelInfo& model, const EngineOptions& options) {
  Route route{.engine = &engine, .model = model.name, .writes = model.writes};
  const auto remote = std::ranges::find(options.remote, model.name, &engine::OpenAiModelConfig::name);
  if (remote != options.remote.end()) {
    route.price = {.prompt = remote->prices.prompt, .output = remote->prices.output};
    // Twice what it takes at once: the engine orders those by deadline, the router the rest among players.
    route.places = static_cast<std::size_t>(remote->parallel) * 2;
  } else if (model.writes) {
    // A line inside of the engine is one that the router knows nothing of. Two more than it can do at once,
    // so that no slot is empty while somebody waits, and one caller alone can have all of them.
    route.places = kChatSlots + 2;
  }
  route.freedoms = may_of(model, options).freedoms;
  return route;
}

// Two makers of vectors are one only if the vectors can be compared. Over HTTP there is no hash: there it is
// the upstream's name for the model.
std::string maker_of(const engine::ModelInfo& model, const EngineOptions& options) {
  const auto remote = std::ranges::find(options.remote, model.name, &engine::OpenAiModelConfig::name);
  const std::string what = remote != options.remote.end() ? remote->model : model.hash;
  return fmt::format("{}@{}/{}", model.name, what, model.embedding_size);
}

void add_default_routes(engine::Engine& engine, const EngineOptions& options, Engines& engines) {
  // Of this machine: they choose best within the time that gold has (ADR 4).
  std::vector<Route> choosers;
  std::vector<Route> by_meaning;
  for (const auto& model : engine.models()) {
    const auto route = route_to(engine, model, options);
    const bool embeds = model.embedding_size > 0;
    if (embeds && engines.router.embedding.empty()) {
      engines.embedding_size = static_cast<std::size_t>(model.embedding_size);
      engines.embedding_model = maker_of(model, options);
      if (const auto* known = catalogued(model.name, options)) engines.embedding_languages = known->languages;
      engines.router.embedding.push_back(route);
      if (&engine == engines.llama.get()) by_meaning.push_back(route);
    }
    if (!model.writes && !embeds) {
      choosers.push_back(route);
      continue;
    }
    for (const auto tier : model.tiers) engines.router.tiers[tier].push_back(route);
  }
  choosers.insert(choosers.end(), by_meaning.begin(), by_meaning.end());
  auto& gold = engines.router.tiers[engine::Tier::gold];
  gold.insert(gold.begin(), choosers.begin(), choosers.end());
}

// The routes that the configuration names, in its order.
void set_routes(const EngineOptions& options, Engines& engines, Problems& problems) {
  std::map<std::string, Route> known;
  for (engine::Engine* engine : {static_cast<engine::Engine*>(engines.remote.get()),
                                 static_cast<engine::Engine*>(engines.llama.get())}) {
    if (engine == nullptr) continue;
    for (const auto& model : engine->models()) {
      if (model.writes || engine == engines.llama.get())
        known.emplace(model.name, route_to(*engine, model, options));
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, route] : known) names.push_back(name);
  for (const auto& [tier, wanted] : options.routes) {
    auto& routes = engines.router.tiers[tier];
    routes.clear();
    for (const auto& name : wanted) {
      if (const auto found = known.find(name); found != known.end()) {
        routes.push_back(found->second);
      } else {
        problems.push_back("routes." + std::string(engine::tier_name(tier)) + ": no model '" + name + "'" +
                           did_you_mean(name, names));
      }
    }
  }
}

void set_policy(const EngineOptions& options, Engines& engines, Problems& problems) {
  engines.router.policy = options.policy;
  std::erase_if(engines.router.policy.canaries, [&](const auto& entry) {
    const bool there = std::ranges::any_of(engines.router.tiers, [&](const auto& tier) {
      return std::ranges::find(tier.second, entry.second.model, &Route::model) != tier.second.end();
    });
    if (!there) {
      problems.push_back("canary." + std::string(engine::tier_name(entry.first)) + ": no model '" +
                         entry.second.model + "' serves a tier");
    }
    return !there;
  });
}

Result<void> check_choice(const EngineOptions& options) {
  std::vector<std::string> known = {"none"};
  for (const auto& entry : options.catalogue) {
    if (entry.only("choice")) known.push_back(entry.name);
  }
  const auto& wanted = options.choice;
  const bool is_known = wanted.empty() || std::ranges::find(known, wanted) != known.end();
  std::error_code error;
  if (is_known || (is_file(wanted) && std::filesystem::is_regular_file(wanted, error))) return {};
  return fail(Code::invalid_argument, "config.unknown_model",
              fmt::format("models.choice: '{}' is {}{} (a GGUF file, or {})", wanted,
                          is_file(wanted) ? "no file" : "no choice model", did_you_mean(wanted, known),
                          join(known, ", ")));
}

}  // namespace

Result<void> check_engine_names(const EngineOptions& options) {
  std::vector<std::string> known;
  for (const auto& entry : options.catalogue) known.push_back(entry.name);
  for (const auto& model : options.remote) known.push_back(model.name);
  if (is_file(options.choice)) known.push_back(choice_file(options.choice).name);
  const auto check = [&](const std::string& key, const std::string& name) -> Result<void> {
    if (std::ranges::find(known, name) != known.end()) return {};
    return fail(
        Code::invalid_argument, "config.unknown_model",
        key + ": no model '" + name + "'" + did_you_mean(name, known) + " (" + join(known, ", ") + ")");
  };
  for (const auto& name : options.only) TRY_VOID(check("models.only", name));
  for (const auto& [name, freedoms] : options.may) TRY_VOID(check("talk.may", name));
  TRY_VOID(check_choice(options));
  for (const auto& [tier, names] : options.routes) {
    for (const auto& name : names) TRY_VOID(check("routes." + std::string(engine::tier_name(tier)), name));
  }
  for (const auto& [tier, canary] : options.policy.canaries)
    TRY_VOID(check("canary." + std::string(engine::tier_name(tier)), canary.model));
  return {};
}

Engines open_engines(const rt::Env& env, const EngineOptions& options) {
  Engines engines;
  engines.reflex = engine::make_reflex_engine({});
  Problems problems;
  if (options.use_models) open_remote(env, options, engines, problems);
  if (engines.remote) add_default_routes(*engines.remote, options, engines);
  open_llama(env, llama_config(options, !engines.router.embedding.empty(), problems), engines, problems);
  if (engines.llama) {
    engines.loaded = where_models_run(engines.llama->places());
    engines.where = what_runs_where(engines.llama->places(), engines.llama->models());
    add_default_routes(*engines.llama, options, engines);
  }
  for (engine::Engine* engine : {static_cast<engine::Engine*>(engines.remote.get()),
                                 static_cast<engine::Engine*>(engines.llama.get())}) {
    if (engine == nullptr) continue;
    for (const auto& model : engine->models()) engines.voices.emplace(model.name, voice_of(model, options));
  }
  set_routes(options, engines, problems);
  // The reflex engine chooses when no model can; it does not speak: written lines are the writers' (see ai).
  // Anybody may have a reflex, however many do: it answers before the next one asks.
  engines.router.tiers[engine::Tier::gold].push_back(
      {.engine = engines.reflex.get(), .model = "reflex", .writes = false, .places = 1024});
  set_policy(options, engines, problems);
  engines.problem = join(problems, "; ");
  return engines;
}

bool has_models(const Engines& engines) {
  return std::ranges::any_of(engines.router.tiers, [&](const auto& tier) {
    return std::ranges::any_of(tier.second,
                               [&](const Route& route) { return route.engine != engines.reflex.get(); });
  });
}

Result<void> upstream_health(const Engines& engines, const std::string& name) {
  if (!engines.remote) return {};
  for (const auto& upstream : engines.remote->upstreams()) {
    if (upstream.name == name && !upstream.problem.empty())
      return fail(Code::unavailable, "engine.unreachable", upstream.problem);
  }
  return {};
}

std::vector<pb::ModelView> remote_models(const Engines& engines) {
  std::vector<pb::ModelView> out;
  if (!engines.remote) return out;
  const auto infos = engines.remote->models();
  for (const auto& upstream : engines.remote->upstreams()) {
    const auto info = std::ranges::find(infos, upstream.name, &engine::ModelInfo::name);
    auto& view = out.emplace_back();
    view.set_name(upstream.name);
    view.set_file(upstream.url + " " + upstream.model);
    view.set_context_tokens(info->context_tokens);
    for (const auto tier : info->tiers) view.add_tiers(std::string(engine::tier_name(tier)));
    if (info->embedding_size > 0) view.add_tiers("embedding");
    view.set_loaded(true);
    view.set_state(upstream.problem.empty() ? "current" : "unreachable");
    view.set_problem(upstream.problem);
  }
  return out;
}

}  // namespace troupe
