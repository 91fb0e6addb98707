// A world left to itself does not run down: two weeks here, a hundred days with TROUPE_SOAK=1. No models, no
// players. Prints what people did.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/world/lively.h"
#include "troupe/v1/state.pb.h"

namespace troupe::test {
namespace {

int weeks() {
  const char* soak = std::getenv("TROUPE_SOAK");
  return soak != nullptr && std::strcmp(soak, "1") == 0 ? 14 : 2;
}

class Life : public testing::TestWithParam<const char*> {};

TEST_P(Life, StaysLively) {
  const auto& pack = pack_at(GetParam());
  // A day a second: without players nothing hangs on real time.
  auto world = world_of(GetParam(), 7, Scale{Scale::kMax});
  std::set<std::string> routine_verbs;
  std::set<std::string> used;
  for (const auto& npc : pack.npcs) {
    for (const auto& entry : npc.routine) {
      if (!entry.verb.str().empty()) routine_verbs.insert(entry.verb.str());
    }
  }
  std::map<std::string, std::set<std::string>> eaten;
  for (int number = 1; number <= weeks(); ++number) {
    const Week week = live_a_week(world, [&](const pb::VerbExecuted& done) {
      const auto good = done.action().args().find("good");
      if (good != done.action().args().end()) eaten[done.action().verb()].insert(good->second);
    });
    ASSERT_GT(week.total, 0);
    const auto [verb, share] = week.most();
    std::printf("%s week %d: %d deeds, %.2f bits, most %s %.2f;", GetParam(), number, week.total,
                week.entropy(), verb.c_str(), share);
    for (const auto& [name, count] : week.deeds) std::printf(" %s %d", name.c_str(), count);
    std::printf(" | moods");
    for (const auto& [name, count] : week.moods) std::printf(" %s %d", name.c_str(), count);
    std::printf("\n");
    EXPECT_LE(share, 1. / 3) << verb;
    EXPECT_GE(week.entropy(), 2.3);
    EXPECT_GE(week.total, 7 * 3 * static_cast<int>(pack.npcs.size())) << "some deeds a day for each";
    for (const auto& routine_verb : routine_verbs)
      EXPECT_TRUE(week.deeds.contains(routine_verb)) << "week " << number << ": nobody does " << routine_verb;
    for (const auto& npc : pack.npcs) EXPECT_GE(week.each.at(npc.id.str()).size(), 3U) << npc.id.str();
  }
  for (const auto& good : eaten["eat"]) EXPECT_EQ(pack.good(good)->kind, "food") << good;
  // Money and goods do not end in one purse: everybody has something to spend, and nobody carries a
  // warehouse.
  for (const auto& npc : pack.npcs) {
    pb::StateGetRequest get;
    get.set_kind("npc");
    get.set_id(npc.id.str());
    const auto document = world.call<pb::StateDocument>(designer(), get);
    ASSERT_TRUE(document.has_value());
    const auto& fields = document->document().fields();
    const double money = fields.at("money").number_value();
    std::printf("%s %.0f of %ld;", npc.id.str().c_str(), money, npc.money);
    EXPECT_LE(money, static_cast<double>(npc.money) + 5000) << npc.id.str();
    if (npc.money > 0) EXPECT_GE(money, 1) << npc.id.str();
    for (const auto& [good, count] : fields.at("items").struct_value().fields()) {
      EXPECT_LE(count.number_value(), 120) << npc.id.str() << " " << good;
      if (count.number_value() > 40) std::printf(" %s %.0f", good.c_str(), count.number_value());
    }
  }
  std::printf("\n");
  // Goals move: what was done is wanted less, and comes back. None lies at the bottom for three days.
  std::map<std::string, std::pair<double, double>> span;  // of "npc goal": least and most
  for (int hour = 0; hour < 72; ++hour) {
    world.advance(game_hours(1));
    for (const auto& npc : pack.npcs) {
      pb::NpcMindRequest request;
      request.set_npc(npc.id.str());
      const auto mind = world.call<pb::NpcMindReply>(designer(), request);
      ASSERT_TRUE(mind.has_value());
      for (const auto& goal : mind->goals()) {
        const auto [at, first] =
            span.try_emplace(npc.id.str() + " " + goal.id(), goal.priority(), goal.priority());
        at->second.first = std::min(at->second.first, goal.priority());
        at->second.second = std::max(at->second.second, goal.priority());
      }
      // Habits do not fill a mind: what happens again and again is one memory.
      std::set<std::string> remembered;
      for (const auto& memory : mind->memories()) {
        auto said = memory.source() + " " + memory.place() + ": " + memory.text();
        for (const auto& witness : memory.witnesses()) said += ", " + witness;
        EXPECT_TRUE(remembered.insert(said).second) << npc.id.str() << " remembers twice: " << said;
      }
    }
  }
  for (const auto& [goal, ends] : span)
    std::printf("%s %.2f to %.2f; ", goal.c_str(), ends.first, ends.second);
  std::printf("\n");
  for (const auto& [goal, ends] : span) EXPECT_GE(ends.second, .1) << goal << " never comes back";
}

INSTANTIATE_TEST_SUITE_P(Packs, Life, testing::Values("worlds/lanternfall", "tests/support/mill"),
                         [](const auto& info) {
                           const std::string path = info.param;
                           return path.substr(path.rfind('/') + 1);
                         });

}  // namespace
}  // namespace troupe::test
