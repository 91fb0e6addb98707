#include "app/services.h"

#include <cmath>

#include "base/check.h"
#include "services/capabilities/capabilities_service.h"
#include "services/events/events_service.h"
#include "services/settings/settings_service.h"
#include "services/settings/world_settings.h"
#include "services/state/state_service.h"
#include "services/time/time_service.h"
#include "services/weather/weather_service.h"
#include "services/world/world_service.h"

namespace troupe {

namespace {

NpcConfig with_settings(NpcConfig npc, const WorldSettings& settings) {
  npc.setting = [&settings](const std::string& name) { return settings.number(name); };
  return npc;
}

// What the pack's author calls things passes: `troupe check` warns of it.
WordGuard::Rules words_of(const pack::Pack& pack) {
  WordGuard::Rules rules{.rating = pack.world.rating, .own = {}};
  const auto add = [&](const auto& list) {
    for (const auto& one : list) {
      rules.own.insert(one.id.str());
      if constexpr (requires { one.name; }) rules.own.insert(one.name);
    }
  };
  add(pack.npcs);
  add(pack.places);
  add(pack.goods);
  add(pack.factions);
  add(pack.facts);
  add(pack.verbs);
  for (auto& id : pack.region_ids()) rules.own.insert(std::move(id));
  return rules;
}

talk::Language language_of(const pack::Pack& pack) {
  auto language = talk::language_of(pack);
  TROUPE_CHECK(language.has_value(), "a pack whose language is not whole");
  return *std::move(language);
}

AiConfig rated(AiConfig ai, const pack::Pack& pack) {
  ai.rating = pack.world.rating;
  return ai;
}

}  // namespace

WorldServices::WorldServices(const pack::Pack& pack, Host& host, RouterConfig router, NpcConfig npc,
                             AiConfig ai, ModelsConfig models)
    : texts_(pack::built_in_prompt_texts("en")),
      language_(language_of(pack)),
      settings_(std::make_unique<WorldSettings>(host)),
      time_(std::make_unique<TimeService>(pack, host)),
      weather_(std::make_unique<WeatherService>(pack, host)),
      state_(std::make_unique<StateService>(pack, host)),
      capabilities_(std::make_unique<CapabilitiesService>(
          pack, host,
          [&timeline = host.timeline()](const Caller& caller, const google::protobuf::Message& question) {
            return timeline.query(caller, question.GetDescriptor()->full_name(),
                                  question.SerializeAsString());
          })),
      router_(std::make_unique<RouterService>(host, std::move(router))),
      ai_(std::make_unique<AiService>(pack, host, texts_, language_, rated(std::move(ai), pack))),
      npc_(std::make_unique<NpcService>(pack, host, texts_, language_,
                                        with_settings(std::move(npc), *settings_))),
      events_(std::make_unique<EventsService>(pack, host)),
      models_(std::make_unique<ModelsService>(host, std::move(models))),
      world_(std::make_unique<WorldService>(pack, host)) {
  host.guard_words(words_of(pack));
  settings_->mount();
  time_->mount();
  weather_->mount();
  state_->mount();
  capabilities_->mount();
  router_->mount();
  ai_->mount();
  npc_->mount();
  events_->mount();
  models_->mount();
  world_->mount();
}

WorldServices::~WorldServices() = default;

SharedServices::SharedServices(const pack::Pack& pack, Host& host)
    : settings_(std::make_unique<SettingsService>(host)) {
  host.guard_words(words_of(pack));
  settings_->mount();
}
SharedServices::~SharedServices() = default;

TimelineConfig timeline_config(const pack::Pack& pack, std::optional<std::uint64_t> seed) {
  const auto& world = pack.world;
  return {.world = world.name,
          .seed = seed.value_or(world.seed),
          .pack_hash = pack.hash,
          .start = {(world.start_day - 1) * 86'400'000 + std::int64_t{world.start_clock.minute} * 60'000},
          .scale = {static_cast<std::int64_t>(std::llround(world.scale * 1000))}};
}

}  // namespace troupe
