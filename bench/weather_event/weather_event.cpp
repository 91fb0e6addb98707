// bench_weather_event: bytes of real weather events, as the world Lanternfall publishes them in its ninth
// year.
#include "base/check.h"
#include "bench/harness/answers.h"
#include "edge/ws_codec.h"
#include "services/time/time_service.h"
#include "services/weather/weather_service.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/weather.pb.h"

namespace {

using namespace troupe;

// days DAYS SEED: what the weather does by itself, and what a designer does to it (that event carries a
// trace).
bench::Figures sizes(const pack::Pack& pack, int days, std::uint64_t seed) {
  test::World world(
      {test::mount<TimeService>(pack), test::mount<WeatherService>(pack)},
      {.world = pack.world.name, .seed = seed, .start = GameTime{} + game_days(3000), .scale = {3'600'000}});
  world.advance(game_days(days));
  for (const char* state : {"clear", "partly_cloudy"}) {
    pb::WeatherSetRequest set;
    set.set_region(pack.climate.regions.front().id.str());
    set.set_state(state);
    auto designer = test::designer();
    designer.trace = std::string(24, '\x7f');
    TROUPE_CHECK(world.call<pb::WeatherNow>(designer, set).has_value(), "the weather is set");
  }
  world.settle();
  bench::Figures figures;
  for (const auto& envelope : world.events()) {
    if (envelope.type() != "WeatherChanged") continue;
    const char* kind = envelope.trace().empty() ? "envelope" : "traced";
    figures[kind].push_back(static_cast<double>(envelope.ByteSizeLong()));
    figures["frame"].push_back(static_cast<double>(encode_event(edge::Wire::binary, envelope, 0).size()));
    figures["json"].push_back(static_cast<double>(encode_event(edge::Wire::json, envelope, 0).size()));
  }
  return figures;
}

}  // namespace

int main() {
  const auto pack = pack::load_pack("worlds/lanternfall");
  TROUPE_CHECK(pack.has_value(), "run in the repository's root");
  return bench::answer_lines({{"days", [&](const bench::Words& words) {
                                 return sizes(*pack, std::stoi(words[0]), std::stoull(words[1]));
                               }}});
}
