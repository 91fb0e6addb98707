#include "app/server.h"

#include <algorithm>
#include <cstdio>

#include "adapters/index_flat/flat_index.h"
#include "app/beats.h"
#include "app/engine_metrics.h"
#include "app/openai_backend.h"
#include "app/paths.h"
#include "app/private_files.h"
#include "app/process.h"
#include "app/tokens.h"
#include "app/world_rooms.h"
#include "base/log.h"
#include "host/protobuf_log.h"
#include "host/room.h"

namespace troupe {

namespace {

std::unexpected<Error> broken(const std::filesystem::path& world,
                              const std::vector<pack::Problem>& problems) {
  for (const auto& problem : problems) std::fprintf(stderr, "%s\n", pack::to_string(problem).c_str());
  return fail(Code::invalid_argument, "pack.broken",
              fmt::format("{} has {} problem{}; `troupe check {}` lists them", world.string(),
                          problems.size(), problems.size() == 1 ? "" : "s", world.string()));
}

// What is read before anything is opened.
struct Prepared {
  WorldRooms::Packs packs;
  std::vector<edge::TokenEntry> tokens;
  std::vector<models::CatalogueEntry> catalogue;
  std::filesystem::path models_dir;
  EngineOptions engines;
};

Result<void> open_data(const ServerOptions& options) {
  write_privately();
  log_protobuf();
  return open_data_folder(options.data);
}

Result<Prepared> prepare(const ServerOptions& options) {
  Prepared out;
  for (const auto& folder : options.worlds) {
    auto loaded = pack::load_pack(folder);
    if (!loaded) return broken(folder, loaded.error());
    if (const auto language = talk::language_of(*loaded); !language) return broken(folder, language.error());
    const auto same = [&](const auto& pack) { return pack->world.name == loaded->world.name; };
    if (std::ranges::any_of(out.packs, same))
      return fail(Code::invalid_argument, "config.broken",
                  folder.string() + ": a world '" + loaded->world.name + "' was named before");
    out.packs.push_back(std::make_shared<const pack::Pack>(*std::move(loaded)));
  }
  TRY_VOID(open_data(options));
  TRY(out.tokens, load_tokens(options.tokens_file));
  TRY(out.catalogue, models::load_catalogue(catalogue_path(options.catalogue)));
  out.models_dir = models_path(options.models_dir);
  out.engines = {.models_dir = out.models_dir,
                 .catalogue = models::with_local(out.catalogue, out.models_dir),
                 .use_models = options.use_models,
                 .threads = options.engine_threads,
                 .prefixes_dir = options.keep_prefixes ? options.data / "prefixes" : "",
                 .memory_max = std::uint64_t{options.engine_memory_mb} << 20,
                 .gpu_layers = options.engine_gpu_layers,
                 .only = {options.only_models.begin(), options.only_models.end()},
                 .choice = options.choice_model,
                 .remote = options.engines,
                 .routes = options.routes,
                 .may = options.may,
                 .grades = models::load_grades(out.models_dir),
                 .policy = options.router};
  TRY_VOID(check_engine_names(out.engines));
  return out;
}

Result<void> check_judge(const Engines& engines, const std::string& judge) {
  const auto serves = [&](const auto& tier) {
    return std::ranges::any_of(tier.second, [&](const Route& route) { return route.model == judge; });
  };
  if (judge.empty() || std::ranges::any_of(engines.router.tiers, serves)) return {};
  return fail(Code::invalid_argument, "config.broken",
              "routes.moderation: no tier has a model '" + judge + "'");
}

// The worlds and what they share: their rooms, their engines and, where no other process is the door, the door.
// Members go in reverse order, each before what it refers to.
class Server final : public Process {
 public:
  Server(const ServerOptions& options, Prepared prepared)
      : Process(options),
        prepared_(std::move(prepared)),
        worlds_(env_, *bus_, metrics_, prepared_.packs, options.data),
        beats_(env_, *bus_, name_of(options.roles), [this] { return service_states(); }) {}

 private:
  Result<edge::Address> open() override {
    TRY_VOID(open_shared());
    TRY_VOID(open_models());
    TRY_VOID(open_worlds());
    shared_->timeline().on_fatal([this](const Error& why) { stop_with(why); });
    if (!options_.bus.is_local()) TRY_VOID(beats_.start(group_));
    return listen();
  }

  // The first is where who names none is answered: OpenAI's paths, and what all worlds share.
  const pack::Pack& home() const { return *prepared_.packs.front(); }

  Result<void> open_shared() {
    auto& making = worlds_.making();
    making.accept_loss = options_.accept_loss;
    making.seed = options_.seed;
    making.only = options_.services;
    making.limiter = limiter_;
    making.databases = databases_at(options_.data, options_.database);
    TRY(auto database, making.databases->open(env_, kSharedRoom, options_.accept_loss));
    shared_ = std::make_unique<Room>(env_, *bus_, metrics_, std::move(database),
                                     TimelineConfig{.world = kSharedRoom, .has_time = false}, limiter_);
    shared_services_ = std::make_unique<SharedServices>(home(), shared_->host(), worlds_, options_.services);
    return shared_->open();
  }

  Result<void> open_models() {
    engines_ = open_engines(env_, prepared_.engines);
    if (!engines_.where.empty()) log::info("models", "{}", engines_.where);
    if (!engines_.problem.empty()) log::warn("models", "{}", engines_.problem);
    TRY_VOID(check_judge(engines_, options_.moderation_model));
    add_engine_metrics(metrics_, engines_);
    auto& making = worlds_.making();
    making.router = engines_.router;
    making.npc = npc_config();
    making.ai = {.classifier = options_.moderation_model};
    making.models = {.catalogue = prepared_.catalogue,
                     .models_dir = prepared_.models_dir,
                     .tool = tool_path("models.py"),
                     .loaded = engines_.loaded,
                     .elsewhere = [this] { return remote_models(engines_); },
                     .voices = engines_.voices};
    return {};
  }

  Result<void> open_worlds() {
    worlds_.on_fatal([this](const std::string& world, const Error& why) { world_failed(world, why); });
    const auto known = shared_services_->worlds().names();
    const auto& databases = *worlds_.making().databases;
    TRY(const auto there, databases.worlds());
    for (const auto& plan : worlds_.started_with()) {
      const auto beside =
          beginning_beside(there, databases.keeper(), plan.name, {known.begin(), known.end()});
      if (!beside.empty()) log::warn("world", "{}", beside);
      TRY_VOID(worlds_.open(shared_services_->worlds().plan(plan.name)));
      const auto seed = worlds_.seed(plan.name);
      if (options_.seed && *options_.seed != seed) {
        log::warn("world", "'{}' has begun with seed {} and keeps it; {} counts for a world that begins",
                  plan.name, seed, *options_.seed);
      }
    }
    return {};
  }

  NpcConfig npc_config() {
    NpcConfig npc{.thinks = engines_.router.tiers[engine::Tier::gold].size() > 1,
                  .read_ahead = options_.read_ahead,
                  .embedding_size = engines_.embedding_size,
                  .embedding_model = engines_.embedding_model,
                  .embedding_languages = engines_.embedding_languages,
                  .vectors = prepared_.models_dir / "vectors"};
    if (engines_.embedding_size > 0) {
      npc.make_index = [size = engines_.embedding_size] { return index::make_flat_index(size); };
    }
    return npc;
  }

  std::vector<edge::ReadyCheck> ready_checks() {
    std::vector<edge::ReadyCheck> checks = {
        {"world", [this] { return worlds_.health(); }},
        {"shared", [this] { return shared_->timeline().health(); }},
        {"models",
         [this]() -> Result<void> {
           if (engines_.problem.empty() && has_models(engines_)) return {};
           return fail(Code::unavailable, "engine.no_model",
                       engines_.problem.empty() ? "started without models: reflex and written lines only"
                                                : engines_.problem);
         },
         false}};
    for (const auto& upstream : remote_models(engines_)) {
      checks.push_back({"engine:" + upstream.name(),
                        [this, name = upstream.name()] { return upstream_health(engines_, name); }, false});
    }
    return checks;
  }

  std::vector<edge::ServiceState> service_states() {
    std::vector<edge::ServiceState> states;
    const std::string room = prepared_.packs.size() == 1 ? home().world.name : "each world";
    for (const auto& row : all_service_rows()) {
      const bool shared = is_shared(row);
      edge::ServiceState state{.name = std::string(row.name),
                               .room = shared ? kSharedRoom : room,
                               .process = name_of(options_.roles),
                               .state = "running"};
      if (row.make == nullptr) {
        state.state = "not_built";
        state.room.clear();
      } else if (!runs(row, options_.services)) {
        state.state = "left_out";
      } else if (!(shared ? shared_->timeline().health() : worlds_.health())) {
        state.state = "stalled";
      }
      states.push_back(std::move(state));
    }
    return states;
  }

  Result<edge::Address> listen() {
    auto folders = options_.worlds;
    folders.push_back(prepared_.models_dir);
    auto config = door_config(folders);
    config.tokens = std::move(prepared_.tokens);
    for (auto& check : ready_checks()) config.ready_checks.push_back(std::move(check));
    config.services = [this] { return service_states(); };
    openai_ = std::make_unique<RouterOpenAiBackend>(env_, *bus_, shared_services_->worlds(),
                                                    [this] { return home().world.name; });
    edge_ =
        std::make_unique<edge::Edge>(env_, *bus_, metrics_, shared_services_->worlds(), std::move(config));
    if (options_.roles.contains(Role::gateway)) edge_->serve_openai(*openai_);
    return edge_->listen();
  }

  // What the server was started with is why it runs; another world that is damaged goes alone.
  void world_failed(const std::string& world, const Error& why) {
    const auto& own = worlds_.started_with();
    if (std::ranges::find(own, world, &WorldPlan::name) != own.end()) return stop_with(why);
    log::error("world", "'{}' can be written no more and is closed: {}", world, why.message);
    ending_.spawn("close " + world, [this, world]() -> boost::asio::awaitable<void> {
      (void)co_await worlds_.close(world, "this world can be written no more");
    });
  }

  void start() override {
    shared_->start(group_);
    worlds_.start();
    shared_services_->start();
    edge_->start(group_);
  }

  boost::asio::awaitable<void> wind_down() override {
    co_await edge_->stop();
    shared_->stop();
    co_await worlds_.close_all();
    co_await shared_->drain();
  }

  Prepared prepared_;
  const std::shared_ptr<CallLimiter> limiter_ = std::make_shared<CallLimiter>(options_.call_limits);
  Engines engines_;
  WorldRooms worlds_;
  std::unique_ptr<Room> shared_;
  std::unique_ptr<SharedServices> shared_services_;
  std::unique_ptr<RouterOpenAiBackend> openai_;
  std::unique_ptr<edge::Edge> edge_;
  Beats beats_;
};

}  // namespace

Result<void> run_server(const ServerOptions& options) {
  if (options.roles != all_roles() && options.bus.is_local())
    return fail(Code::invalid_argument, "config.broken",
                "a process with a role of its own meets the others on a bus: --bus nats://HOST:PORT");
  if (options.roles == Roles{Role::gateway}) {
    TRY_VOID(open_data(options));
    return make_gateway(options)->run();
  }
  TRY(auto prepared, prepare(options));
  return Server(options, std::move(prepared)).run();
}

}  // namespace troupe
