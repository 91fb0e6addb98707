#pragma once
// Every service of a world, and of what worlds share: one row each. A new service is one folder and one row
// here.
#include <functional>
#include <memory>
#include <optional>

#include "app/engines.h"
#include "host/host.h"
#include "pack/pack.h"
#include "pack/prompt_texts.h"
#include "services/ai/ai_service.h"
#include "services/models/models_service.h"
#include "services/npc/npc_service.h"
#include "services/router/router_service.h"
#include "talk/language.h"

namespace troupe {

class CapabilitiesService;
class EventsService;
class SettingsService;
class StateService;
class TimeService;
class WeatherService;
class WorldService;
class WorldSettings;

// The rooms of one world, in the order in which they hear an event.
class WorldServices {
 public:
  // The pack's language is whole: talk::language_of() says whether.
  WorldServices(const pack::Pack& pack, Host& host, RouterConfig router, NpcConfig npc, AiConfig ai,
                ModelsConfig models);
  ~WorldServices();
  NpcService& npc() { return *npc_; }
  RouterService& router() { return *router_; }
  WorldSettings& settings() { return *settings_; }

 private:
  const pack::PromptTexts texts_;
  const talk::Language language_;
  std::unique_ptr<WorldSettings> settings_;
  std::unique_ptr<TimeService> time_;
  std::unique_ptr<WeatherService> weather_;
  std::unique_ptr<StateService> state_;
  std::unique_ptr<CapabilitiesService> capabilities_;
  std::unique_ptr<RouterService> router_;
  std::unique_ptr<AiService> ai_;
  std::unique_ptr<NpcService> npc_;
  std::unique_ptr<EventsService> events_;
  std::unique_ptr<ModelsService> models_;
  std::unique_ptr<WorldService> world_;
};

// What all worlds share: players' settings.
class SharedServices {
 public:
  SharedServices(const pack::Pack& pack, Host& host);
  ~SharedServices();

 private:
  std::unique_ptr<SettingsService> settings_;
};

// How a world begins: from its pack, or with a seed of one's own.
TimelineConfig timeline_config(const pack::Pack& pack, std::optional<std::uint64_t> seed);

}  // namespace troupe
