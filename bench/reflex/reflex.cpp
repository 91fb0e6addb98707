// bench_reflex: a world of 1,000 people with players among them, tick by tick.
#include "adapters/engine_reflex/reflex_engine.h"
#include "app/services.h"
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"
#include "services/npc/npc_rules.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/npc.pb.h"

namespace {

using namespace troupe;

constexpr std::size_t kPeople = 1000;
constexpr int kTicksOfAPlayer = 200;  // a player who says nothing for longer than a minute is forgotten

pack::Pack crowded() {
  auto loaded = pack::load_pack("worlds/lanternfall");
  TROUPE_CHECK(loaded.has_value(), "run in the repository's root");
  const auto originals = loaded->npcs;
  for (std::size_t i = 0; loaded->npcs.size() < kPeople; ++i) {
    auto copy = originals[i % originals.size()];
    copy.id = pack::NpcId(copy.id.str() + "_" + std::to_string(i));
    loaded->npcs.push_back(std::move(copy));
  }
  return *std::move(loaded);
}

class Crowd {
 public:
  // A game second a second, so that few of them think or set out in a tick: what is measured is the reflex.
  Crowd()
      : pack_(crowded()), reflex_(engine::make_reflex_engine({})), world_({services()}, {.scale = {1000}}) {}

  // Median microseconds of a tick, per person.
  bench::Figures ticks(int count, int players) {
    std::vector<double> each;
    for (int i = 0; i < count; ++i) {
      if (i % kTicksOfAPlayer == 0) walk_in(players);
      const auto from = clock_.now();
      world_.pass(rt::milliseconds(100));
      each.push_back(bench::us(clock_.now() - from) / static_cast<double>(pack_.npcs.size()));
    }
    return {{"us", {bench::median(std::move(each))}}};
  }

 private:
  test::Mount services() {
    RouterConfig router;
    router.tiers[engine::Tier::gold] = {{.engine = reflex_.get(), .model = "reflex", .writes = false}};
    return [this, router](Host& host) -> std::shared_ptr<void> {
      return std::make_shared<WorldServices>(pack_, host, router, NpcConfig{.thinks = false}, AiConfig{},
                                             ModelsConfig{});
    };
  }

  // Each at a place of their own, looking at somebody.
  void walk_in(int players) {
    for (int i = 0; i < players; ++i) {
      const auto n = static_cast<std::size_t>(i);
      const auto& place = pack_.places[n % pack_.places.size()];
      pb::NpcInputRequest input;
      input.set_x(place.x);
      input.set_y(place.y);
      input.set_looked_at(pack_.npcs[n].id.str());
      input.set_player("player" + std::to_string(i));
      const auto there = world_.call<pb::NpcInputReply>(test::designer(), input);
      TROUPE_CHECK(there.has_value(), "the player is there");
    }
  }

  pack::Pack pack_;
  std::unique_ptr<engine::Engine> reflex_;
  test::World world_;
  rt::asio::io_context io_;
  rt::RealClock clock_{io_.get_executor()};
};

// The decision alone, of people in every situation that there is.
bench::Figures decisions(int times) {
  std::vector<npc::Surroundings> people;
  const rt::Draw draw(1, "bench", "reflex");
  for (std::size_t i = 0; i < kPeople; ++i) {
    people.push_back({.strategy = static_cast<npc::Strategy>(draw.below(6, i, 0)),
                      .player_m = static_cast<float>(40 * draw.uniform(i, 1)),
                      .threat_m = static_cast<float>(40 * draw.uniform(i, 2)),
                      .spoken_to = draw.below(2, i, 3) == 1,
                      .looked_at = draw.below(2, i, 4) == 1,
                      .walking = draw.below(2, i, 5) == 1});
  }
  rt::asio::io_context io;
  const rt::RealClock clock(io.get_executor());
  std::vector<double> each;
  std::size_t fled = 0;
  for (int i = 0; i < times; ++i) {
    const auto from = clock.now();
    for (const auto& person : people) fled += npc::react(person) == npc::Reflex::flee ? 1 : 0;
    each.push_back(bench::us(clock.now() - from) / kPeople);
  }
  TROUPE_CHECK(fled > 0, "some of them flee, so the loop was not left out");
  return {{"us", {bench::median(std::move(each))}}};
}

}  // namespace

int main() {
  Crowd crowd;
  return bench::answer_lines({
      // ticks COUNT PLAYERS, decisions COUNT
      {"ticks",
       [&](const bench::Words& words) { return crowd.ticks(std::stoi(words[0]), std::stoi(words[1])); }},
      {"decisions", [](const bench::Words& words) { return decisions(std::stoi(words[0])); }},
  });
}
