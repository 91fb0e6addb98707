#include "services/npc/situation.h"

#include <algorithm>

#include "services/npc/appraisal_rules.h"
#include "services/npc/queries.h"
#include "troupe/v1/weather.pb.h"

namespace troupe::npc {

namespace {

std::string words_of(const Result<pb::WeatherNow>& now) {
  if (!now || now->state() == "none") return {};
  std::string name = now->state();
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

// `record.place()` and not where they walk just now: as the gold tier has always been asked.
std::string Situation::now(Turn& turn, const Mind& mind) const {
  const auto self = as_npc(turn.world());
  const auto time = turn.call<pb::TimeState>(self, pb::TimeGetRequest());
  std::string weather;
  if (const auto* place = pack_.place(mind.record().place())) {
    pb::WeatherGetRequest get;
    get.set_region(place->region.str());
    weather = words_of(turn.call<pb::WeatherNow>(self, get));
  }
  return text(mind, time ? *time : pb::TimeState(), weather);
}

std::string Situation::by_the_hour(const Mind& mind) const {
  const auto& timeline = host_.timeline();
  auto time = asked<pb::TimeState>(timeline, pb::TimeGetRequest()).value_or(pb::TimeState());
  time.set_clock(texts_.scene.about.with({{"hour", time.clock().substr(0, 2)}}));
  std::string weather;
  if (const auto* place = pack_.place(place_now(pack_, mind.record(), timeline.now().ms))) {
    pb::WeatherGetRequest get;
    get.set_region(place->region.str());
    weather = words_of(asked<pb::WeatherNow>(timeline, get));
  }
  return text(mind, time, weather);
}

std::string Situation::text(const Mind& mind, const pb::TimeState& time, const std::string& weather) const {
  const auto& scene = texts_.scene;
  const auto* place = pack_.place(place_now(pack_, mind.record(), host_.timeline().now().ms));
  std::string out = scene.time.with({{"clock", time.clock()}, {"phase", time.phase()}});
  if (!weather.empty()) out += scene.weather.with({{"weather", weather}});
  if (place != nullptr) out += scene.place.with({{"name", mind.who->name}, {"place", place->name}});
  out += scene.doing.with({{"scene", mind.record().scene()}});
  if (mood_of(mind.record()) != pack::Mood::calm)
    out += scene.mood.with({{"name", mind.who->name}, {"mood", mind.record().mood()}});
  return out;
}

}  // namespace troupe::npc
