#include "services/events/events_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "host/json.h"
#include "tests/support/quay.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

using test::designer;
using test::player;
using testing::ElementsAre;
using testing::IsEmpty;

class EventsTest : public testing::Test {
 protected:
  test::World world_{{test::mount<EventsService>(test::quay())}};
  const Caller game_{.name = "game", .role = pb::ROLE_GAME_SERVER};

  template <class Request>
  static Request read(const std::string& json) {
    Request request;
    const auto done = from_json(json, request);
    EXPECT_TRUE(done) << json << ": " << (done ? "" : done.error().message);
    return request;
  }
  Result<pb::EventsPublishReply> publish(const std::string& json) {
    return world_.call<pb::EventsPublishReply>(game_, read<pb::EventsPublishRequest>(json));
  }
  // "1 AudioCueTriggered" for each event, or the error.
  static std::vector<std::string> list(const google::protobuf::RepeatedPtrField<pb::EventView>& events) {
    std::vector<std::string> lines;
    for (const auto& event : events) lines.push_back(std::to_string(event.sequence()) + " " + event.type());
    return lines;
  }
  template <class Reply>
  static std::vector<std::string> list(const Result<Reply>& reply) {
    if (!reply) return {reply.error().reason + ": " + reply.error().message};
    return list(reply->events());
  }
  Result<pb::EventsHistoryReply> history(const std::string& json, const Caller& caller = designer()) {
    return world_.call<pb::EventsHistoryReply>(caller, read<pb::EventsHistoryRequest>(json));
  }
  Result<pb::EventsConsumeReply> consume(const std::string& json) {
    return world_.call<pb::EventsConsumeReply>(game_, read<pb::EventsConsumeRequest>(json));
  }
  Result<pb::EventsAckReply> ack(const std::string& json) {
    return world_.call<pb::EventsAckReply>(game_, read<pb::EventsAckRequest>(json));
  }
  Result<pb::EventsRejectReply> reject(const std::string& json) {
    return world_.call<pb::EventsRejectReply>(game_, read<pb::EventsRejectRequest>(json));
  }
  void cues(int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(publish(R"({"type":"AudioCueTriggered","payload":{"cue":"bell"}})"));
  }
};

TEST_F(EventsTest, PublishAppendsAndTellsEverybody) {
  const auto done = publish(R"({"type":"FaunaChanged","subject":"gulls","place":"quay","priority":"high",
                                "payload":{"kind":"gull","change":"gone"}})");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->id(), "testworld-1");
  const auto told = world_.events_of<pb::FaunaChanged>("gulls");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].change(), "gone");
  const auto logged = history("{}");
  ASSERT_THAT(list(logged), ElementsAre("1 FaunaChanged"));
  const auto& view = logged->events(0);
  EXPECT_EQ(view.place(), "quay");
  EXPECT_EQ(view.priority(), "high");
  EXPECT_EQ(view.at_ms(), game_hours(7).ms);
  EXPECT_EQ(view.payload().fields().at("kind").string_value(), "gull");
}

TEST_F(EventsTest, PublishRefusesWhatDoesNotFit) {
  const auto refused = [&](const std::string& json) {
    const auto done = publish(json);
    return done ? "ok" : done.error().reason + ": " + done.error().message;
  };
  EXPECT_TRUE(
      refused(R"({"type":"Nonsense"})").starts_with("events.unknown_type: no event type 'Nonsense' ("));
  EXPECT_EQ(refused(R"({"type":"PhaseChanged"})"),
            "events.not_yours: PhaseChanged is published by the time service alone");
  EXPECT_EQ(refused(R"({"type":"FaunaChanged","place":"quai"})"),
            "events.bad_place: place 'quai' is not known; did you mean 'quay'?");
  EXPECT_EQ(refused(R"({"type":"FaunaChanged","priority":"very"})"),
            "events.bad_priority: priority is low, normal or high, not 'very'");
  EXPECT_EQ(refused(R"({"type":"FaunaChanged","payload":{"knid":"gull"}})"),
            "events.bad_payload: no field 'knid' in FaunaChanged; did you mean 'kind'?");
  EXPECT_TRUE(world_.history().empty());
  EXPECT_EQ(world_.call<pb::EventsPublishReply>(player("anna"), pb::EventsPublishRequest()).error().reason,
            "rpc.role");
}

TEST_F(EventsTest, HistoryIsReadInPages) {
  cues(5);
  ASSERT_TRUE(publish(R"({"type":"FloraChanged","subject":"oak"})"));
  EXPECT_THAT(list(history(R"({"limit":2})")), ElementsAre("1 AudioCueTriggered", "2 AudioCueTriggered"));
  EXPECT_EQ(history(R"({"limit":2})")->last_sequence(), 2U);
  EXPECT_THAT(list(history(R"({"after_sequence":4})")), ElementsAre("5 AudioCueTriggered", "6 FloraChanged"));
  EXPECT_THAT(list(history(R"({"type":"FloraChanged"})")), ElementsAre("6 FloraChanged"));
  EXPECT_THAT(list(history(R"({"subject":"oak"})")), ElementsAre("6 FloraChanged"));
  EXPECT_THAT(list(history(R"({"newest_first":true,"limit":2})")),
              ElementsAre("6 FloraChanged", "5 AudioCueTriggered"));
  EXPECT_THAT(list(history(R"({"newest_first":true,"after_sequence":3})")),
              ElementsAre("2 AudioCueTriggered", "1 AudioCueTriggered"));
  EXPECT_THAT(list(history(R"({"type":"MinuteTicked"})")),
              ElementsAre("events.live: MinuteTicked is live only: it is not kept in the log"));
  EXPECT_THAT(list(history(R"({"limit":1001})")),
              ElementsAre("events.bad_limit: limit is 0 to 1000, not 1001"));
  EXPECT_THAT(list(history(R"({"type":"FlorChanged"})")),
              ElementsAre("events.unknown_type: no event type 'FlorChanged'; did you mean 'FloraChanged'?"));
}

// Whatever reads the log does it in turns among those who ask, off the io thread: who asks for much waits behind
// themselves.
TEST_F(EventsTest, WhoReadsMuchWaitsBehindThemselves) {
  cues(3);
  ASSERT_TRUE(consume(R"({"consumer":"a"})"));
  ASSERT_TRUE(consume(R"({"consumer":"b"})"));
  struct Read {
    const char* method;
    std::string greedy, other;
  };
  const auto bytes = [](const auto& request) { return request.SerializeAsString(); };
  using Consume = pb::EventsConsumeRequest;
  for (const auto& one : std::vector<Read>{
           {"events.History", bytes(pb::EventsHistoryRequest()), bytes(pb::EventsHistoryRequest())},
           {"events.Stats", bytes(pb::EventsStatsRequest()), bytes(pb::EventsStatsRequest())},
           {"events.Consume", bytes(read<Consume>(R"({"consumer":"a"})")),
            bytes(read<Consume>(R"({"consumer":"b"})"))},
           {"events.DeadLetters", bytes(pb::EventsDeadLettersRequest()),
            bytes(pb::EventsDeadLettersRequest())}}) {
    std::vector<std::string> order;
    int busy = 0;
    const auto ask = [&](const std::string& who, const std::string& request) {
      world_.host().spawn("ask", [this, &order, &busy, &one, who, request]() -> rt::asio::awaitable<void> {
        const Caller caller{.name = who, .role = pb::ROLE_DESIGNER};
        const auto answer = co_await world_.host().call_bytes(*find_method(one.method), caller, request);
        if (!answer && answer.error().reason == "reads.busy") {
          ++busy;
        } else {
          EXPECT_TRUE(answer) << one.method << (answer ? "" : answer.error().message);
          order.push_back(who);
        }
      });
    };
    // The readers are held until everybody has asked.
    std::promise<void> all_asked;
    const auto held = all_asked.get_future().share();
    for (int i = 0; i < 4; ++i) {
      world_.host().spawn("hold", [this, held]() -> rt::asio::awaitable<void> {
        (void)co_await world_.timeline().db().read([held](db::Reader&) -> Result<void> {
          held.wait();
          return {};
        });
      });
    }
    const int asked = 40;
    for (int i = 0; i < asked; ++i) ask("greedy", one.greedy);
    ask("anna", one.other);
    ask("bert", one.other);
    world_.clock().settle();
    all_asked.set_value();
    world_.run_until([&] { return order.size() + static_cast<std::size_t>(busy) == asked + 2; });
    EXPECT_GE(busy, 1) << one.method << ": what one caller waits for is bounded";
    const auto place = [&](const char* who) { return std::ranges::find(order, who) - order.begin(); };
    EXPECT_LE(place("anna"), 3) << one.method;
    EXPECT_LE(place("bert"), 4) << one.method;
  }
}

TEST_F(EventsTest, PlayersSeeWhatPlayersMay) {
  cues(1);
  ASSERT_TRUE(publish(R"({"type":"NarrativeGenerated","payload":{"text":"the ending"}})"));
  ASSERT_TRUE(publish(R"({"type":"QuestStateChanged","payload":{"quest":"q","player":"anna"}})"));
  ASSERT_TRUE(publish(R"({"type":"QuestStateChanged","payload":{"quest":"q","player":"bert"}})"));
  EXPECT_THAT(list(history("{}", player("anna"))), ElementsAre("1 AudioCueTriggered", "3 QuestStateChanged"));
  EXPECT_EQ(history("{}", player("anna"))->last_sequence(), 4U)
      << "what was passed over is not looked at again";
  EXPECT_THAT(list(history(R"({"type":"NarrativeGenerated"})", player("anna"))), IsEmpty());
  EXPECT_THAT(list(history(R"({"limit":1,"after_sequence":1})", player("bert"))),
              ElementsAre("4 QuestStateChanged"));
  const auto types = world_.call<pb::EventsTypesReply>(player("anna"), pb::EventsTypesRequest());
  for (const auto& type : types->types()) EXPECT_TRUE(type.players()) << type.type();
}

TEST_F(EventsTest, TypesAreDescribed) {
  const auto reply = world_.call<pb::EventsTypesReply>(designer(), pb::EventsTypesRequest());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->types_size(), static_cast<int>(all_event_types().size()));
  for (const auto& type : reply->types()) {
    if (type.type() != "AudioCueTriggered") continue;
    EXPECT_EQ(type.service(), "events");
    EXPECT_THAT(type.fields(), ElementsAre("cue: string", "volume: double"));
  }
}

TEST_F(EventsTest, AConsumerGetsWhatComesAfterItsCursorOnceItIsDone) {
  cues(2);
  EXPECT_THAT(list(consume(R"({"consumer":"audio","types":["AudioCueTriggered"]})")), IsEmpty())
      << "made at the log's end";
  cues(3);
  ASSERT_TRUE(publish(R"({"type":"FloraChanged"})"));
  const auto got = consume(R"({"consumer":"audio","limit":2})");
  EXPECT_THAT(list(got), ElementsAre("3 AudioCueTriggered", "4 AudioCueTriggered"));
  EXPECT_EQ(got->cursor(), 2U);
  EXPECT_THAT(list(consume(R"({"consumer":"audio","limit":2})")),
              ElementsAre("3 AudioCueTriggered", "4 AudioCueTriggered"))
      << "what is not acknowledged comes again";
  EXPECT_EQ(ack(R"({"consumer":"audio","sequence":4})")->cursor(), 4U);
  world_.restart();
  EXPECT_THAT(list(consume(R"({"consumer":"audio"})")), ElementsAre("5 AudioCueTriggered"));
  EXPECT_EQ(consume(R"({"consumer":"audio","types":["FloraChanged"]})").error().message,
            "consumer 'audio' was made for AudioCueTriggered; choose another name, or drop it");
}

TEST_F(EventsTest, AConsumerMayStartFromAnySequence) {
  cues(3);
  EXPECT_THAT(list(consume(R"({"consumer":"all","from_sequence":1})")),
              ElementsAre("1 AudioCueTriggered", "2 AudioCueTriggered", "3 AudioCueTriggered"));
  EXPECT_THAT(list(consume(R"({"consumer":"late","from_sequence":3})")), ElementsAre("3 AudioCueTriggered"));
  EXPECT_THAT(list(consume(R"({"consumer":"beyond","from_sequence":900})")), IsEmpty());
  cues(1);
  EXPECT_THAT(list(consume(R"({"consumer":"beyond"})")), ElementsAre("4 AudioCueTriggered"));
  EXPECT_EQ(consume("{}").error().message, "consumer is missing");
  EXPECT_EQ(consume(R"({"consumer":"x","types":["MinuteTicked"]})").error().reason, "events.live");
  EXPECT_EQ(consume(R"({"consumer":"x","types":["Nothing"]})").error().reason, "events.unknown_type");
}

TEST_F(EventsTest, FiveFailuresMakeADeadLetter) {
  cues(2);
  ASSERT_TRUE(consume(R"({"consumer":"audio","from_sequence":1})"));
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const auto rejected = reject(R"({"consumer":"audio","sequence":1,"reason":"no such file"})");
    ASSERT_TRUE(rejected) << rejected.error().message;
    EXPECT_EQ(rejected->attempts(), attempt);
    EXPECT_EQ(rejected->dead(), attempt == 5);
    if (attempt == 3) world_.restart();
  }
  const auto told = world_.events_of<pb::EventDeadLettered>("audio");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].sequence(), 1U);
  EXPECT_EQ(told[0].reason(), "no such file");
  EXPECT_THAT(list(consume(R"({"consumer":"audio"})")),
              ElementsAre("2 AudioCueTriggered", "3 EventDeadLettered"));

  const auto letters = world_.call<pb::EventsDeadLettersReply>(
      designer(), read<pb::EventsDeadLettersRequest>(R"({"consumer":"audio"})"));
  ASSERT_TRUE(letters);
  ASSERT_EQ(letters->letters_size(), 1);
  EXPECT_EQ(letters->letters(0).event().type(), "AudioCueTriggered");
  EXPECT_EQ(letters->letters(0).reason(), "no such file");
  EXPECT_EQ(letters->letters(0).attempts(), 5);

  ASSERT_TRUE(ack(R"({"consumer":"audio","sequence":3})"));
  const auto redriven = world_.call<pb::EventsRedriveReply>(
      designer(), read<pb::EventsRedriveRequest>(R"({"consumer":"audio"})"));
  EXPECT_EQ(redriven->redriven(), 1);
  world_.restart();
  EXPECT_THAT(list(consume(R"({"consumer":"audio"})")), ElementsAre("1 AudioCueTriggered"));
  ASSERT_TRUE(ack(R"({"consumer":"audio","sequence":1})"));
  EXPECT_THAT(list(consume(R"({"consumer":"audio"})")), IsEmpty());
}

TEST_F(EventsTest, AcknowledgingNeverMovesTheCursorBack) {
  cues(20);
  ASSERT_TRUE(consume(R"({"consumer":"a","from_sequence":11})"));
  EXPECT_EQ(ack(R"({"consumer":"a","sequence":12})")->cursor(), 12U);
  EXPECT_EQ(ack(R"({"consumer":"a","sequence":5})")->cursor(), 12U);
  EXPECT_EQ(ack(R"({"consumer":"a","sequence":21})").error().message,
            "there is no event 21; the log ends at 20");
}

TEST_F(EventsTest, ADeadLetterGoesOnceMoreWhenItIsRedriven) {
  cues(20);
  ASSERT_TRUE(consume(R"({"consumer":"a","from_sequence":11})"));
  const auto refused = [&](const std::string& json) { return reject(json).error().message; };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(reject(R"({"consumer":"a","sequence":11})"));
  EXPECT_EQ(refused(R"({"consumer":"a","sequence":11})"), "event 11 is a dead letter already");
  EXPECT_EQ(refused(R"({"consumer":"a","sequence":10})"), "event 10 is done: the cursor stands at 10");
  ASSERT_TRUE(ack(R"({"consumer":"a","sequence":15})"));
  EXPECT_EQ(world_.call<pb::EventsStatsReply>(game_, pb::EventsStatsRequest())->consumers(0).dead_letters(),
            1)
      << "acknowledging later ones does not bury it";
  pb::EventsRedriveRequest redrive;
  redrive.set_consumer("a");
  redrive.set_sequence(12);
  EXPECT_EQ(world_.call<pb::EventsRedriveReply>(designer(), redrive).error().message,
            "consumer 'a' has no dead letter 12");
  redrive.set_sequence(0);
  ASSERT_TRUE(world_.call<pb::EventsRedriveReply>(designer(), redrive));
  EXPECT_EQ(reject(R"({"consumer":"a","sequence":11})")->attempts(), 1) << "it starts anew";
  EXPECT_THAT(list(consume(R"({"consumer":"a"})")), ElementsAre("11 AudioCueTriggered"));
  EXPECT_EQ(ack(R"({"consumer":"a","sequence":18})")->cursor(), 18U);
  EXPECT_THAT(list(consume(R"({"consumer":"a"})")), ElementsAre("11 AudioCueTriggered"))
      << "acknowledging another is not acknowledging it";
  EXPECT_EQ(ack(R"({"consumer":"a","sequence":11})")->cursor(), 18U);
  EXPECT_TRUE(world_.rows("select * from events_letters").empty());
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(EventsTest, BeforeTheCursorARedrivenLetterComesByItself) {
  cues(12);
  ASSERT_TRUE(consume(R"({"consumer":"a","types":["AudioCueTriggered"],"from_sequence":11})"));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(reject(R"({"consumer":"a","sequence":11})"));
  EXPECT_THAT(list(consume(R"({"consumer":"a"})")), ElementsAre("12 AudioCueTriggered"));
  pb::EventsRedriveRequest redrive;
  redrive.set_consumer("a");
  redrive.set_sequence(11);
  ASSERT_TRUE(world_.call<pb::EventsRedriveReply>(designer(), redrive));
  EXPECT_THAT(list(consume(R"({"consumer":"a"})")),
              ElementsAre("11 AudioCueTriggered", "12 AudioCueTriggered"));
}

TEST(EventLimits, ConsumersAndLettersAreBounded) {
  events::Limits limits;
  limits.letters_max = 1;
  limits.consumers_max = 1;
  test::World world({[&](Host& host) {
    auto service = std::make_shared<EventsService>(test::quay(), host, limits);
    service->mount();
    return service;
  }});
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  pb::EventsPublishRequest cue;
  cue.set_type("AudioCueTriggered");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(world.call<pb::EventsPublishReply>(game, cue));
  pb::EventsConsumeRequest consume;
  consume.set_consumer("a");
  consume.set_from_sequence(1);
  ASSERT_TRUE(world.call<pb::EventsConsumeReply>(game, consume));
  ASSERT_TRUE(world.call<pb::EventsConsumeReply>(game, consume)) << "it is there already";
  consume.set_consumer("b");
  EXPECT_EQ(world.call<pb::EventsConsumeReply>(game, consume).error().message,
            "there are 1 consumers already");
  const auto reject = [&](std::uint64_t sequence) {
    pb::EventsRejectRequest request;
    request.set_consumer("a");
    request.set_sequence(sequence);
    return world.call<pb::EventsRejectReply>(game, request);
  };
  ASSERT_TRUE(reject(1));
  EXPECT_EQ(reject(2).error().message, "1 events failed already; redrive or acknowledge some");
  EXPECT_TRUE(reject(1)) << "one more attempt is not one more letter";
  pb::EventsAckRequest done;
  done.set_consumer("a");
  done.set_sequence(1);
  ASSERT_TRUE(world.call<pb::EventsAckReply>(game, done));
  EXPECT_TRUE(reject(2));
}

TEST_F(EventsTest, BadUseOfConsumersIsNamed) {
  ASSERT_TRUE(consume(R"({"consumer":"audio"})"));
  EXPECT_EQ(ack(R"({"consumer":"audoi","sequence":1})").error().message,
            "no consumer 'audoi'; did you mean 'audio'?");
  EXPECT_EQ(ack(R"({"consumer":"audio","sequence":1})").error().message,
            "there is no event 1; the log ends at 0");
  EXPECT_EQ(reject(R"({"consumer":"audio","sequence":1})").error().message,
            "there is no event 1; the log ends at 0");
  cues(1);
  EXPECT_EQ(reject(R"({"consumer":"audio","sequence":1,"reason":")" + std::string(501, 'x') + "\"}")
                .error()
                .message,
            "reason has at most 500 bytes, not 501");
  EXPECT_EQ(world_
                .call<pb::EventsRedriveReply>(
                    designer(), read<pb::EventsRedriveRequest>(R"({"consumer":"audio","sequence":1})"))
                .error()
                .message,
            "consumer 'audio' has no dead letter 1");
  // Dead letters are the designers'.
  EXPECT_EQ(world_.call<pb::EventsDeadLettersReply>(game_, pb::EventsDeadLettersRequest()).error().reason,
            "rpc.role");
  EXPECT_EQ(world_.call<pb::EventsRedriveReply>(game_, pb::EventsRedriveRequest()).error().reason,
            "rpc.role");
  EXPECT_EQ(world_.call<pb::EventsConsumeReply>(player("anna"), pb::EventsConsumeRequest()).error().reason,
            "rpc.role");
  EXPECT_EQ(world_.call<pb::EventsStatsReply>(player("anna"), pb::EventsStatsRequest()).error().reason,
            "rpc.role");
}

TEST_F(EventsTest, StatsCountAndSayWhoIsBehind) {
  ASSERT_TRUE(consume(R"({"consumer":"audio"})"));
  cues(3);
  ASSERT_TRUE(publish(R"({"type":"FloraChanged"})"));
  ASSERT_TRUE(ack(R"({"consumer":"audio","sequence":1})"));
  const auto stats = world_.call<pb::EventsStatsReply>(game_, pb::EventsStatsRequest());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->sequence(), 4U);
  ASSERT_EQ(stats->types_size(), 2);
  EXPECT_EQ(stats->types(0).type(), "AudioCueTriggered");
  EXPECT_EQ(stats->types(0).count(), 3U);
  EXPECT_EQ(stats->types(0).last_sequence(), 3U);
  ASSERT_EQ(stats->consumers_size(), 1);
  EXPECT_EQ(stats->consumers(0).behind(), 3U);
}

TEST_F(EventsTest, AGamesOwnTypeIsDeclaredPublishedHeardAndTakenBack) {
  const auto declare = [&](const std::string& json) {
    return world_.call<pb::EventsRegisterReply>(game_, read<pb::EventsRegisterRequest>(json));
  };
  EXPECT_EQ(publish(R"({"type":"DragonSlain"})").error().reason, "events.unknown_type");
  const auto done = declare(R"({"type":"DragonSlain","summary":"A dragon is dead.","audience":"player",
      "fields":[{"name":"dragon","type":"string","required":true},{"name":"player","type":"string"}]})");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->type().own());
  world_.restart();
  EXPECT_EQ(publish(R"({"type":"DragonSlian"})").error().message,
            "no event type 'DragonSlian'; did you mean 'DragonSlain'?");
  EXPECT_EQ(publish(R"({"type":"DragonSlain"})").error().reason, "events.bad_payload");
  ASSERT_TRUE(publish(R"({"type":"DragonSlain","payload":{"dragon":"Fafnir","player":"anna"}})"));
  ASSERT_TRUE(publish(R"({"type":"DragonSlain","audience":"operators","payload":{"dragon":"Nidhogg"}})"));
  EXPECT_EQ(world_.events().back().type(), "DragonSlain") << "told live too";
  EXPECT_THAT(list(history(R"({"type":"DragonSlain"})")), ElementsAre("1 DragonSlain", "2 DragonSlain"));
  const auto hers = history(R"({"type":"DragonSlain"})", player("anna"));
  ASSERT_THAT(list(hers), ElementsAre("1 DragonSlain"));
  EXPECT_EQ(hers->events(0).payload().fields().at("dragon").string_value(), "Fafnir");
  EXPECT_THAT(list(history(R"({"type":"DragonSlain"})", player("bert"))), IsEmpty());
  EXPECT_THAT(list(consume(R"({"consumer":"quests","types":["DragonSlain"],"from_sequence":1})")),
              ElementsAre("1 DragonSlain", "2 DragonSlain"));
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
  pb::EventsUnregisterRequest back;
  back.set_type("DragonSlain");
  ASSERT_TRUE(world_.call<pb::EventsUnregisterReply>(game_, back));
  EXPECT_EQ(publish(R"({"type":"DragonSlain"})").error().reason, "events.unknown_type");
  EXPECT_THAT(list(history("{}")), ElementsAre("1 DragonSlain", "2 DragonSlain")) << "the log keeps them";
}

TEST_F(EventsTest, AnAreaNarrowsHistoryAndConsumers) {
  ASSERT_TRUE(publish(R"({"type":"FloraChanged","place":"quay"})"));
  ASSERT_TRUE(publish(R"({"type":"FloraChanged","place":"market"})"));
  ASSERT_TRUE(publish(R"({"type":"FloraChanged"})"));
  EXPECT_THAT(list(history(R"({"places":["quay"]})")), ElementsAre("1 FloraChanged", "3 FloraChanged"));
  EXPECT_THAT(list(history(R"({"area":{"x":0,"y":0,"radius":100000}})")),
              ElementsAre("1 FloraChanged", "2 FloraChanged", "3 FloraChanged"));
  EXPECT_THAT(list(history(R"({"area":{"x":9000000,"y":0,"radius":1}})")), ElementsAre("3 FloraChanged"));
  EXPECT_EQ(history(R"({"area":{"x":0,"y":0}})").error().reason, "events.bad_area");
  EXPECT_EQ(history(R"({"places":["quai"]})").error().message,
            "place 'quai' is not known; did you mean 'quay'?");
  EXPECT_THAT(list(consume(R"({"consumer":"here","places":["market"],"from_sequence":1})")),
              ElementsAre("2 FloraChanged", "3 FloraChanged"));
  world_.restart();
  EXPECT_THAT(list(consume(R"({"consumer":"here"})")), ElementsAre("2 FloraChanged", "3 FloraChanged"));
  EXPECT_EQ(consume(R"({"consumer":"here","places":["quay"]})").error().reason, "events.consumer_area");
}

TEST_F(EventsTest, ADroppedConsumerIsForgotten) {
  cues(2);
  ASSERT_TRUE(consume(R"({"consumer":"audio","from_sequence":1})"));
  ASSERT_TRUE(reject(R"({"consumer":"audio","sequence":1})"));
  pb::EventsDropRequest drop;
  drop.set_consumer("audoi");
  EXPECT_EQ(world_.call<pb::EventsDropReply>(game_, drop).error().message,
            "no consumer 'audoi'; did you mean 'audio'?");
  drop.set_consumer("audio");
  ASSERT_TRUE(world_.call<pb::EventsDropReply>(game_, drop));
  world_.restart();
  EXPECT_EQ(ack(R"({"consumer":"audio","sequence":1})").error().reason, "events.unknown_consumer");
  EXPECT_TRUE(world_.rows("select * from events_letters").empty());
  EXPECT_THAT(list(consume(R"({"consumer":"audio","types":["FloraChanged"]})")), IsEmpty())
      << "the name is free for other types";
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(EventsTest, WhoPublishesSaysWhoPerceivesIt) {
  ASSERT_TRUE(publish(R"({"type":"AudioCueTriggered","players":["bert","anna"]})"));
  ASSERT_TRUE(publish(R"({"type":"AudioCueTriggered","audience":"operators"})"));
  ASSERT_TRUE(publish(R"({"type":"AudioCueTriggered","place":"quay"})"));
  EXPECT_THAT(list(history("{}", player("anna"))), ElementsAre("1 AudioCueTriggered"));
  EXPECT_THAT(list(history("{}", player("carl"))), IsEmpty()) << "nobody is at the quay";
  EXPECT_THAT(list(history("{}", game_)),
              ElementsAre("1 AudioCueTriggered", "2 AudioCueTriggered", "3 AudioCueTriggered"));
  EXPECT_FALSE(history("{}", player("anna"))->events(0).has_audience());
  EXPECT_EQ(history("{}")->events(0).audience().players_size(), 2);
  const auto refused = publish(R"({"type":"AudioCueTriggered","audience":"all"})");
  EXPECT_EQ(refused.error().message, "audience is operators, everybody or place, not 'all'");
}

TEST_F(EventsTest, TheSameInputsGiveTheSameState) {
  cues(2);
  ASSERT_TRUE(consume(R"({"consumer":"audio","from_sequence":1})"));
  ASSERT_TRUE(reject(R"({"consumer":"audio","sequence":2,"reason":"no"})"));
  ASSERT_TRUE(ack(R"({"consumer":"audio","sequence":1})"));
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

}  // namespace
}  // namespace troupe
