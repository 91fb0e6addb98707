// What touches somebody else: a player's word, and what people of the pack agree to by rule. The table is
// made of the pack format's effect forms: a form that is added without its row does not compile.
#include <gtest/gtest.h>

#include "host/json.h"
#include "services/capabilities/capabilities_service.h"
#include "services/state/state_service.h"
#include "tests/support/quay.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

using pack::Effect;
using pack::Ref;
using test::designer;
using test::player;

const Ref kSelf{Ref::Kind::self, "self"};
const Ref kTarget{Ref::Kind::param, "target"};
const Ref kEel{Ref::Kind::literal, "eel"};
const Ref kHole{Ref::Kind::literal, "hole"};

Effect effect(Effect::Kind kind, Ref ref, std::optional<Ref> from, std::optional<Ref> to, double amount = 1) {
  Effect made;
  made.kind = kind;
  made.ref = std::move(ref);
  made.from = std::move(from);
  made.to = std::move(to);
  made.amount.number = amount;
  return made;
}

// Every way in which this form can be about another person.
std::vector<Effect> about_target(Effect::Kind kind) {
  switch (kind) {
    case Effect::Kind::set: {
      Effect made = effect(kind, kTarget, {}, {});
      made.key = "marked";
      made.value = true;
      return {made};
    }
    case Effect::Kind::give:
      return {effect(kind, kEel, kTarget, kSelf), effect(kind, kEel, kSelf, kTarget),
              effect(kind, kEel, {}, kTarget)};
    case Effect::Kind::take:
      return {effect(kind, kEel, kTarget, {})};
    case Effect::Kind::pay:
      return {effect(kind, {}, kTarget, kSelf, 3), effect(kind, {}, kSelf, kTarget, 3),
              effect(kind, {}, kTarget, {}, 3), effect(kind, {}, {}, kTarget, 3)};
    case Effect::Kind::relation: {
      Effect made = effect(kind, kTarget, {}, {}, .1);
      made.key = "trust";
      return {made};
    }
    case Effect::Kind::tell:
      return {effect(kind, kHole, {}, kTarget)};
    case Effect::Kind::move:   // moves the actor only
    case Effect::Kind::event:  // of a place
      return {};
  }
  return {};
}

struct Form {
  std::string verb;
  Effect::Kind kind;
};

// The quay with a verb for each way, once as they are and once with the pack's leave ("free_...").
struct Table {
  pack::Pack pack = test::quay();
  std::vector<Form> forms;

  Table() {
    for (std::size_t i = 0; i < pack::kEffectKindNames.size(); ++i) {
      const auto kind = static_cast<Effect::Kind>(i);
      int way = 0;
      for (const auto& one : about_target(kind)) {
        pack::Verb verb;
        const std::string id = std::string(pack::kEffectKindNames[i]) + std::to_string(++way);
        verb.id = pack::VerbId(id);
        verb.text = id + " {target}";
        verb.params = {{.name = "target", .type = pack::ParamType::person}};
        verb.effects = {one};
        verb.who = {pack::ActorKind::npc, pack::ActorKind::player};
        pack.verbs.push_back(verb);
        verb.id = pack::VerbId("free_" + id);
        verb.asks = false;
        pack.verbs.push_back(verb);
        forms.push_back({id, kind});
      }
    }
  }
};

const Table& table() {
  static const Table made;
  return made;
}

class ConsentTest : public testing::Test {
 protected:
  test::World world_{{test::mount<StateService>(table().pack), [](Host& host) {
                        auto service = std::make_shared<CapabilitiesService>(table().pack, host);
                        service->mount();
                        return service;
                      }}};

  void SetUp() override {
    for (const char* name : {"anna", "bert"}) put("player", name, 500, 3);
  }
  void put(const std::string& kind, const std::string& id, int money, int eels) {
    pb::StateGetRequest get;
    get.set_kind(kind);
    get.set_id(id);
    const auto before = world_.call<pb::StateDocument>(designer(), get);
    pb::StatePutRequest request;
    EXPECT_TRUE(from_json(R"({"kind":")" + kind + R"(","id":")" + id + R"(","document":{"items":{"eel":)" +
                              std::to_string(eels) + R"(},"money":)" + std::to_string(money) +
                              R"(,"place":"market"}})",
                          request));
    request.set_version(before ? before->version() : 0);
    EXPECT_TRUE(world_.call<pb::StateDocument>(designer(), request));
  }
  std::string document(const std::string& kind, const std::string& id) {
    pb::StateGetRequest request;
    request.set_kind(kind);
    request.set_id(id);
    const auto found = world_.call<pb::StateDocument>(test::server(), request);
    return found ? *state::canonical(found->document(), {}) : found.error().reason;
  }
  Result<pb::Verdict> execute(const Caller& caller, const std::string& verb, const std::string& target,
                              const std::string& kind = {}, const std::string& actor = {}) {
    pb::CapabilitiesExecuteRequest request;
    request.set_kind(kind);
    request.set_actor(actor);
    request.mutable_action()->set_verb(verb);
    (*request.mutable_action()->mutable_args())["target"] = target;
    return world_.call<pb::Verdict>(caller, request);
  }
  Result<pb::Verdict> buy(const Caller& caller, const std::string& seller, const std::string& good = "eel") {
    pb::CapabilitiesExecuteRequest request;
    request.mutable_action()->set_verb("buy");
    (*request.mutable_action()->mutable_args())["good"] = good;
    (*request.mutable_action()->mutable_args())["seller"] = seller;
    return world_.call<pb::Verdict>(caller, request);
  }
  Result<pb::Verdict> accept(const Caller& caller, const std::string& offer, const std::string& player = {}) {
    pb::CapabilitiesAcceptRequest request;
    request.set_offer(offer);
    request.set_player(player);
    return world_.call<pb::Verdict>(caller, request);
  }
  Result<pb::Offer> decline(const Caller& caller, const std::string& offer) {
    pb::CapabilitiesDeclineRequest request;
    request.set_offer(offer);
    return world_.call<pb::Offer>(caller, request);
  }
  pb::CapabilitiesOffersReply offers(const std::string& name) {
    return *world_.call<pb::CapabilitiesOffersReply>(player(name), pb::CapabilitiesOffersRequest());
  }
  static std::string said(const Result<pb::Verdict>& verdict) {
    if (!verdict) return verdict.error().reason + ": " + verdict.error().message;
    return verdict->allowed() ? "allowed" : verdict->reason() + ": " + verdict->message();
  }
};

TEST_F(ConsentTest, NoFormOfEffectTouchesAPlayerWithoutTheirWord) {
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  ASSERT_GE(table().forms.size(), 9U);
  int asked = 0;
  for (const auto& form : table().forms) {
    SCOPED_TRACE(form.verb);
    for (const bool by_npc : {false, true}) {
      for (const auto& door : {by_npc ? game : player("bert"), game, designer()}) {
        put("player", "anna", 500, 3);
        put("player", "bert", 500, 3);
        put("npc", "ada", 50, 4);
        const std::string before = document("player", "anna");
        const auto verdict =
            execute(door, form.verb, "anna", by_npc ? "npc" : "player", by_npc ? "ada" : "bert");
        EXPECT_EQ(document("player", "anna"), before);
        ASSERT_TRUE(verdict) << verdict.error().message;
        if (verdict->allowed()) continue;  // it changes nothing of hers
        ASSERT_EQ(verdict->reason(), "verb.offered") << said(verdict);
        ++asked;
        EXPECT_EQ(verdict->asks(0), "anna");
        const auto told = world_.events_of<pb::VerbOffered>("anna");
        ASSERT_FALSE(told.empty());
        EXPECT_EQ(told.back().player(), "anna");
        EXPECT_EQ(told.back().offer(), verdict->offer());
        // Nobody else can say it for her.
        EXPECT_EQ(said(accept(player("bert"), verdict->offer())),
                  "capabilities.not_you: 'bert' was not asked");
        EXPECT_EQ(document("player", "anna"), before);
        const auto done = accept(player("anna"), verdict->offer());
        EXPECT_EQ(said(done), "allowed");
        EXPECT_NE(document("player", "anna"), before);
      }
    }
    put("player", "anna", 500, 3);
    put("player", "bert", 500, 3);
    EXPECT_EQ(said(execute(player("bert"), "free_" + form.verb, "anna")), "allowed")
        << "with the pack's leave";
  }
  EXPECT_GE(asked, 8 * 6);
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(ConsentTest, NobodyOfThePackIsEmptied) {
  for (const auto& form : table().forms) {
    SCOPED_TRACE(form.verb);
    put("npc", "ada", 50, 4);
    put("player", "bert", 500, 3);
    const auto verdict = execute(player("bert"), form.verb, "ada");
    const std::string after = document("npc", "ada");
    pb::StateGetRequest get;
    get.set_kind("npc");
    get.set_id("ada");
    const auto ada = world_.call<pb::StateDocument>(designer(), get);
    ASSERT_TRUE(ada) << ada.error().message;
    const auto& fields = ada->document().fields();
    EXPECT_GE(fields.at("money").number_value(), 50) << said(verdict);
    EXPECT_GE(fields.at("items").struct_value().fields().at("eel").number_value(), 4) << said(verdict);
  }
}

TEST_F(ConsentTest, AMerchantSellsWhatIsForSaleAtItsPrice) {
  EXPECT_EQ(said(buy(player("bert"), "ada")), "allowed");
  EXPECT_NE(document("npc", "ada").find(R"("eel":3)"), std::string::npos);
  // Ben is no merchant, and paint is not traded at the quay.
  pb::StatePatchRequest move;
  ASSERT_TRUE(from_json(R"({"kind":"player","id":"anna","patch":{"place":"quay"}})", move));
  ASSERT_TRUE(world_.call<pb::StateDocument>(designer(), move));
  EXPECT_EQ(said(buy(player("anna"), "ben", "paint")), "verb.precondition: Ben does not sell paint here");
}

TEST_F(ConsentTest, AnOfferIsBoundedAndExpires) {
  const auto first = buy(player("bert"), "anna");
  EXPECT_EQ(said(first), "verb.offered: anna has to agree to that");
  const auto events = world_.events_of<pb::VerbOffered>().size();
  EXPECT_EQ(buy(player("bert"), "anna")->offer(), first->offer()) << "asking again is the same offer";
  EXPECT_EQ(world_.events_of<pb::VerbOffered>().size(), events);
  EXPECT_EQ(offers("anna").to_answer_size(), 1);
  EXPECT_EQ(offers("bert").asked_of_others_size(), 1);
  world_.restart();
  EXPECT_EQ(offers("anna").to_answer_size(), 1);
  world_.pass(std::chrono::seconds(121));
  EXPECT_EQ(offers("anna").to_answer_size(), 0);
  EXPECT_EQ(world_.events_of<pb::VerbOfferEnded>().back().how(), "expired");
  EXPECT_EQ(said(accept(player("anna"), first->offer())),
            "capabilities.unknown_offer: no offer '" + first->offer() + "' waits for an answer");

  // Who asks everybody waits for answers; who is asked by everybody hears no more.
  for (int i = 0; i < 8; ++i) put("player", "name" + std::to_string(i), 500, 3);
  std::string last;
  for (int i = 0; i < 5; ++i) last = said(buy(player("bert"), "name" + std::to_string(i)));
  EXPECT_EQ(last, "capabilities.offers: bert has asked others enough; they have to answer first");
  for (int i = 0; i < 8; ++i) (void)buy(player("name" + std::to_string(i)), "anna");
  put("player", "zoe", 500, 3);
  EXPECT_EQ(said(buy(player("zoe"), "anna")), "capabilities.offers: anna was asked by enough people already");
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(ConsentTest, WhatWasDeclinedIsNotAskedAgainAtOnce) {
  const std::string before = document("player", "anna");
  const auto asked = buy(player("bert"), "anna");
  ASSERT_TRUE(decline(player("anna"), asked->offer()));
  EXPECT_EQ(document("player", "anna"), before);
  EXPECT_EQ(world_.events_of<pb::VerbOfferEnded>().back().how(), "declined");
  EXPECT_EQ(said(buy(player("bert"), "anna")), "verb.declined: anna said no to that a while ago");
  EXPECT_EQ(said(accept(player("anna"), asked->offer())).substr(0, 26), "capabilities.unknown_offer");
  world_.pass(std::chrono::seconds(601));
  const auto again = buy(player("bert"), "anna");
  EXPECT_EQ(said(again), "verb.offered: anna has to agree to that");
  ASSERT_TRUE(decline(player("bert"), again->offer())) << "one's own is withdrawn";
  EXPECT_EQ(world_.events_of<pb::VerbOfferEnded>().back().how(), "withdrawn");
}

TEST_F(ConsentTest, WhatBecameImpossibleMeanwhileIsNotDone) {
  const auto asked = buy(player("bert"), "anna");
  put("player", "anna", 500, 0);
  EXPECT_EQ(said(accept(player("anna"), asked->offer())), "verb.precondition: anna has no eel");
  EXPECT_EQ(world_.events_of<pb::VerbOfferEnded>().back().how(), "impossible");
  EXPECT_EQ(offers("anna").to_answer_size(), 0);
}

// ---- a verb takes its minutes, through every door

TEST_F(ConsentTest, SixFishingsInASecondAreOne) {
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  pb::CapabilitiesExecuteRequest wait;
  wait.mutable_action()->set_verb("say");
  (*wait.mutable_action()->mutable_args())["words"] = "hello";
  ASSERT_EQ(said(world_.call<pb::Verdict>(player("bert"), wait)), "allowed");
  const auto inputs = world_.inputs().size();
  for (const auto& door : {player("bert"), game, designer()}) {
    wait.set_kind("player");
    wait.set_actor("bert");
    const auto again = world_.call<pb::Verdict>(door, wait);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::conflict);
    EXPECT_EQ(again.error().reason, "verb.busy");
    EXPECT_EQ(again.error().message, "bert is busy with 'say' for another 1 min");
    EXPECT_EQ(again.error().retry_after_ms, 1001);
    EXPECT_FALSE(execute(door, "tell1", "ada", "player", "bert")) << "nor anything else";
  }
  EXPECT_EQ(world_.inputs().size(), inputs) << "and nothing of it is in the log";
  pb::CapabilitiesLegalRequest legal;
  const auto options = world_.call<pb::CapabilitiesLegalReply>(player("bert"), legal);
  EXPECT_EQ(options->options_size(), 0);
  EXPECT_EQ(options->left_ms(), 60'000);
  world_.restart();
  EXPECT_FALSE(world_.call<pb::Verdict>(player("bert"), wait));
  world_.advance(game_minutes(1));
  EXPECT_EQ(said(world_.call<pb::Verdict>(player("bert"), wait)), "allowed");
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(ConsentTest, AnNpcMayBeInterruptedButBeginsNothingTwice) {
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  pb::CapabilitiesExecuteRequest trade;
  trade.set_kind("npc");
  trade.set_actor("ada");
  trade.mutable_action()->set_verb("trade");
  ASSERT_EQ(said(world_.call<pb::Verdict>(game, trade)), "allowed");
  EXPECT_EQ(world_.call<pb::Verdict>(game, trade).error().reason, "verb.busy");
  EXPECT_EQ(said(execute(game, "tell1", "ben", "npc", "ada")), "allowed");
  world_.advance(game_minutes(10));
  EXPECT_EQ(said(world_.call<pb::Verdict>(game, trade)), "allowed");
}

}  // namespace
}  // namespace troupe
