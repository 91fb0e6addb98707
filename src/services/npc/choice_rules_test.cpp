#include "services/npc/choice_rules.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "services/npc/appraisal_rules.h"
#include "services/npc/npc_rules.h"

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

// A verb of no pack: what it is follows from its parts alone.
pack::Verb verb_of(const std::string& id, std::vector<pack::Nature> nature) {
  pack::Verb verb;
  verb.id = pack::VerbId(id);
  verb.nature = std::move(nature);
  return verb;
}

struct Scene {
  pack::Pack pack;
  pack::Npc who;
  pb::NpcRecord record;
  pack::RoutineEntry routine{.activity = "walks the rounds"};
  std::map<std::string, std::int64_t> items;
  std::int64_t now_ms = 30 * 86'400'000LL;

  // Utilities in the order of the options.
  std::vector<double> utilities(std::span<const Option> options) const {
    const Chooser chooser{pack, who, record, routine, items, "here", now_ms};
    std::vector<double> out(options.size());
    for (const auto& w : weigh(chooser, options, rt::Draw(1, "test", "who"), 1)) out[w.option] = w.utility;
    return out;
  }
};

TEST(Choice, WhatTheRoutineAndGoalsSayComesFirstAndRepetitionLast) {
  Scene scene;
  scene.who.goals = {
      {.id = "lamps", .text = "keep the lamps lit", .priority = .9, .verbs = {pack::VerbId("light")}}};
  auto* goal = scene.record.add_goals();
  goal->set_id("lamps");
  goal->set_priority(.9);
  const auto light = verb_of("light", {pack::Nature::work});
  const auto rest = verb_of("rest", {pack::Nature::rest});
  const std::vector<Option> options = {
      {"", "carry on", ""}, {"light", "light", "", &light}, {"rest", "rest", "", &rest}};
  auto u = scene.utilities(options);
  EXPECT_GT(u[1], u[0]);
  EXPECT_GT(u[1], u[2]);
  for (int i = 0; i < 3; ++i) remember_deed(scene.record, "light", "light", scene.now_ms, false);
  u = scene.utilities(options);
  EXPECT_LT(u[1], u[0]) << "what was just done three times is not done again";
  scene.now_ms += 2 * 86'400'000LL;
  EXPECT_GT(scene.utilities(options)[1], u[0]) << "but some days later";
}

TEST(Choice, WhatIsShortIsMade) {
  Scene scene;
  auto bake = verb_of("bake", {pack::Nature::work});
  bake.effects.push_back({.kind = pack::Effect::Kind::give,
                          .ref = {pack::Ref::Kind::literal, "bread"},
                          .to = pack::Ref{pack::Ref::Kind::self, "self"}});
  const std::vector<Option> options = {{"bake", "bake", "", &bake}};
  const double empty = scene.utilities(options)[0];
  scene.items["bread"] = 30;
  EXPECT_GT(empty, scene.utilities(options)[0] + .3);
}

// Each trait, each archetype and each mood moves somebody's choice among the kinds of deeds that there are.
TEST(Choice, EachTraitArchetypeAndMoodHasAnEffect) {
  std::vector<pack::Verb> verbs;
  for (const auto name : pack::kNatureNames)
    verbs.push_back(verb_of(std::string(name), {*pack::find_name<pack::Nature>(pack::kNatureNames, name)}));
  std::vector<Option> options;
  for (const auto& verb : verbs) options.push_back({verb.id.str(), verb.id.str(), "", &verb});
  Scene base;
  base.pack.archetypes = lanternfall().archetypes;
  const auto differs = [&](const Scene& a, const Scene& b) {
    const auto x = a.utilities(options);
    const auto y = b.utilities(options);
    double most = 0;
    for (std::size_t i = 0; i < x.size(); ++i) most = std::max(most, std::abs(x[i] - y[i]));
    return most;
  };
  const std::pair<const char*, double pack::Traits::*> traits[] = {
      {"openness", &pack::Traits::openness},         {"conscientiousness", &pack::Traits::conscientiousness},
      {"extraversion", &pack::Traits::extraversion}, {"agreeableness", &pack::Traits::agreeableness},
      {"neuroticism", &pack::Traits::neuroticism},   {"aggression", &pack::Traits::aggression},
      {"sociability", &pack::Traits::sociability},   {"curiosity", &pack::Traits::curiosity}};
  for (const auto& [name, trait] : traits) {
    Scene low = base;
    Scene high = base;
    low.who.traits.*trait = 0;
    high.who.traits.*trait = 1;
    EXPECT_GE(differs(low, high), .1) << name;
  }
  std::set<std::string> archetypes = {"merchant", "guard", "civilian", "criminal"};
  for (const auto& npc : lanternfall().npcs) archetypes.insert(npc.archetype);
  for (const auto& one : archetypes) {
    for (const auto& other : archetypes) {
      if (one == other) continue;
      Scene a = base;
      Scene b = base;
      a.who.archetype = one;
      b.who.archetype = other;
      EXPECT_GE(differs(a, b), .04) << one << " and " << other;
    }
  }
  for (const auto mood : pack::kMoodNames) {
    if (mood == "calm") continue;
    Scene felt = base;
    felt.record.set_mood(std::string(mood));
    felt.record.set_mood_strength(1);
    felt.record.set_mood_since_ms(felt.now_ms);
    felt.record.set_mood_until_ms(felt.now_ms + 1000);
    EXPECT_GE(differs(base, felt), .1) << mood;
    felt.now_ms += 1000;
    base.now_ms += 1000;
    EXPECT_LT(differs(base, felt), 1e-9) << mood << " has passed";
    base.now_ms -= 1000;
  }
}

TEST(Goals, ComeBackAsNeedsDo) {
  pack::Npc who;
  who.goals = {{.id = "eat", .text = "eat", .priority = .6, .decay = .4, .verbs = {pack::VerbId("eat")}},
               {.id = "pray", .text = "pray", .priority = .8, .verbs = {pack::VerbId("pray")}}};
  pb::NpcRecord record;
  for (const auto& goal : who.goals) {
    auto* kept = record.add_goals();
    kept->set_id(goal.id);
    kept->set_priority(goal.priority);
  }
  for (int day = 0; day < 100; ++day) {
    for (const auto* verb : {"eat", "pray"}) EXPECT_GT(goals_served(who, record, verb, "", 0), 0);
    EXPECT_LT(record.goals(0).priority(), .6);
    goals_return(who, record, 1.5);
    EXPECT_EQ(record.goals(0).priority(), .6) << "day " << day;
    EXPECT_EQ(record.goals(1).priority(), .8) << "day " << day;
  }
  goals_return(who, record, 1e6);
  EXPECT_EQ(record.goals(0).priority(), .6) << "never above what the pack says";
}

}  // namespace
}  // namespace troupe::npc
