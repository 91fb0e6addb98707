#pragma once
// Every service of Troupe, and how those of a room are made. A new service is one folder and one row in
// services.cpp; the row's place is its place in the order of listening.
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/engines.h"
#include "host/host.h"
#include "host/service.h"
#include "host/worlds.h"
#include "pack/pack.h"
#include "pack/prompt_texts.h"
#include "services/ai/ai_service.h"
#include "services/models/models_service.h"
#include "services/npc/npc_service.h"
#include "services/router/router_service.h"
#include "services/worlds/worlds_service.h"
#include "talk/language.h"

namespace troupe {

class WorldSettings;

// What a service is made of; all of it outlives the service.
struct WorldParts {
  const pack::PromptTexts& texts;
  const talk::Language& language;
  const RouterConfig& router;
  const NpcConfig& npc;
  const AiConfig& ai;
  const ModelsConfig& models;
};
struct ServiceParts {
  const pack::Pack& pack;
  Host& host;
  const WorldParts* world = nullptr;  // what services of a world have besides
};

struct ServiceRow {
  std::string_view name;  // as in `time.Get`; whether all worlds share it, its proto says
  // Without these it can do nothing: they stand above it in the table, and have to run where it runs. What
  // else it asks may be away; then it answers as far as it can.
  std::array<std::string_view, 3> needs = {};
  std::unique_ptr<Service> (*make)(const ServiceParts& parts) = nullptr;  // none: it is not built yet
};

std::span<const ServiceRow> all_service_rows();
bool is_shared(const ServiceRow& row);

using ServiceNames = std::set<std::string>;
using OnlyServices = std::optional<ServiceNames>;  // nothing: all there are

// "time,weather,state". `invalid_argument` services.unknown (with the nearest name), services.not_built,
// services.needs.
Result<ServiceNames> services_from(std::string_view list);
bool runs(const ServiceRow& row, const OnlyServices& only);

// What the worlds of a pack share: read and made once.
struct PackParts {
  talk::Language language;  // whole: talk::language_of() says whether the pack's is
  std::shared_ptr<npc::Shelf> shelf;
};
std::shared_ptr<const PackParts> parts_of(const pack::Pack& pack);

// The services of one world.
class WorldServices {
 public:
  // `of_pack`: none = parts of its own.
  WorldServices(const pack::Pack& pack, Host& host, RouterConfig router, NpcConfig npc, AiConfig ai,
                ModelsConfig models, const OnlyServices& only = {},
                std::shared_ptr<const PackParts> of_pack = nullptr);
  ~WorldServices();
  // Once, when the room is open.
  void start();

 private:
  const std::shared_ptr<const PackParts> of_pack_;
  std::unique_ptr<WorldSettings> settings_;
  std::vector<std::unique_ptr<Service>> services_;
};

// Those that all worlds share, and which worlds there are (`worlds`): that is never left out.
class SharedServices {
 public:
  SharedServices(const pack::Pack& pack, Host& host, WorldRunner& runner, const OnlyServices& only = {});
  ~SharedServices();
  void start();
  WorldsService& worlds() { return *worlds_; }

 private:
  const std::unique_ptr<WorldsService> worlds_;
  std::vector<std::unique_ptr<Service>> services_;
};

// How a world begins: from its pack, or with a seed of one's own.
TimelineConfig timeline_config(const pack::Pack& pack, std::optional<std::uint64_t> seed);

}  // namespace troupe
