// People among themselves, without models: rumours travel and can be followed from mouth to mouth; a secret
// never reaches who may not have it.
#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>

#include "base/text.h"
#include "tests/world/lively.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

constexpr const char* kLanternfall = "worlds/lanternfall";
const Caller kGame{.name = "game", .role = pb::ROLE_GAME_SERVER};

struct Told {
  std::uint64_t sequence = 0;
  std::string place;
  pb::RumourTold event;
};

std::vector<Told> rumours(const World& world) {
  std::vector<Told> found;
  for (const auto& envelope : world.events()) {
    if (envelope.type() != "RumourTold") continue;
    auto& told = found.emplace_back();
    told.sequence = envelope.sequence();
    told.place = envelope.place();
    EXPECT_TRUE(told.event.ParseFromString(envelope.payload()));
  }
  return found;
}

pb::NpcBeliefsReply beliefs(World& world, const std::string& npc) {
  pb::NpcBeliefsRequest request;
  request.set_npc(npc);
  request.set_ended(true);
  const auto reply = world.call<pb::NpcBeliefsReply>(designer(), request);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return reply.value_or(pb::NpcBeliefsReply());
}

pb::WorldWhyReply why(World& world, const std::string& event_id) {
  pb::WorldWhyRequest request;
  request.set_event_id(event_id);
  const auto reply = world.call<pb::WorldWhyReply>(designer(), request);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return reply.value_or(pb::WorldWhyReply());
}

// The pack's fact that a belief is about, or nullptr.
const pack::Fact* fact_in(const std::string& subject) {
  return subject.starts_with("fact:") ? pack_at(kLanternfall).fact(subject.substr(5)) : nullptr;
}

std::string text_in(const pb::WorldWhyReply::Link& link, const std::string& field) {
  const auto found = link.payload().fields().find(field);
  return found == link.payload().fields().end() ? "" : found->second.string_value();
}

TEST(Rumours, ThreeDaysAloneTheyCanBeFollowedFromMouthToMouth) {
  auto world = world_of(kLanternfall, 7);
  world.advance(game_days(3));
  const auto told = rumours(world);
  ASSERT_GT(told.size(), 20U) << "people tell each other what they know";
  std::set<std::string> tellers;
  std::set<std::string> subjects;
  for (const auto& one : told) {
    tellers.insert(one.event.teller());
    subjects.insert(one.event.subject());
    EXPECT_LT(one.event.confidence(), 1) << one.event.ShortDebugString();
    EXPECT_GT(one.event.confidence(), 0);
  }
  EXPECT_GE(tellers.size(), 6U);
  EXPECT_GE(subjects.size(), 6U);

  // Each mouth is the effect of the one before it: whoever tells on was told by the next link's teller.
  std::size_t longest = 0;
  for (const auto& npc : pack_at(kLanternfall).npcs) {
    for (const auto& belief : beliefs(world, npc.id.str()).beliefs()) {
      if (belief.event_id().empty() || belief.source() == "saw") continue;
      const auto chain = why(world, belief.event_id());
      ASSERT_GE(chain.chain_size(), 1);
      EXPECT_EQ(chain.chain(0).type(), "RumourTold");
      EXPECT_EQ(text_in(chain.chain(0), "listener"), npc.id.str());
      EXPECT_EQ(text_in(chain.chain(0), "teller"), belief.source());
      std::size_t mouths = 1;
      for (int i = 1; i < chain.chain_size() && chain.chain(i).type() == "RumourTold"; ++i, ++mouths) {
        EXPECT_EQ(text_in(chain.chain(i), "listener"), text_in(chain.chain(i - 1), "teller"));
        EXPECT_EQ(text_in(chain.chain(i), "subject"), belief.subject());
        EXPECT_LE(chain.chain(i).at_ms(), chain.chain(i - 1).at_ms());
      }
      longest = std::max(longest, mouths);
    }
  }
  EXPECT_GE(longest, 2U) << "somebody was told by somebody who was told";
  std::printf("3 days: %zu tellings of %zu things by %zu people, the longest chain has %zu mouths\n",
              told.size(), subjects.size(), tellers.size(), longest);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

// What somebody was told they answer with, and say who told them.
TEST(Rumours, WhatWasLearnedIsAnsweredWith) {
  auto world = world_of(kLanternfall, 7);
  world.advance(game_hours(51));
  int asked = 0;
  int answered = 0;
  for (const auto& npc : pack_at(kLanternfall).npcs) {
    for (const auto& belief : beliefs(world, npc.id.str()).beliefs()) {
      const auto* fact = fact_in(belief.subject());
      if (fact == nullptr || fact->secret || belief.source() == "pack" || belief.confidence() < .3) continue;
      pb::NpcTalkRequest talk;
      talk.set_npc(npc.id.str());
      talk.set_text("Is it true? " + fact->text);
      const auto reply = world.call<pb::NpcTalkReply>(player("anna"), talk);
      ASSERT_TRUE(reply.has_value()) << reply.error().message;
      ++asked;
      for (const auto& evidence : reply->evidence()) {
        if (evidence.kind() != "fact" || evidence.id() != fact->id.str()) continue;
        EXPECT_EQ(evidence.source(), belief.source());
        ++answered;
      }
    }
  }
  std::printf("asked for what they had heard: %d, answered with it: %d\n", asked, answered);
  // By words alone, and asked by one player again and again, few of them are found.
  EXPECT_GT(answered, 0);
}

TEST(Rumours, ADeathIsHeardOfByWhoWasNotThere) {
  auto world = world_of(kLanternfall, 11);
  world.advance(game_hours(4));
  std::map<std::string, int> at;
  const auto people = world.call<pb::NpcListReply>(designer(), pb::NpcListRequest());
  ASSERT_TRUE(people.has_value());
  std::string dies;
  for (const auto& npc : people->npcs()) {
    if (!npc.walking() && ++at[npc.place()] == 2) dies = npc.id();
  }
  ASSERT_FALSE(dies.empty()) << "nobody is together with anybody";
  pb::NpcDieRequest die;
  die.set_npc(dies);
  die.set_cause("a fall");
  ASSERT_TRUE(world.call<pb::NpcView>(designer(), die).has_value());
  world.clear_events();
  world.advance(game_days(2));
  const auto told = rumours(world);
  std::set<std::string> heard;
  for (const auto& one : told) {
    if (one.event.subject() != "death:" + dies) continue;
    heard.insert(one.event.listener());
    EXPECT_THAT(one.event.text(), testing::HasSubstr("died."));
    EXPECT_NE(one.event.teller(), dies) << "the dead tell nothing";
    const auto chain = why(world, event_log::event_id(world.options().world, one.sequence));
    EXPECT_EQ(chain.chain(chain.chain_size() - 1).type(), "NpcDied") << "back to what was seen";
  }
  EXPECT_GE(heard.size(), 3U);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Rumours, WordsAreForWhoIsThere) {
  auto world = world_of(kLanternfall, 7);
  world.advance(game_days(1));
  EXPECT_TRUE(world.events_of<pb::TalkOverheard>().empty()) << "nobody plays";
  const auto alone_until = world.events().back().sequence();
  // Anna stands where people eat, for a day; her client is heard of each real half minute.
  for (int i = 0; i < 48; ++i) {
    pb::NpcInputRequest input;
    input.set_place("inn");
    input.set_player("anna");
    ASSERT_TRUE(world.call<pb::NpcInputReply>(kGame, input).has_value());
    world.advance(game_minutes(30));
  }
  int overheard = 0;
  for (const auto& envelope : world.events()) {
    if (envelope.type() != "TalkOverheard") continue;
    ++overheard;
    EXPECT_EQ(envelope.place(), "inn");
    EXPECT_THAT(envelope.audience().players(), testing::ElementsAre("anna"));
  }
  EXPECT_GT(overheard, 0);
  for (const auto& one : rumours(world)) {
    const auto* fact = fact_in(one.event.subject());
    if (fact != nullptr && fact->secret && one.sequence > alone_until) EXPECT_NE(one.place, "inn");
  }
}

// ---- secrets

// What the pack says of who may have a secret, read here anew: not by the server's own rule.
class Watch {
 public:
  explicit Watch(World& world) : world_(world) {}

  // A day has passed; the events are those of the day.
  void look() {
    for (const auto& one : rumours(world_)) {
      if (const auto* fact = fact_in(one.event.subject())) hear(*fact, one.event);
      expect_no_word_of_a_secret(one.event);
    }
    for (const auto& npc : pack_.npcs) {
      for (const auto& belief : beliefs(world_, npc.id.str()).beliefs()) {
        const auto* fact = fact_in(belief.subject());
        if (fact == nullptr || !fact->secret) continue;
        EXPECT_TRUE(knows(npc.id.str(), *fact)) << npc.id.str() << " believes " << fact->id.str();
      }
    }
  }
  int passed() const { return passed_; }
  int leaks() const { return leaks_; }

 private:
  bool knows(const std::string& npc, const pack::Fact& fact) const {
    return fact.is_public || learned_.contains({npc, fact.id.str()}) ||
           std::ranges::find(fact.holders, npc, [](const auto& id) { return id.str(); }) !=
               fact.holders.end();
  }
  bool may_have(const pack::Fact& fact, const pb::RumourTold& told) const {
    const auto* listener = pack_.npc(told.listener());
    const auto names = [&](const auto& list, const std::string& id) {
      return std::ranges::find(list, id, [](const auto& one) { return one.str(); }) != list.end();
    };
    if (!names(fact.holders, told.teller())) return false;
    if (names(fact.share_with.npcs, told.listener())) return true;
    if (!listener->faction.empty() && names(fact.share_with.factions, listener->faction.str())) return true;
    if (!fact.share_with.trust_at_least || told.trust() < *fact.share_with.trust_at_least) return false;
    return std::ranges::all_of(fact.share_with.after,
                               [&](const auto& id) { return knows(told.listener(), *pack_.fact(id.str())); });
  }
  void hear(const pack::Fact& fact, const pb::RumourTold& told) {
    if (fact.secret) {
      ++passed_;
      const bool leak = !may_have(fact, told);
      leaks_ += leak ? 1 : 0;
      EXPECT_FALSE(leak) << told.ShortDebugString();
    }
    learned_.insert({told.listener(), fact.id.str()});
  }
  void expect_no_word_of_a_secret(const pb::RumourTold& told) {
    const std::string text = lower_ascii(told.text());
    for (const auto& fact : pack_.facts) {
      if (!fact.secret || told.subject() == "fact:" + fact.id.str()) continue;
      const bool leak = text.find(lower_ascii(fact.text)) != std::string::npos;
      leaks_ += leak ? 1 : 0;
      EXPECT_FALSE(leak) << fact.id.str() << " in " << told.ShortDebugString();
    }
  }

  World& world_;
  const pack::Pack& pack_ = pack_at(kLanternfall);
  std::set<std::pair<std::string, std::string>> learned_;
  int passed_ = 0;
  int leaks_ = 0;
};

bool soak() {
  const char* said = std::getenv("TROUPE_SOAK");
  return said != nullptr && std::strcmp(said, "1") == 0;
}

// A stranger who accuses somebody before everybody: feelings move, so who may have what does too, and there
// is something new to tell.
void accuse_somebody(World& world, int day) {
  const auto people = world.call<pb::NpcListReply>(designer(), pb::NpcListRequest());
  ASSERT_TRUE(people.has_value());
  const auto& whom = people->npcs(day % people->npcs_size());
  pb::NpcInputRequest input;
  input.set_player("anna");
  input.set_place(whom.place());
  ASSERT_TRUE(world.call<pb::NpcInputReply>(kGame, input).has_value());
  pb::CapabilitiesExecuteRequest accuse;
  accuse.set_kind("player");
  accuse.set_actor("anna");
  accuse.mutable_action()->set_verb("accuse");
  (*accuse.mutable_action()->mutable_args())["person"] = whom.id();
  ASSERT_TRUE(world.call<pb::Verdict>(designer(), accuse).has_value());
}

// Several worlds, because within some days whoever may be told has been told.
TEST(Secrets, NoneReachesWhoMayNotHaveIt) {
  const int worlds = soak() ? 10 : 5;
  const int days = soak() ? 100 : 10;
  int told = 0;
  int passed = 0;
  int leaks = 0;
  for (int seed = 1; seed <= worlds; ++seed) {
    // A day a second: without players nothing hangs on real time.
    auto world = world_of(kLanternfall, static_cast<std::uint64_t>(seed), Scale{Scale::kMax});
    Watch watch(world);
    for (int day = 0; day < days; ++day) {
      world.clear_events();
      world.advance(game_hours(12));
      accuse_somebody(world, day);
      world.advance(game_hours(12));
      told += static_cast<int>(rumours(world).size());
      watch.look();
    }
    passed += watch.passed();
    leaks += watch.leaks();
    for (const auto& npc : pack_at(kLanternfall).npcs) {
      const auto count = world.rows("select npc from npc_beliefs where npc = '" + npc.id.str() + "'").size();
      EXPECT_LE(count, 200U) << npc.id.str();
    }
  }
  std::printf("%d days: %d tellings, %d of secrets to who may have them, %d leaks\n", worlds * days, told,
              passed, leaks);
  EXPECT_EQ(leaks, 0);
  EXPECT_GT(passed, 0) << "nobody was told anything in confidence: this proves nothing";
}

}  // namespace
}  // namespace troupe::test
