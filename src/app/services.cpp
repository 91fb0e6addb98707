#include "app/services.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "host/registry.h"
#include "services/capabilities/capabilities_service.h"
#include "services/events/events_service.h"
#include "services/npc/repertoire.h"
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

using Made = std::unique_ptr<Service>;

constexpr ServiceRow kServices[] = {
    {.name = "settings",
     .make = [](const ServiceParts& of) -> Made { return std::make_unique<SettingsService>(of.host); }},
    {.name = "time",
     .make = [](const ServiceParts& of) -> Made { return std::make_unique<TimeService>(of.pack, of.host); }},
    {.name = "weather",
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<WeatherService>(of.pack, of.host);
     }},
    {.name = "state",
     .make = [](const ServiceParts& of) -> Made { return std::make_unique<StateService>(of.pack, of.host); }},
    {.name = "capabilities",
     .needs = {"state"},
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<CapabilitiesService>(of.pack, of.host);
     }},
    {.name = "router",
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<RouterService>(of.host, of.world->router);
     }},
    {.name = "ai",
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<AiService>(of.pack, of.host, of.world->texts, of.world->language,
                                          of.world->ai);
     }},
    {.name = "npc",
     .needs = {"time", "state", "capabilities"},
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<NpcService>(of.pack, of.host, of.world->texts, of.world->language,
                                           of.world->npc);
     }},
    {.name = "events",
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<EventsService>(of.pack, of.host);
     }},
    {.name = "models",
     .make = [](const ServiceParts& of) -> Made {
       return std::make_unique<ModelsService>(of.host, of.world->models);
     }},
    {.name = "world",
     .make = [](const ServiceParts& of) -> Made { return std::make_unique<WorldService>(of.pack, of.host); }},
    {.name = "quests"},
    {.name = "story"},
    {.name = "lore"},
    {.name = "traces"},
    {.name = "language"},
    {.name = "orchestration"},
    {.name = "performance"},
    {.name = "engine_watch"},
    {.name = "payment"},
    {.name = "training"},
};

constexpr bool needs_stand_above() {
  for (const auto& row : kServices) {
    for (const auto need : row.needs) {
      if (need.empty()) continue;
      bool found = false;
      for (const auto& above : kServices) {
        if (above.name == row.name) break;
        found = found || above.name == need;
      }
      if (!found) return false;
    }
  }
  return true;
}
static_assert(needs_stand_above());

std::vector<Made> make_all(bool shared, const OnlyServices& only, const ServiceParts& parts) {
  std::vector<Made> made;
  for (const auto& row : kServices) {
    if (!runs(row, only) || is_shared(row) != shared) continue;
    made.push_back(row.make(parts));
  }
  return made;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& row : kServices) names.emplace_back(row.name);
  return names;
}

}  // namespace

std::span<const ServiceRow> all_service_rows() { return kServices; }

bool is_shared(const ServiceRow& row) {
  const auto found = std::ranges::find(all_services(), row.name, &ServiceEntry::name);
  return found != all_services().end() && found->shared;
}

bool runs(const ServiceRow& row, const OnlyServices& only) {
  return row.make != nullptr && (!only || only->contains(std::string(row.name)));
}

Result<ServiceNames> services_from(std::string_view list) {
  ServiceNames names;
  for (const auto& part : split(list, ',')) {
    const std::string name(trim(part));
    const auto row = std::ranges::find(kServices, name, &ServiceRow::name);
    if (row == std::end(kServices))
      return fail(Code::invalid_argument, "services.unknown",
                  "no service '" + name + "'" + did_you_mean(name, all_names()));
    if (row->make == nullptr)
      return fail(Code::invalid_argument, "services.not_built", "'" + name + "' is not built yet");
    names.insert(name);
  }
  for (const auto& row : kServices) {
    if (!names.contains(std::string(row.name))) continue;
    for (const auto need : row.needs) {
      if (need.empty() || names.contains(std::string(need))) continue;
      return fail(
          Code::invalid_argument, "services.needs",
          fmt::format("'{}' cannot run without '{}': add it, or leave '{}' out", row.name, need, row.name));
    }
  }
  return names;
}

std::shared_ptr<const PackParts> parts_of(const pack::Pack& pack) {
  return std::make_shared<const PackParts>(PackParts{language_of(pack), std::make_shared<npc::Shelf>()});
}

WorldServices::WorldServices(const pack::Pack& pack, Host& host, RouterConfig router, NpcConfig npc,
                             AiConfig ai, ModelsConfig models, const OnlyServices& only,
                             std::shared_ptr<const PackParts> of_pack)
    : of_pack_(of_pack ? std::move(of_pack) : parts_of(pack)),
      settings_(std::make_unique<WorldSettings>(host)) {
  npc = with_settings(std::move(npc), *settings_);
  npc.shelf = of_pack_->shelf;
  ai = rated(std::move(ai), pack);
  const WorldParts world{pack.texts, of_pack_->language, router, npc, ai, models};
  services_ = make_all(false, only, {pack, host, &world});
  host.guard_words(words_of(pack));
  settings_->mount();
  for (const auto& service : services_) service->mount();
}

// In reverse: each goes before what it refers to.
WorldServices::~WorldServices() {
  while (!services_.empty()) services_.pop_back();
}

void WorldServices::start() {
  settings_->start();
  for (const auto& service : services_) service->start();
}

SharedServices::SharedServices(const pack::Pack& pack, Host& host, WorldRunner& runner,
                               const OnlyServices& only)
    : worlds_(std::make_unique<WorldsService>(host, runner)), services_(make_all(true, only, {pack, host})) {
  host.guard_words(words_of(pack));
  worlds_->mount();
  for (const auto& service : services_) service->mount();
}
SharedServices::~SharedServices() = default;

void SharedServices::start() {
  worlds_->start();
  for (const auto& service : services_) service->start();
}

TimelineConfig timeline_config(const pack::Pack& pack, std::optional<std::uint64_t> seed) {
  const auto& world = pack.world;
  return {.world = world.name,
          .seed = seed.value_or(world.seed),
          .pack_hash = pack.hash,
          .start = {(world.start_day - 1) * 86'400'000 + std::int64_t{world.start_clock.minute} * 60'000},
          .scale = {static_cast<std::int64_t>(std::llround(world.scale * 1000))}};
}

}  // namespace troupe
