// People speak first, and join a talk: at most as often as the pack allows, never over another, no secrets.
#include <gmock/gmock.h>

#include <set>

#include "tests/world/lanternfall.h"

namespace troupe::test {
namespace {

const Caller kGame{.name = "game", .role = pb::ROLE_GAME_SERVER};

void stand(World& world, const std::string& player, const std::string& place) {
  pb::NpcInputRequest input;
  input.set_player(player);
  input.set_place(place);
  const auto reply = world.call<pb::NpcInputReply>(kGame, input);
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
}

void move(World& world, const std::string& npc, const std::string& place) {
  pb::NpcMoveRequest request;
  request.set_npc(npc);
  request.set_place(place);
  const auto reply = world.call<pb::NpcView>(kGame, request);
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
}

// Who answered.
std::string say(World& world, const std::string& npc, const std::string& text) {
  pb::NpcTalkRequest request;
  request.set_npc(npc);
  request.set_text(text);
  const auto reply = world.call<pb::NpcTalkReply>(player("anna"), request);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return reply ? reply->npc() : reply.error().reason;
}

// A day in the inn, half an hour of the game (half a real minute) at a time.
void spend_a_day(World& world) {
  for (int i = 0; i < 48; ++i) {
    stand(world, "anna", "inn");
    world.advance(game_minutes(30));
  }
}

TEST(Initiative, PeopleSpeakFirstAsOftenAsThePackAllows) {
  auto world = lanternfall_world(7);
  spend_a_day(world);
  std::int64_t last = -1;
  std::set<std::string> said;
  int times = 0;
  for (const auto& envelope : world.events()) {
    if (envelope.type() != "PlayerAddressed") continue;
    ++times;
    EXPECT_THAT(envelope.audience().players(), testing::ElementsAre("anna"));
    if (last >= 0)
      EXPECT_GE(envelope.game_ms() - last, lanternfall().world.players.addressed_minutes * 60'000);
    last = envelope.game_ms();
    pb::PlayerAddressed event;
    ASSERT_TRUE(event.ParseFromString(envelope.payload()));
    EXPECT_FALSE(event.text().empty());
    EXPECT_FALSE(event.reason().empty());
    if (event.subject().empty()) continue;
    EXPECT_TRUE(said.insert(event.subject()).second) << "twice: " << event.text();
    const auto* fact = lanternfall().fact(event.subject().substr(5));
    if (event.subject().starts_with("fact:")) {
      ASSERT_NE(fact, nullptr) << event.subject();
      EXPECT_FALSE(fact->secret) << event.subject();
    }
  }
  EXPECT_GE(times, 1);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Initiative, NobodyDoesWhereThePackSaysSo) {
  auto pack = lanternfall();
  pack.world.players.addressed_minutes = 0;
  auto world = lanternfall_world(7, nullptr, {}, pack);
  spend_a_day(world);
  EXPECT_TRUE(world.events_of<pb::PlayerAddressed>().empty());
}

TEST(Initiative, NotWhileThePlayerTalksWithSomebodyElse) {
  auto world = lanternfall_world(7);
  world.advance(game_hours(2));
  for (const auto* npc : {"marta", "nell", "tobin"}) move(world, npc, "inn");
  for (int i = 0; i < 40; ++i) {
    stand(world, "anna", "inn");
    say(world, "marta", "Good morning!");
    world.pass(std::chrono::seconds(10));
  }
  EXPECT_TRUE(world.events_of<pb::PlayerAddressed>().empty());
}

TEST(Initiative, WhoStandsByAndKnowsBetterJoins) {
  auto world = lanternfall_world(7);
  world.advance(game_hours(2));
  stand(world, "anna", "inn");
  for (const auto* npc : {"marta", "tobin"}) move(world, npc, "inn");
  say(world, "marta", "Did somebody carry a hand lantern up the lighthouse stairs that night?");
  world.settle();
  const auto joined = world.events_of<pb::TalkJoined>();
  ASSERT_EQ(joined.size(), 1U) << "one, and one line";
  EXPECT_EQ(joined[0].npc(), "tobin");
  EXPECT_EQ(joined[0].to(), "marta");
  EXPECT_EQ(joined[0].subject(), "fact:stairs_light");
  world.clear_events();
  say(world, "marta", "Did somebody carry a hand lantern up the lighthouse stairs that night?");
  world.settle();
  EXPECT_TRUE(world.events_of<pb::TalkJoined>().empty()) << "nobody says it twice";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(GroupTalk, WhoIsCalledByNameAnswersWhereTheyStand) {
  auto world = lanternfall_world(7);
  for (const auto* npc : {"marta", "pip"}) move(world, npc, "inn");
  stand(world, "anna", "inn");
  EXPECT_EQ(say(world, "marta", "Pip, who are you?"), "pip");
  EXPECT_EQ(say(world, "marta", "And what do you do all day, Pip?"), "pip");
  EXPECT_EQ(say(world, "marta", "Where is Pip?"), "marta") << "spoken of, and not to";
  EXPECT_EQ(say(world, "pip", "Marta, who are you?"), "marta");
  move(world, "pip", "square");
  EXPECT_EQ(say(world, "marta", "Pip, who are you?"), "marta") << "nobody answers from another place";
  const auto started = world.events_of<pb::DialogueStarted>();
  ASSERT_EQ(started.size(), 5U);
  EXPECT_EQ(started[0].npc(), "pip") << "all hear who is in the talk";
}

TEST(Initiative, WhoIsElsewhereDoesNotJoin) {
  auto world = lanternfall_world(7);
  world.advance(game_hours(2));
  stand(world, "anna", "inn");
  move(world, "marta", "inn");
  move(world, "tobin", "harbour");
  say(world, "marta", "Did somebody carry a hand lantern up the lighthouse stairs that night?");
  world.settle();
  for (const auto& joined : world.events_of<pb::TalkJoined>()) EXPECT_NE(joined.npc(), "tobin");
}

// With a model behind the gold tier: where somebody could see it, it chooses whom to tell what.
TEST(Meetings, TheGoldTierChoosesWhatIsTold) {
  std::shared_ptr<WorldServices> services;
  static const auto reflex = engine::make_reflex_engine({});
  const Mount all = [&](Host& host) -> std::shared_ptr<void> {
    RouterConfig router;
    router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
    services = std::make_shared<WorldServices>(lanternfall(), host, router, NpcConfig{.read_ahead = false},
                                               AiConfig{}, ModelsConfig{});
    return services;
  };
  const auto config = timeline_config(lanternfall(), 7);
  World world({all}, {.world = config.world, .seed = 7, .start = config.start, .scale = config.scale});
  services->start();
  world.settle();
  spend_a_day(world);
  int chosen = 0;
  for (const auto& told : world.events_of<pb::RumourTold>()) {
    if (told.decision().empty()) continue;
    ++chosen;
    pb::NpcDecisionRequest request;
    request.set_id(told.decision());
    const auto decision = world.call<pb::Decision>(designer(), request);
    ASSERT_TRUE(decision.has_value()) << decision.error().message;
    EXPECT_EQ(decision->kind(), "rumour");
    EXPECT_EQ(decision->npc(), told.teller());
    EXPECT_FALSE(decision->reason().empty());
    EXPECT_GE(decision->options_size(), 3);
    for (const auto& option : decision->options()) {
      for (const auto& fact : lanternfall().facts)
        EXPECT_TRUE(!fact.secret || option.find(fact.text) == std::string::npos) << option;
    }
  }
  EXPECT_GT(chosen, 0);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe::test
