#include "services/npc/npc_rules.h"

#include <gtest/gtest.h>

#include <cmath>

#include "pack/query.h"

namespace troupe::npc {
namespace {

const pack::Pack& lanternfall() {
  static const pack::Pack loaded = [] {
    auto pack = pack::load_pack("worlds/lanternfall");
    if (pack) return *std::move(pack);
    ADD_FAILURE() << pack::to_string(pack.error().front());
    return pack::Pack();
  }();
  return loaded;
}

struct ReflexCase {
  Surroundings around;
  Reflex expected;
};

TEST(Reflex, Table) {
  using enum Strategy;
  const ReflexCase cases[] = {
      {{}, Reflex::idle},
      {{.walking = true}, Reflex::move},
      {{.strategy = aggressive, .threat_m = 1}, Reflex::attack},
      {{.strategy = defensive, .threat_m = 1}, Reflex::defend},
      {{.strategy = retreat, .threat_m = 1}, Reflex::flee},
      {{.strategy = neutral, .threat_m = 1}, Reflex::dodge},
      {{.strategy = neutral, .threat_m = 8}, Reflex::flee},
      {{.strategy = neutral, .threat_m = 20}, Reflex::idle},
      {{.strategy = aggressive, .threat_m = 8, .storm = true}, Reflex::defend},
      {{.strategy = neutral, .threat_m = 8, .storm = true}, Reflex::flee},
      {{.player_m = 10, .spoken_to = true, .walking = true}, Reflex::interact},
      {{.player_m = 100, .spoken_to = true, .walking = true}, Reflex::move},
      {{.player_m = 5, .looked_at = true}, Reflex::interact},
      {{.player_m = 10, .looked_at = true}, Reflex::idle},
      {{.strategy = social, .player_m = 5}, Reflex::interact},
      {{.strategy = neutral, .player_m = 5}, Reflex::idle},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(react(c.around), c.expected) << "case " << (&c - cases) << ": " << reflex_name(react(c.around));
  }
}

TEST(Walking, PositionFollowsTheStreetsAndTheTime) {
  const auto& pack = lanternfall();
  const auto& from = pack.places.front();
  const auto& to = pack.places.back();
  pb::NpcRecord record;
  record.set_place(from.id.str());
  const auto journey = plan_journey(pack, record, to.id.str(), 1000);
  ASSERT_GE(journey.path.size(), 2U);
  const double metres = pack::distance(pack, from.id, to.id);
  EXPECT_NEAR(static_cast<double>(journey.arrives_ms - journey.departs_ms),
              metres / pack::kWalkMetresPerSecond * 1000, 20);
  record.mutable_path()->Assign(journey.path.begin(), journey.path.end());
  record.set_departs_ms(journey.departs_ms);
  record.set_arrives_ms(journey.arrives_ms);
  EXPECT_NEAR(position(pack, record, 1000).x, from.x, 1e-6);
  EXPECT_NEAR(position(pack, record, journey.arrives_ms).x, to.x, .01);
  EXPECT_EQ(place_now(pack, record, journey.arrives_ms), to.id.str());
  // Never faster than walking.
  Position last = position(pack, record, journey.departs_ms);
  for (auto t = journey.departs_ms; t <= journey.arrives_ms; t += 1000) {
    const auto now = position(pack, record, t);
    EXPECT_LE(std::hypot(now.x - last.x, now.y - last.y), pack::kWalkMetresPerSecond + .01);
    last = now;
  }
}

TEST(Walking, TurnsRoundInTheMiddleOfAStreetWithoutAJump) {
  const auto& pack = lanternfall();
  const auto& from = pack.places.front();
  pb::NpcRecord record;
  record.set_place(from.id.str());
  const auto first = plan_journey(pack, record, from.neighbours.front().str(), 0);
  record.mutable_path()->Assign(first.path.begin(), first.path.end());
  record.set_departs_ms(first.departs_ms);
  record.set_arrives_ms(first.arrives_ms);
  const auto middle = first.arrives_ms / 2;
  const auto before = position(pack, record, middle);
  const auto back = plan_journey(pack, record, from.id.str(), middle);
  record.mutable_path()->Assign(back.path.begin(), back.path.end());
  record.set_departs_ms(back.departs_ms);
  record.set_arrives_ms(back.arrives_ms);
  const auto after = position(pack, record, middle);
  EXPECT_NEAR(before.x, after.x, .01);
  EXPECT_NEAR(before.y, after.y, .01);
}

TEST(Feelings, ShiftStaysInRange) {
  pb::RelationRecord relation;
  EXPECT_TRUE(shift(relation, "trust", .4));
  EXPECT_TRUE(shift(relation, "trust", .9));
  EXPECT_EQ(relation.trust(), 1);
  EXPECT_TRUE(shift(relation, "anger", -.5));
  EXPECT_EQ(relation.anger(), 0);
  EXPECT_FALSE(shift(relation, "note", 1));
  EXPECT_FALSE(shift(relation, "hunger", 1));
}

TEST(Players, NamedByAnAction) {
  pb::Action action;
  action.set_verb("give");
  (*action.mutable_args())["good"] = "herring";
  (*action.mutable_args())["person"] = "marta";
  EXPECT_TRUE(players_named(lanternfall(), action).empty());
  (*action.mutable_args())["person"] = "anna";
  EXPECT_EQ(players_named(lanternfall(), action), std::vector<std::string>{"player:anna"});
  (*action.mutable_args())["person"] = "player:marta";
  EXPECT_EQ(players_named(lanternfall(), action), std::vector<std::string>{"player:marta"})
      << "a player may be called that";
  action.set_verb("no_such_verb");
  EXPECT_TRUE(players_named(lanternfall(), action).empty());
}

TEST(Feelings, WhatIsFeltMostIsSaid) {
  const auto felt = [](double trust, double fear, double affection, double anger) {
    pb::RelationRecord relation;
    relation.set_trust(trust);
    relation.set_fear(fear);
    relation.set_affection(affection);
    relation.set_anger(anger);
    return attitude(relation);
  };
  EXPECT_EQ(felt(.9, .9, .9, .6), Attitude::angry_with) << "anger before everything";
  EXPECT_EQ(felt(.9, .6, .9, 0), Attitude::afraid_of);
  EXPECT_EQ(felt(.8, 0, .9, 0), Attitude::trusts);
  EXPECT_EQ(felt(.1, 0, .6, 0), Attitude::likes);
  EXPECT_EQ(felt(.1, 0, 0, 0), Attitude::distrusts);
  EXPECT_EQ(felt(.4, 0, 0, 0), Attitude::wary_of);
}

}  // namespace
}  // namespace troupe::npc
