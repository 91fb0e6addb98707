#include "app/server.h"

#include <algorithm>
#include <array>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>

#include "adapters/bus_local/local_bus.h"
#include "adapters/db_sqlite/sqlite_db.h"
#include "adapters/index_flat/flat_index.h"
#include "app/console_files.h"
#include "app/engine_metrics.h"
#include "app/kept_packs.h"
#include "app/openai_backend.h"
#include "app/paths.h"
#include "app/private_files.h"
#include "app/process_metrics.h"
#include "app/services.h"
#include "app/tokens.h"
#include "base/log.h"
#include "edge/edge.h"
#include "host/protobuf_log.h"
#include "rt/pool.h"
#include "rt/real_clock.h"
#include "services/settings/world_settings.h"

namespace troupe {

namespace {

// One timeline with its database and host.
struct Room {
  std::unique_ptr<db::Db> db;
  std::unique_ptr<Timeline> timeline;
  std::unique_ptr<Host> host;
};

Result<Room> open_room(const rt::Env& env, bus::Bus& bus, Metrics& metrics, const ServerOptions& options,
                       const std::filesystem::path& file, TimelineConfig config,
                       std::shared_ptr<CallLimiter> limiter) {
  Room room;
  TRY(room.db, db::open_sqlite(env, {.path = (options.data / file).string(),
                                     .acknowledged = acknowledged_path(options.data, config.world).string(),
                                     .accept_loss = options.accept_loss}));
  room.timeline = std::make_unique<Timeline>(env, *room.db, bus, metrics, std::move(config));
  room.host = std::make_unique<Host>(env, bus, metrics, *room.timeline, std::move(limiter));
  return room;
}

constexpr rt::milliseconds kStopMax{20'000};

// A disk or a handler that never answers must not keep the program: what was acknowledged is durable already.
void give_up() {
  log::error("server", "stopping took longer than {} s: ending at once", kStopMax.count() / 1000);
  std::fflush(nullptr);
  std::_Exit(1);
}

// In reverse: no more requests, then what is under way, then the last commits, then time itself.
boost::asio::awaitable<void> wind_down(edge::Edge& edge, std::array<Room*, 2> rooms, rt::Group& group) {
  co_await edge.stop();
  for (const Room* room : rooms) room->host->group().cancel();
  for (const Room* room : rooms) co_await room->host->group().join();
  for (const Room* room : rooms) co_await room->timeline->drain();
  group.cancel();
  co_await group.join();
}

std::unexpected<Error> broken(const std::filesystem::path& world,
                              const std::vector<pack::Problem>& problems) {
  for (const auto& problem : problems) std::fprintf(stderr, "%s\n", pack::to_string(problem).c_str());
  return fail(Code::invalid_argument, "pack.broken",
              fmt::format("{} has {} problem{}; `troupe check {}` lists them", world.string(),
                          problems.size(), problems.size() == 1 ? "" : "s", world.string()));
}

}  // namespace

Result<void> run_server(const ServerOptions& options) {
  auto loaded = pack::load_pack(options.world);
  if (!loaded) return broken(options.world, loaded.error());
  const pack::Pack& pack = *loaded;
  if (const auto language = talk::language_of(pack); !language)
    return broken(options.world, language.error());
  write_privately();
  log_protobuf();
  TRY_VOID(open_data_folder(options.data));
  TRY(auto tokens, load_tokens(options.tokens_file));
  TRY(auto catalogue, models::load_catalogue(catalogue_path(options.catalogue)));
  const auto models_dir = models_path(options.models_dir);
  const auto known_models = models::with_local(catalogue, models_dir);
  const EngineOptions engine_options{.models_dir = models_dir,
                                     .catalogue = known_models,
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
                                     .grades = models::load_grades(models_dir),
                                     .policy = options.router};
  TRY_VOID(check_engine_names(engine_options));

  boost::asio::io_context io(1);
  rt::RealClock clock(io.get_executor());
  rt::SystemIds ids;
  const rt::Env env{io.get_executor(), clock, ids};
  rt::name_this_thread("troupe-io");
  Metrics metrics;
  add_process_metrics(metrics);
  const auto bus = bus::make_local_bus(env);
  const auto limiter = std::make_shared<CallLimiter>(options.call_limits);

  const KeptPacks kept(options.data);
  TRY_VOID(kept.keep(pack));
  auto world_config = timeline_config(pack, options.seed);
  world_config.pack_change = [&](const std::string& before) {
    auto change = change_since(kept, before, pack);
    log::info("world", "'{}' goes on with another version of its pack: {}", pack.world.name,
              in_words(change));
    return change;
  };
  TRY(Room world, open_room(env, *bus, metrics, options, "worlds/" + pack.world.name + ".db",
                            std::move(world_config), limiter));
  TRY(Room shared,
      open_room(env, *bus, metrics, options, "troupe.db", {.world = "shared", .has_time = false}, limiter));

  Engines engines = open_engines(env, engine_options);
  if (!engines.where.empty()) log::info("models", "{}", engines.where);
  if (!engines.problem.empty()) log::warn("models", "{}", engines.problem);
  if (const auto& judge = options.moderation_model; !judge.empty()) {
    const auto serves = [&](const auto& tier) {
      return std::ranges::any_of(tier.second, [&](const Route& route) { return route.model == judge; });
    };
    if (std::ranges::none_of(engines.router.tiers, serves))
      return fail(Code::invalid_argument, "config.broken",
                  "routes.moderation: no tier has a model '" + judge + "'");
  }
  add_engine_metrics(metrics, engines);
  const bool thinks = engines.router.tiers[engine::Tier::gold].size() > 1;
  NpcConfig npc{.thinks = thinks,
                .read_ahead = options.read_ahead,
                .embedding_size = engines.embedding_size,
                .embedding_model = engines.embedding_model,
                .embedding_languages = engines.embedding_languages,
                .vectors = models_dir / "vectors"};
  if (engines.embedding_size > 0) {
    npc.make_index = [size = engines.embedding_size] { return index::make_flat_index(size); };
  }
  WorldServices services(pack, *world.host, engines.router, std::move(npc),
                         {.classifier = options.moderation_model},
                         {.catalogue = catalogue,
                          .models_dir = models_dir,
                          .tool = tool_path("models.py"),
                          .loaded = engines.loaded,
                          .elsewhere = [&engines] { return remote_models(engines); },
                          .voices = engines.voices});
  SharedServices shared_services(pack, *shared.host);

  TRY_VOID(shared.timeline->open());
  TRY_VOID(world.timeline->open());
  if (options.seed && *options.seed != world.timeline->config().seed) {
    log::warn("world", "'{}' has begun with seed {} and keeps it; {} counts for a world that begins",
              pack.world.name, world.timeline->config().seed, *options.seed);
  }

  RouterOpenAiBackend openai(env, *bus, engines);
  const bool tokens_missing = tokens.empty();
  edge::EdgeConfig config{
      .listen = {.host = options.listen_host, .port = options.listen_port},
      .tokens = std::move(tokens),
      .origins = options.origins,
      .hosts = options.hosts,
      .private_paths = private_paths({options.data, models_dir, home_path(), options.world}),
      .openai = options.openai,
      .console = console_file};
  config.players_max = [&settings = services.settings()] {
    return static_cast<std::size_t>(settings.number("world.players_max"));
  };
  config.message_of_the_day = [&settings = services.settings()] {
    return settings.text("world.message_of_the_day");
  };
  config.ready_checks = {{"world", [&] { return world.timeline->health(); }},
                         {"shared", [&] { return shared.timeline->health(); }},
                         {"models",
                          [&]() -> Result<void> {
                            if (engines.problem.empty() && has_models(engines)) return {};
                            return fail(Code::unavailable, "engine.no_model",
                                        engines.problem.empty()
                                            ? "started without models: reflex and written lines only"
                                            : engines.problem);
                          },
                          false}};
  for (const auto& upstream : remote_models(engines)) {
    config.ready_checks.push_back(
        {"engine:" + upstream.name(),
         [&engines, name = upstream.name()] { return upstream_health(engines, name); }, false});
  }
  if (tokens_missing && !options.hosts.empty()) {
    log::warn("edge",
              "`hosts` without `tokens`: whoever comes through the proxy is an administrator of the world");
  }
  edge::Edge edge(env, *bus, metrics, *world.timeline, std::move(config));
  edge.serve_openai(openai);
  TRY(const auto address, edge.listen());

  Result<void> outcome;
  rt::Group group(env, "server");
  rt::Group ending(env, "stop");
  rt::Timer stop_limit;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  const auto stop = [&] {
    if (ending.running() > 0) return;
    log::info("server", "stopping");
    signals.clear();  // a second signal ends the program as it ends others: at once
    stop_limit = clock.call_at(env.now() + kStopMax, give_up);
    ending.spawn("stop", [&]() -> boost::asio::awaitable<void> {
      co_await wind_down(edge, {&world, &shared}, group);
      io.stop();
    });
  };
  const auto stop_with = [&](const Error& why) {
    if (outcome) outcome = std::unexpected(why);
    stop();
  };
  world.timeline->on_fatal(stop_with);
  shared.timeline->on_fatal(stop_with);
  signals.async_wait([&](const boost::system::error_code& failed, int) {
    if (!failed) stop();
  });

  shared.timeline->start(group);
  world.timeline->start(group);
  services.settings().start();
  services.router().start();
  services.npc().start();
  edge.start(group);
  std::printf(options.ready_as_json ? "{\"ready\":\"http://%s\"}\n" : "ready http://%s\n",
              address.text().c_str());
  std::fflush(stdout);
  io.run();
  // What was cancelled last unwinds while everything that it refers to is still there.
  io.restart();
  io.poll();
  return outcome;
}

}  // namespace troupe
