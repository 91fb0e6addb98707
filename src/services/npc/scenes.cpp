#include "services/npc/scenes.h"

#include <algorithm>
#include <cmath>

#include "pack/query.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/day.h"
#include "services/npc/queries.h"
#include "talk/told.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/weather.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::npc {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kToldMax = 40;     // sentences that a listener told of themselves, the newest
constexpr std::size_t kSaidMax = 30;     // lines that they may not repeat
constexpr std::size_t kHappenedMax = 3;  // things that happened just now
constexpr std::int64_t kJustNowMs = 3 * 3'600'000;

talk::Feelings felt(const pb::RelationRecord& r) {
  return {.trust = r.trust(),
          .fear = r.fear(),
          .respect = r.respect(),
          .disgust = r.disgust(),
          .affection = r.affection(),
          .anger = r.anger()};
}

}  // namespace

pack::Listener listener_for(const Minds& minds, const Mind& mind, const std::string& player,
                            std::int64_t now_ms) {
  pack::Listener listener;
  listener.trust = confidence(relation_or_default(mind, player_key(player)), mood_of(mind.record()),
                              mood_now(mind.record(), now_ms));
  // What anybody here told this player, this player knows.
  for (const auto& [id, other] : minds.people()) {
    for (const auto& told : other->record().told()) {
      if (told.player() != player) continue;
      for (const auto& fact : told.facts()) listener.knows.insert(pack::FactId(fact));
    }
  }
  return listener;
}

talk::Scene Scenes::of(const Mind& mind, const std::string& player, std::uint64_t draw) const {
  const auto now = host_.timeline().now().ms;
  auto scene = talk::scene_of(pack_, *mind.who, now / kDayMs + 1, clock_at(now));
  scene.turn = draw;
  fill_sky(mind, scene);
  fill_speaker(mind, scene);
  fill_people(mind, scene);
  fill_listener(mind, player, scene);
  return scene;
}

void Scenes::fill_sky(const Mind& mind, talk::Scene& scene) const {
  scene.here = pack::PlaceId(place_now(pack_, mind.record(), host_.timeline().now().ms));
  scene.weather.reset();
  const auto* here = pack_.place(scene.here.str());
  if (here == nullptr) return;
  pb::WeatherGetRequest get;
  get.set_region(here->region.str());
  const auto sky = asked<pb::WeatherNow>(host_.timeline(), get);
  if (!sky) return;
  scene.weather = pack::find_name<pack::Weather>(pack::kWeatherNames, sky->state());
  scene.temperature_c = sky->temperature_c();
}

void Scenes::fill_speaker(const Mind& mind, talk::Scene& scene) const {
  // What they were at when they were spoken to, and not that they are spoken to.
  const auto& routine = pack::routine_at(*mind.who, scene.clock);
  scene.doing = mind.record().scene();
  if (scene.doing != routine.activity) scene.doing_said.clear();
  scene.mood = mood_of(mind.record());
  pb::StateGetRequest own;
  own.set_kind("npc");
  own.set_id(mind.record().id());
  scene.carries.clear();
  const auto document = asked<pb::StateDocument>(host_.timeline(), own);
  if (!document) return;
  const auto& fields = document->document().fields();
  if (const auto items = fields.find("items"); items != fields.end()) {
    for (const auto& [good, count] : items->second.struct_value().fields())
      scene.carries[pack::GoodId(good)] = static_cast<int>(count.number_value());
  }
}

void Scenes::fill_people(const Mind& mind, talk::Scene& scene) const {
  const auto now = host_.timeline().now().ms;
  scene.present.clear();
  for (const auto& [id, other] : minds_.people()) {
    if (other.get() == &mind) continue;
    const pack::NpcId who(id);
    scene.feelings[who] = felt(relation_or_default(mind, id));
    const pack::PlaceId at(place_now(pack_, other->record(), now));
    if (at != scene.here || other->record().dead()) continue;
    scene.places[who] = at;
    scene.present.push_back(other->who->name);
  }
  for (const auto& seen : mind.perceived) {
    if (scene.just_now.size() == kHappenedMax || now - seen.at_ms > kJustNowMs) break;
    if (!seen.news) continue;
    scene.just_now.insert(scene.just_now.begin(),
                          {.text = seen.text, .at = seen.at_ms, .event = std::to_string(seen.sequence)});
  }
}

// What goods go for here; `factor`: what the speaker asks of the listener for their own.
void Scenes::fill_prices(talk::Scene& scene, double factor) const {
  pb::WorldPricesRequest here;
  here.set_place(scene.here.str());
  if (const auto reply = asked<pb::WorldPricesReply>(host_.timeline(), here)) {
    for (const auto& price : reply->prices()) scene.prices[pack::GoodId(price.good())] = price.price();
  }
  for (const auto& good : scene.sells) {
    const auto found = scene.prices.find(good);
    const auto price = found == scene.prices.end() ? pack_.good(good.str())->base_price : found->second;
    scene.prices[good] = std::max<std::int64_t>(1, std::llround(static_cast<double>(price) * factor));
  }
}

void Scenes::fill_listener(const Mind& mind, const std::string& player, talk::Scene& scene) const {
  const auto key = player_key(player);
  const auto relation = relation_or_default(mind, key);
  const auto now = host_.timeline().now().ms;
  scene.listener = key;
  scene.for_listener = felt(relation);
  fill_prices(scene, price_factor(relation, mood_of(mind.record()), mood_now(mind.record(), now)));
  const auto listener = listener_for(minds_, mind, player, now);
  for (const auto& fact : pack_.facts) {
    if (fact.secret && pack::knows(fact, mind.who->id) && pack::may_share(fact, mind.who->id, listener))
      scene.may_hear.insert(fact.id.str());
  }
  for (const auto* memory : minds_.memories(mind)) {
    if (memory->source() != kStated || !is_of(*memory, key)) continue;
    scene.told.push_back({.text = memory->text(), .at = memory->at_ms()});
    if (const auto name = talk::name_given(language_.asking, language_.words, memory->text()); !name.empty())
      scene.listener_name = name;
  }
  if (scene.told.size() > kToldMax)
    scene.told.erase(scene.told.begin(), scene.told.end() - static_cast<std::ptrdiff_t>(kToldMax));
  const auto& held = minds_.conversations();
  for (const auto& line : held.lines(mind.who->id.str(), player)) {
    if (!line.by_player()) scene.said.push_back(line.text());
  }
  if (scene.said.size() > kSaidMax)
    scene.said.erase(scene.said.begin(), scene.said.end() - static_cast<std::ptrdiff_t>(kSaidMax));
  scene.spoken = held.spoken(mind.who->id.str(), player);
}

}  // namespace troupe::npc
