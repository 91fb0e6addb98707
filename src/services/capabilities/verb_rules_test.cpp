// The verbs of tests/support/quay, each precondition and each effect, against surroundings made by hand.
#include "services/capabilities/verb_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/capabilities/verb_options.h"
#include "services/capabilities/verb_text.h"
#include "tests/support/quay.h"

namespace troupe::capabilities {
namespace {

using pack::ActorKind;
using test::quay;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Person ada() {
  return {.kind = ActorKind::npc,
          .id = "ada",
          .name = "Ada",
          .place = "market",
          .items = {{"eel", 4}, {"lamp_oil", 1}},
          .money = 50,
          .version = 1};
}
Person ben() {
  return {.kind = ActorKind::npc,
          .id = "ben",
          .name = "Ben",
          .place = "market",
          .items = {{"paint", 1}},
          .money = 12,
          .version = 1};
}
Person anna() {
  return {
      .kind = ActorKind::player, .id = "anna", .name = "anna", .place = "market", .money = 8, .version = 1};
}

// The actor and Ada and Ben at the market by day, under a clear sky.
Surroundings at_market(Person actor) {
  Surroundings around;
  around.here = quay().place("market");
  around.phase = pack::Phase::day;
  around.weather = pack::Weather::clear;
  for (Person person : {ada(), ben()}) {
    if (person.id != actor.id) around.people.push_back(person);
  }
  around.actor = std::move(actor);
  around.things = {
      {.id = "adas_stall",
       .kind = "stall",
       .name = "Ada's stall",
       .place = "market",
       .state = {{"open", true}},
       .version = 1},
      {.id = "market_lamp",
       .kind = "lamp",
       .name = "the market lamp",
       .place = "market",
       .state = {{"lit", true}, {"oil", 0.0}},
       .version = 1},
      {.id = "market_bell", .kind = "bell", .name = "the market bell", .place = "market", .version = 1},
      {.id = "quay_lamp",
       .kind = "lamp",
       .name = "the quay lamp",
       .place = "quay",
       .state = {{"lit", false}, {"oil", 3.0}},
       .version = 1}};
  return around;
}
Surroundings at_quay(Person actor) {
  Surroundings around = at_market(std::move(actor));
  around.here = quay().place("quay");
  around.actor.place = "quay";
  for (auto& person : around.people) person.place = "quay";
  around.things.push_back({.id = "gull",
                           .kind = "boat",
                           .name = "the Gull",
                           .place = "quay",
                           .state = {{"afloat", true}, {"paint", std::string("red")}},
                           .version = 1});
  return around;
}

std::string verdict(const Surroundings& around, const std::string& verb, const Args& args) {
  const auto found = find_verb(quay(), verb);
  if (!found) return found.error().reason + ": " + found.error().message;
  const auto judged = judge(quay(), **found, args, around, {});
  return judged ? "allowed" : judged.error().reason + ": " + judged.error().message;
}

Outcome done(const Surroundings& around, const std::string& verb, const Args& args) {
  auto judged = judge(quay(), **find_verb(quay(), verb), args, around, {});
  if (judged) return std::move(judged->outcome);
  ADD_FAILURE() << verb << ": " << judged.error().message;
  return {};
}
const Person& person(const Outcome& outcome, const std::string& id) {
  static const Person kNobody;
  for (const auto& person : outcome.people) {
    if (person.id == id) return person;
  }
  ADD_FAILURE() << id << " does not change";
  return kNobody;
}

TEST(Verbs, UnknownOnesAreRefusedWithTheNearestName) {
  EXPECT_EQ(verdict(at_market(anna()), "lihgt_lamp", {}),
            "verb.unknown: there is no verb 'lihgt_lamp'; did you mean 'light_lamp'?");
  EXPECT_EQ(verdict(at_market(anna()), "fly_to_the_moon", {}),
            "verb.unknown: there is no verb 'fly_to_the_moon'");
  EXPECT_EQ(verdict(at_market(anna()), "", {}), "verb.unknown: there is no verb ''");
}

TEST(Verbs, ArgumentsAreWhatTheirParametersWant) {
  const std::string long_text(300, 'x');
  const struct {
    const char* verb;
    Args args;
    std::string message;
  } rows[] = {
      {"walk", {}, "walk needs 'place', a place"},
      {"walk", {{"plaec", "loft"}}, "walk takes no 'plaec'; did you mean 'place'?"},
      {"walk", {{"place", "lotf"}}, "'place' of walk is 'lotf', which is no place; did you mean 'loft'?"},
      {"light_lamp", {}, "light_lamp needs 'lamp', a lamp"},
      {"light_lamp", {{"lamp", "market_bell"}}, "'lamp' of light_lamp is 'market_bell', which is no lamp"},
      {"light_lamp",
       {{"lamp", "quay_lmap"}},
       "'lamp' of light_lamp is 'quay_lmap', which is no lamp; did you mean 'quay_lamp'?"},
      {"buy", {{"good", "gold"}, {"seller", "ada"}}, "'good' of buy is 'gold', which is no good"},
      {"buy",
       {{"good", "eel"}, {"seller", "adda"}},
       "'seller' of buy is 'adda', which is no person; did you mean 'ada'?"},
      {"buy", {{"good", "eel"}, {"seller", "anna"}}, "'seller' of buy is anna themselves"},
      {"tip", {{"person", "zoe"}}, "'person' of tip is 'zoe', which is no npc"},
      {"hand_over",
       {{"good", "eel"}, {"count", "0"}, {"person", "ada"}},
       "'count' of hand_over is '0'; expected a whole number from 1 to 1000000"},
      {"hand_over",
       {{"good", "eel"}, {"count", "-5"}, {"person", "ada"}},
       "'count' of hand_over is '-5'; expected a whole number from 1 to 1000000"},
      {"hand_over",
       {{"good", "eel"}, {"count", "1e3"}, {"person", "ada"}},
       "'count' of hand_over is '1e3'; expected a whole number from 1 to 1000000"},
      {"hand_over",
       {{"good", "eel"}, {"count", "99999999999999999999"}, {"person", "ada"}},
       "'count' of hand_over is '99999999999999999999'; expected a whole number from 1 to 1000000"},
      {"confide",
       {{"fact", "hloe"}, {"person", "ada"}},
       "'fact' of confide is 'hloe', which is no fact that one tells so"},
      {"say", {{"words", ""}}, "'words' of say is one line of 1 to 256 bytes"},
      {"say", {{"words", "a\nb"}}, "'words' of say is one line of 1 to 256 bytes"},
      {"say", {{"words", long_text}}, "'words' of say is one line of 1 to 256 bytes"},
      {"say", {{"words", "hello"}, {"to", "ada"}}, "'to' of say is 'ada', which is no player"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(verdict(at_market(anna()), row.verb, row.args), "verb.argument: " + row.message);
  }
}

TEST(Verbs, PreconditionsSayWhyNot) {
  Surroundings storm = at_quay(anna());
  storm.weather = pack::Weather::heavy_rain;
  Surroundings blind = at_quay(anna());
  blind.weather.reset();
  blind.phase.reset();
  Surroundings night = at_quay(anna());
  night.phase = pack::Phase::night;
  Surroundings sunk = night;
  for (auto& thing : sunk.things) {
    if (thing.id == "gull") thing.state["afloat"] = false;
  }
  Surroundings poor = at_market(anna());
  poor.actor.money = 4;
  Surroundings dear = at_market(anna());
  dear.prices = {{"eel", 9}, {"paint", 1}};
  Surroundings loft = at_market(anna());
  loft.here = quay().place("loft");
  loft.actor.place = "loft";
  Surroundings trusting = at_market(ada());
  trusting.feelings[{"ben", "trust"}] = 0.6;
  Surroundings wary = at_market(ada());
  wary.feelings[{"ben", "trust"}] = 0.25;
  const struct {
    Surroundings around;
    const char* verb;
    Args args;
    std::string message;  // "" = allowed
  } rows[] = {
      {at_market(anna()), "walk", {{"place", "quay"}}, ""},
      {at_quay(anna()), "walk", {{"place", "loft"}}, "there is no way from the quay to the loft"},
      {at_market(anna()), "walk", {{"place", "market"}}, "there is no way from the market to the market"},
      {at_market(ada()), "fill_lamp", {{"lamp", "market_lamp"}}, ""},
      {at_market(ben()), "fill_lamp", {{"lamp", "market_lamp"}}, "Ben has no lamp oil"},
      {at_market(ada()), "fill_lamp", {{"lamp", "quay_lamp"}}, "the quay lamp is not here"},
      {at_quay(anna()), "light_lamp", {{"lamp", "quay_lamp"}}, ""},
      {at_market(anna()),
       "light_lamp",
       {{"lamp", "market_lamp"}},
       "'lit' of the market lamp is true, not false"},
      {at_quay(anna()), "fish", {}, ""},
      {at_market(anna()), "fish", {}, "there is no boat here"},
      {storm, "fish", {}, "not while the weather is heavy rain"},
      {blind, "fish", {}, "nobody can say what weather it is"},
      {night, "sink", {}, ""},
      {at_quay(anna()), "sink", {}, "the time of day is day; that takes night"},
      {blind, "sink", {}, "nobody can say what time of day it is"},
      {at_market(anna()), "sink", {}, "anna is at the market, not at the quay"},
      {sunk, "sink", {}, "'afloat' of the Gull is false, not true"},
      {at_market(anna()), "buy", {{"good", "eel"}, {"seller", "ada"}}, ""},
      {poor, "buy", {{"good", "eel"}, {"seller", "ada"}}, "anna has 4 pence; that takes 5"},
      {dear, "buy", {{"good", "eel"}, {"seller", "ada"}}, "anna has 8 pence; that takes 9"},
      {at_market(anna()), "buy", {{"good", "paint"}, {"seller", "ada"}}, "Ada has no paint"},
      {loft, "buy", {{"good", "eel"}, {"seller", "ada"}}, "Ada is not here"},
      {at_market(ada()), "hand_over", {{"good", "eel"}, {"count", "4"}, {"person", "ben"}}, ""},
      {at_market(ada()),
       "hand_over",
       {{"good", "eel"}, {"count", "5"}, {"person", "ben"}},
       "Ada has only 4 of eel, not 5"},
      {at_market(anna()), "tip", {{"person", "ada"}}, "anna has 8 pence; that takes 10"},
      {at_market(ada()), "tip", {{"person", "ben"}}, "only players do that"},
      {trusting, "confide", {{"fact", "hole"}, {"person", "ben"}}, ""},
      {wary,
       "confide",
       {{"fact", "hole"}, {"person", "ben"}},
       "the trust of Ada for Ben is 0.25; that takes 0.50"},
      {at_market(ada()),
       "confide",
       {{"fact", "hole"}, {"person", "ben"}},
       "nobody can say what Ada feels for Ben"},
      {at_market(anna()), "confide", {{"fact", "hole"}, {"person", "ben"}}, ""},
      {loft, "rest", {}, ""},
      {at_market(anna()), "rest", {}, "that is done indoors"},
      {at_market(anna()), "trade", {}, "players cannot do that"},
      {at_market(ada()), "trade", {}, ""},
      {at_market(ben()), "trade", {}, "only a merchant does that"},
      {at_market(anna()), "say", {{"words", "hello"}}, ""},
  };
  for (const auto& row : rows) {
    const std::string expected = row.message.empty() ? "allowed" : "verb.precondition: " + row.message;
    EXPECT_EQ(verdict(row.around, row.verb, row.args), expected) << row.verb;
  }
}

TEST(Verbs, BuyingMovesGoodsAndTheBasePrice) {
  const auto outcome = done(at_market(anna()), "buy", {{"good", "eel"}, {"seller", "ada"}});
  EXPECT_EQ(person(outcome, "anna").items.at("eel"), 1);
  EXPECT_EQ(person(outcome, "anna").money, 3);
  EXPECT_EQ(person(outcome, "ada").items.at("eel"), 3);
  EXPECT_EQ(person(outcome, "ada").money, 55);
  EXPECT_THAT(outcome.raised, ElementsAre("GoodBought"));
  EXPECT_THAT(outcome.things, IsEmpty());
}

TEST(Verbs, WhatIsGivenIsCounted) {
  const auto outcome =
      done(at_market(ada()), "hand_over", {{"good", "eel"}, {"count", "3"}, {"person", "ben"}});
  EXPECT_EQ(person(outcome, "ada").items.at("eel"), 1);
  EXPECT_EQ(person(outcome, "ben").items.at("eel"), 3);
  ASSERT_EQ(outcome.relations.size(), 1U);
  EXPECT_EQ(outcome.relations[0].npc, "ben");
  EXPECT_EQ(outcome.relations[0].towards, "ada");
  EXPECT_EQ(outcome.relations[0].feeling, "affection");
  EXPECT_DOUBLE_EQ(outcome.relations[0].by, 0.05);
}

TEST(Verbs, FishComeFromNowhereAndOilGoesThere) {
  EXPECT_EQ(person(done(at_quay(anna()), "fish", {}), "anna").items.at("eel"), 2);
  const auto filled = done(at_market(ada()), "fill_lamp", {{"lamp", "market_lamp"}});
  EXPECT_EQ(person(filled, "ada").items.at("lamp_oil"), 0);
  ASSERT_EQ(filled.things.size(), 1U);
  EXPECT_EQ(filled.things[0].state.at("oil"), pack::Value(8.0));
}

TEST(Verbs, APlayerIsThereAndAnNpcSetsOut) {
  const auto player = done(at_market(anna()), "walk", {{"place", "loft"}});
  EXPECT_EQ(player.moved_to, "loft");
  EXPECT_EQ(person(player, "anna").place, "loft");
  const auto npc = done(at_market(ada()), "walk", {{"place", "loft"}});
  EXPECT_EQ(npc.moved_to, "loft");
  EXPECT_THAT(npc.people, IsEmpty());
}

TEST(Verbs, StateIsSetOnThingsHereAndOnOneself) {
  Surroundings night = at_quay(anna());
  night.phase = pack::Phase::night;
  const auto sunk = done(night, "sink", {});
  ASSERT_EQ(sunk.things.size(), 1U);
  EXPECT_EQ(sunk.things[0].id, "gull");
  EXPECT_EQ(sunk.things[0].state.at("afloat"), pack::Value(false));
  EXPECT_EQ(sunk.things[0].state.at("paint"), pack::Value(std::string("red")));
  Surroundings loft = at_market(anna());
  loft.here = quay().place("loft");
  loft.actor.place = "loft";
  EXPECT_EQ(person(done(loft, "rest", {}), "anna").state.at("rested"), pack::Value(true));
}

TEST(Verbs, NobodyTellsWhatTheyDoNotKnowOrMayNot) {
  const Args hole{{"fact", "hole"}, {"person", "ben"}};
  Surroundings around = at_market(ada());
  around.feelings[{"ben", "trust"}] = 0.6;
  const auto told = done(around, "confide", hole);
  EXPECT_THAT(told.told, ElementsAre(std::pair<std::string, std::string>("hole", "ben")));
  Surroundings unknowing = at_market(ben());
  unknowing.feelings[{"ada", "trust"}] = 0.6;
  EXPECT_EQ(verdict(unknowing, "confide", {{"fact", "hole"}, {"person", "ada"}}),
            "verb.precondition: Ben does not know that");
  EXPECT_EQ(verdict(unknowing, "confide", {{"fact", "low_water"}, {"person", "ada"}}), "allowed");

  // A secret goes to the trusted only, whatever the verb's own preconditions say.
  pack::Fact secret{.id = pack::FactId("treasure"),
                    .text = "Gold lies under the stall.",
                    .secret = true,
                    .holders = {pack::NpcId("ada")}};
  secret.share_with.trust_at_least = 0.7;
  EXPECT_EQ(check_tell(quay(), secret, ben(), around).error().message, "Ada keeps that from Ben");
  around.feelings[{"ben", "trust"}] = 0.8;
  EXPECT_TRUE(check_tell(quay(), secret, ben(), around));
  EXPECT_EQ(check_tell(quay(), secret, ben(), at_market(anna())).error().message,
            "a secret is told by talking, not so");
  // A player who guesses names learns from no answer which of them are secrets, whoever is near.
  auto keeps = quay();
  keeps.facts.push_back(secret);
  const auto guess = [&](const std::string& fact, const Surroundings& at) {
    auto judged =
        judge(keeps, **find_verb(keeps, "confide"), {{"fact", fact}, {"person", "ben"}}, at, Limits());
    return judged ? std::string("allowed") : judged.error().reason + ": " + judged.error().message;
  };
  auto far = at_market(anna());
  far.actor.place = "loft";
  for (const auto& at : {at_market(anna()), far}) {
    auto wanted = guess("trea", at);
    EXPECT_EQ(guess("treasure", at), wanted.replace(wanted.find("trea"), 4, "treasure"));
  }
  EXPECT_EQ(guess("hole", at_market(anna())), "allowed");
}

// What others carry is not told to who may not see it, whichever rule it is that refuses.
TEST(Verbs, NobodyLearnsWhatOthersHave) {
  auto pack = quay();
  const pack::Ref seller{pack::Ref::Kind::param, "seller"};
  pack::Verb empties{.id = pack::VerbId("empties"), .text = "empties", .who = {ActorKind::player}};
  empties.params = {{.name = "seller", .type = pack::ParamType::person}};
  const pack::Amount forty{.number = 40};
  const pack::Amount sixty{.number = 60};
  const pack::Ref eel{pack::Ref::Kind::literal, "eel"};
  const std::vector<std::function<void(pack::Verb&)>> rules = {
      [&](auto& v) {
        v.preconditions = {{.kind = pack::Condition::Kind::has, .ref = eel, .who = seller, .amount = forty}};
      },
      [&](auto& v) {
        v.preconditions = {{.kind = pack::Condition::Kind::money, .who = seller, .amount = sixty}};
      },
      [&](auto& v) {
        v.effects = {{.kind = pack::Effect::Kind::give, .ref = eel, .from = seller, .amount = forty}};
      },
      [&](auto& v) { v.effects = {{.kind = pack::Effect::Kind::pay, .from = seller, .amount = sixty}}; },
  };
  for (const auto& rule : rules) {
    auto verb = empties;
    rule(verb);
    const auto judged = judge(pack, verb, {{"seller", "ada"}}, at_market(anna()), Limits());
    ASSERT_FALSE(judged);
    EXPECT_TRUE(judged.error().message.starts_with("Ada has no ")) << judged.error().message;
    EXPECT_EQ(judged.error().message.find_first_of("5"), std::string::npos) << judged.error().message;
    EXPECT_EQ(judged.error().message.find("only"), std::string::npos) << judged.error().message;
  }
}

TEST(Verbs, APlayerNamedLikeAnNpcIsToldApart) {
  Surroundings around = at_market(ada());
  Person impostor = anna();
  impostor.id = impostor.name = "ben";
  around.people.push_back(impostor);
  const auto& verb = **find_verb(quay(), "hand_over");
  const auto to = [&](const std::string& name) {
    return bind(quay(), verb, {{"good", "eel"}, {"count", "1"}, {"person", name}}, around, {});
  };
  EXPECT_EQ(to("ben")->people.at("person")->kind, ActorKind::npc);
  EXPECT_EQ(to("player:ben")->people.at("person")->kind, ActorKind::player);
  EXPECT_EQ(to("player:ben")->args.at("person"), "player:ben");
}

std::vector<std::string> texts(const std::vector<Option>& options) {
  std::vector<std::string> made;
  for (const auto& option : options) made.push_back(option.text);
  return made;
}

TEST(Options, AreWhatCouldBeDoneHereAndNow) {
  const auto at = texts(legal_options(quay(), at_market(anna()), 100, {}));
  EXPECT_THAT(at, ElementsAre("walk to the loft", "walk to the quay", "buy eel from Ada",
                              "confide \"The water is low this year.\" to Ada",
                              "confide \"The water is low this year.\" to Ben"));
  Surroundings around = at_market(ada());
  around.feelings[{"ben", "trust"}] = 0.6;
  EXPECT_THAT(texts(legal_options(quay(), around, 100, {})),
              ElementsAre("walk to the loft", "walk to the quay", "fill the market lamp with oil",
                          "give 1 eel to Ben", "give 1 lamp oil to Ben",
                          "confide \"The boat has a hole in the bow.\" to Ben", "call out prices"));
}

Surroundings crowded_market() {
  Surroundings around = at_market(ada());
  for (int i = 0; i < 60; ++i) {
    Person guest = anna();
    guest.id = guest.name = "guest" + std::to_string(100 + i);
    around.people.push_back(guest);
  }
  return around;
}

TEST(Options, EachPassesItsCheckAndTheListIsBounded) {
  const Surroundings around = crowded_market();
  const auto options = legal_options(quay(), around, 100, {});
  for (const auto& option : options)
    EXPECT_EQ(verdict(around, option.verb->id.str(), option.args), "allowed");
  std::map<std::string, std::size_t> per_verb;
  for (const auto& option : options) ++per_verb[option.verb->id.str()];
  EXPECT_EQ(per_verb["hand_over"], Limits().options_per_verb_max);
  EXPECT_EQ(per_verb["trade"], 1U) << "many guests do not hide what comes later";
  EXPECT_EQ(legal_options(quay(), around, 3, {}).size(), 3U);
}

TEST(Options, WhatCanBeDoneToSomebodyIsThereHoweverManyOthersAre) {
  const Surroundings around = crowded_market();
  const auto options = [&](const std::string& towards) {
    return texts(legal_options(quay(), around, 200, {}, towards));
  };
  EXPECT_THAT(options("guest159"),
              testing::IsSupersetOf({"give 1 eel to guest159", "give 1 lamp oil to guest159"}));
  EXPECT_THAT(options(""), testing::Not(testing::Contains("give 1 eel to guest159")));
}

TEST(Options, WhereThereAreTooManyNoVerbIsHiddenByThoseBeforeIt) {
  const Surroundings around = crowded_market();
  std::set<std::string> all, few;
  for (const auto& option : legal_options(quay(), around, 200, {})) all.insert(option.verb->id.str());
  const auto options = legal_options(quay(), around, all.size(), {});
  for (const auto& option : options) few.insert(option.verb->id.str());
  EXPECT_EQ(few, all);
  EXPECT_EQ(options.size(), all.size());
}

TEST(Text, ReadsLikeASentence) {
  const auto around = at_market(anna());
  const auto deed = [&](const std::string& verb, const Args& args) {
    return deed_text(quay(), *bind(quay(), **find_verb(quay(), verb), args, around, {}), around);
  };
  EXPECT_EQ(deed("buy", {{"good", "eel"}, {"seller", "ada"}}), "anna buys eel from Ada at the market");
  EXPECT_EQ(deed("walk", {{"place", "loft"}}), "anna walks to the loft");
  EXPECT_EQ(deed("say", {{"words", "hello"}}), "anna says \"hello\" at the market");
  // The log is read by players: what not everybody knows is not in it.
  EXPECT_EQ(deed("confide", {{"fact", "hole"}, {"person", "ben"}}),
            "anna confides something to Ben at the market");
}

TEST(Text, RulesAreDescribedForPeople) {
  const auto rules = [](const std::string& verb) {
    std::vector<std::string> lines;
    for (const auto& condition : (*find_verb(quay(), verb))->preconditions)
      lines.push_back(describe(quay(), condition));
    for (const auto& effect : (*find_verb(quay(), verb))->effects) lines.push_back(describe(quay(), effect));
    return lines;
  };
  EXPECT_THAT(
      rules("buy"),
      ElementsAre("{seller} is here", "{seller} has 1 of {good}", "the actor has the price of {good} pence",
                  "1 of {good} goes from {seller} to the actor",
                  "the price of {good} pence go from the actor to {seller}", "event GoodBought"));
  EXPECT_THAT(rules("fish"), ElementsAre("there is a boat here", "not: the weather is storm or heavy rain",
                                         "2 of eel goes to the actor", "event FishCaught"));
  EXPECT_THAT(rules("confide"),
              ElementsAre("{person} is here", "the actor's trust for {person} is at least 0.50",
                          "{fact} is told to {person}"));
}

}  // namespace
}  // namespace troupe::capabilities
