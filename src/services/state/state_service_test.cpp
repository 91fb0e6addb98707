#include "services/state/state_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json.h"
#include "tests/support/quay.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/events.pb.h"

namespace troupe {
namespace {

using test::designer;
using test::player;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class StateTest : public testing::Test {
 protected:
  test::World world_{{test::mount<StateService>(test::quay())}};

  template <class Request>
  static Request read(const std::string& json) {
    Request request;
    const auto done = from_json(json, request);
    EXPECT_TRUE(done) << json << ": " << (done ? "" : done.error().message);
    return request;
  }
  Result<pb::StateDocument> get(const Caller& caller, const std::string& kind, const std::string& id) {
    pb::StateGetRequest request;
    request.set_kind(kind);
    request.set_id(id);
    return world_.call<pb::StateDocument>(caller, request);
  }
  Result<pb::StateDocument> put(const std::string& json, const Caller& caller = designer()) {
    return world_.call<pb::StateDocument>(caller, read<pb::StatePutRequest>(json));
  }
  Result<pb::StateDocument> patch(const std::string& json, const Caller& caller = designer()) {
    return world_.call<pb::StateDocument>(caller, read<pb::StatePatchRequest>(json));
  }
  Result<pb::StateDocument> remove(const std::string& json) {
    return world_.call<pb::StateDocument>(designer(), read<pb::StateDeleteRequest>(json));
  }
  Result<pb::StateBatchReply> batch(const std::string& json) {
    return world_.call<pb::StateBatchReply>(designer(), read<pb::StateBatchRequest>(json));
  }
  std::vector<std::string> query(const std::string& json) {
    const auto reply = world_.call<pb::StateQueryReply>(designer(), read<pb::StateQueryRequest>(json));
    if (!reply) return {reply.error().reason + ": " + reply.error().message};
    std::vector<std::string> found;
    for (const auto& document : reply->documents()) found.push_back(document.kind() + "/" + document.id());
    return found;
  }
  static std::string text(const Result<pb::StateDocument>& document) {
    if (!document) return document.error().reason + ": " + document.error().message;
    return std::to_string(document->version()) + " " + *state::canonical(document->document(), {});
  }
};

TEST_F(StateTest, AWorldStartsWithThePacksPeopleAndThings) {
  EXPECT_EQ(text(get(designer(), "npc", "ada")),
            R"(1 {"items":{"eel":4,"lamp_oil":1},"money":50,"place":"market"})");
  EXPECT_EQ(text(get(designer(), "feature", "quay_lamp")),
            R"(1 {"kind":"lamp","lit":false,"oil":3,"place":"quay"})");
  EXPECT_EQ(get(designer(), "npc", "ada")->changed_ms(), game_hours(7).ms);
  EXPECT_TRUE(world_.events().empty()) << "nothing has changed yet";
}

TEST_F(StateTest, PutComparesAndSets) {
  EXPECT_EQ(text(put(R"({"kind":"player","id":"anna","document":{"money":5,"place":"quay"}})")),
            R"(1 {"money":5,"place":"quay"})");
  EXPECT_EQ(text(put(R"({"kind":"player","id":"anna","version":1,"document":{"money":6}})")),
            R"(2 {"money":6})");
  const struct {
    const char* request;
    const char* message;
  } races[] = {
      {R"({"kind":"player","id":"anna","version":1,"document":{}})",
       "player 'anna': now at version 2; you read 1"},
      {R"({"kind":"player","id":"anna","version":3,"document":{}})",
       "player 'anna': now at version 2; you read 3"},
      {R"({"kind":"player","id":"anna","document":{}})",
       "player 'anna': now at version 2; you expected none"},
      {R"({"kind":"player","id":"bert","version":1,"document":{}})",
       "player 'bert': it does not exist, now at version 0; you read 1"},
  };
  for (const auto& race : races) {
    const auto lost = put(race.request);
    ASSERT_FALSE(lost) << race.request;
    EXPECT_EQ(lost.error().code, Code::conflict);
    EXPECT_EQ(lost.error().reason, "state.version");
    EXPECT_EQ(lost.error().message, race.message);
  }
  EXPECT_EQ(text(get(designer(), "player", "anna")), R"(2 {"money":6})");
}

TEST_F(StateTest, OfTwoThatReadTheSameVersionOneWins) {
  const auto a = world_.start(
      designer("a"),
      read<pb::StatePutRequest>(R"({"kind":"npc","id":"ada","version":1,"document":{"money":1}})"));
  const auto b = world_.start(
      designer("b"),
      read<pb::StatePutRequest>(R"({"kind":"npc","id":"ada","version":1,"document":{"money":2}})"));
  world_.run_until([&] { return a->has_value() && b->has_value(); });
  EXPECT_NE((*a)->has_value(), (*b)->has_value());
  EXPECT_EQ(get(designer(), "npc", "ada")->version(), 2U);
}

TEST_F(StateTest, PatchMergesAndTellsWhatChanged) {
  EXPECT_EQ(
      text(patch(R"({"kind":"npc","id":"ada","patch":{"money":51,"items":{"eel":null},"tags":["busy"]}})")),
      R"(2 {"items":{"lamp_oil":1},"money":51,"place":"market","tags":["busy"]})");
  const auto events = world_.events_of<pb::NpcStateChanged>("ada");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].version(), 2U);
  EXPECT_THAT(events[0].keys(), ElementsAre("items", "money", "tags"));
  EXPECT_EQ(world_.events()[0].place(), "market");

  EXPECT_EQ(text(patch(R"({"kind":"npc","id":"ada","version":1,"patch":{}})")),
            "state.version: npc 'ada': now at version 2; you read 1");
  EXPECT_EQ(text(patch(R"({"kind":"npc","id":"adda","patch":{}})")),
            "state.unknown: no npc 'adda' here; did you mean 'ada'?");
}

TEST_F(StateTest, AThingOfThePackStaysWhatThePackSaysItIs) {
  for (const char* patch_of :
       {R"({"lit":"maybe"})", R"({"lit":null})", R"({"lit":{}})", R"({"kind":"boat"})"}) {
    const auto reply = patch(std::string(R"({"kind":"feature","id":"quay_lamp","patch":)") + patch_of + "}");
    ASSERT_FALSE(reply) << patch_of;
    EXPECT_EQ(reply.error().reason, "state.bad_member") << patch_of << ": " << reply.error().message;
  }
  EXPECT_TRUE(patch(R"({"kind":"feature","id":"quay_lamp","patch":{"lit":true,"note":"mended"}})"));
  const auto gone = world_.call<pb::StateDocument>(
      designer(), read<pb::StateDeleteRequest>(R"({"kind":"feature","id":"quay_lamp"})"));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().reason, "state.owned");
}

TEST_F(StateTest, WhatChangesNothingLeavesTheVersionAlone) {
  EXPECT_EQ(patch(R"({"kind":"npc","id":"ada","patch":{"money":50.0}})")->version(), 1U);
  EXPECT_TRUE(world_.events().empty());
  EXPECT_TRUE(world_.inputs().empty());
}

TEST_F(StateTest, EventsGoByKind) {
  ASSERT_TRUE(put(R"({"kind":"player","id":"anna","document":{"place":"quay"}})"));
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c1","document":{"place":"quay","load":3}})"));
  ASSERT_TRUE(patch(R"({"kind":"feature","id":"quay_lamp","patch":{"lit":true}})"));
  const auto players = world_.events_of<pb::PlayerStateChanged>();
  ASSERT_EQ(players.size(), 1U);
  EXPECT_EQ(players[0].player(), "anna");
  const auto things = world_.events_of<pb::EntityStateChanged>();
  ASSERT_EQ(things.size(), 2U);
  EXPECT_EQ(things[0].kind(), "cart");
  EXPECT_THAT(things[0].keys(), ElementsAre("load", "place"));
  EXPECT_FALSE(things[0].has_changed());
  EXPECT_EQ(*state::canonical(things[1].changed(), {}), R"({"lit":true})");
  EXPECT_EQ(world_.events()[2].place(), "quay");
}

TEST_F(StateTest, DeletionIsSoftAndKeepsCounting) {
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c1","document":{"place":"quay"}})"));
  const auto deleted = remove(R"({"kind":"cart","id":"c1","version":1})");
  ASSERT_TRUE(deleted);
  EXPECT_TRUE(deleted->deleted());
  EXPECT_EQ(deleted->version(), 2U);
  const auto gone = world_.events_of<pb::EntityGone>("c1");
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].kind(), "cart");
  EXPECT_EQ(text(get(designer(), "cart", "c1")), "state.unknown: no cart 'c1' here");
  EXPECT_EQ(text(patch(R"({"kind":"cart","id":"c1","patch":{}})")), "state.unknown: no cart 'c1' here");
  EXPECT_EQ(text(remove(R"({"kind":"cart","id":"c1"})")), "state.unknown: no cart 'c1' here");
  EXPECT_THAT(query(R"({"kind":"cart"})"), ElementsAre());
  EXPECT_EQ(text(put(R"({"kind":"cart","id":"c1","version":1,"document":{}})")),
            "state.version: cart 'c1': it does not exist, now at version 0; you read 1");
  EXPECT_EQ(put(R"({"kind":"cart","id":"c1","document":{}})")->version(), 3U);
  EXPECT_THAT(query(R"({"kind":"cart"})"), ElementsAre("cart/c1"));
}

TEST_F(StateTest, ABatchHappensAsAWholeOrNotAtAll) {
  const auto refused = batch(R"({"changes":[
    {"patch":{"kind":"npc","id":"ada","patch":{"money":0}}},
    {"put":{"kind":"cart","id":"c1","document":{"load":1}}},
    {"patch":{"kind":"npc","id":"ben","version":9,"patch":{"money":0}}}]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "state.version");
  EXPECT_EQ(refused.error().message, "change 3 of 3: npc 'ben': now at version 1; you read 9");
  EXPECT_EQ(get(designer(), "npc", "ada")->version(), 1U);
  EXPECT_EQ(text(get(designer(), "cart", "c1")), "state.unknown: no cart 'c1' here");
  EXPECT_TRUE(world_.events().empty());

  ASSERT_TRUE(put(R"({"kind":"cart","id":"c2","document":{"place":"quay"}})"));
  world_.clear_events();
  const auto done = batch(R"({"changes":[
    {"patch":{"kind":"npc","id":"ada","patch":{"money":0}}},
    {"put":{"kind":"cart","id":"c1","document":{"load":1}}},
    {"patch":{"kind":"cart","id":"c1","version":1,"patch":{"load":2}}},
    {"delete":{"kind":"cart","id":"c2"}}]})");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->documents_size(), 4);
  EXPECT_EQ(text(get(designer(), "cart", "c1")), R"(2 {"load":2})") << "later changes see earlier ones";
  EXPECT_EQ(world_.events().size(), 4U) << "one event per document, and that the cart is gone";
  EXPECT_FALSE(get(designer(), "cart", "c2"));
}

TEST_F(StateTest, ABatchIsBounded) {
  EXPECT_EQ(batch("{}").error().message, "changes holds 1 to 100, not 0");
  EXPECT_EQ(batch(R"({"changes":[{}]})").error().message, "change 1 of 1: expected put, patch or delete");
  pb::StateBatchRequest request;
  for (int i = 0; i < 101; ++i) request.add_changes()->mutable_delete_()->set_id("x");
  const auto refused = world_.call<pb::StateBatchReply>(designer(), request);
  EXPECT_EQ(refused.error().message, "changes holds 1 to 100, not 101");
}

TEST_F(StateTest, QueriesFindByKindPlayerPlaceAndTagInPages) {
  ASSERT_TRUE(put(R"({"kind":"player","id":"anna","document":{"place":"quay"}})"));
  ASSERT_TRUE(
      put(R"({"kind":"cart","id":"c1","document":{"place":"quay","player":"anna","tags":["wood","old"]}})"));
  ASSERT_TRUE(
      put(R"({"kind":"cart","id":"c2","document":{"place":"loft","player":"anna","tags":["wood"]}})"));
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c3","document":{"place":"loft"}})"));
  EXPECT_THAT(query(R"({"place":"quay"})"),
              ElementsAre("cart/c1", "feature/gull", "feature/quay_lamp", "npc/ben", "player/anna"));
  EXPECT_THAT(query(R"({"place":"quay","kind":"feature"})"),
              ElementsAre("feature/gull", "feature/quay_lamp"));
  EXPECT_THAT(query(R"({"player":"anna"})"), ElementsAre("cart/c1", "cart/c2", "player/anna"));
  EXPECT_THAT(query(R"({"tag":"wood","place":"loft"})"), ElementsAre("cart/c2"));
  EXPECT_THAT(query(R"({"kind":"cart"})"), ElementsAre("cart/c1", "cart/c2", "cart/c3"));
  EXPECT_THAT(query(R"({"kind":"cart","limit":2})"), ElementsAre("cart/c1", "cart/c2"));
  EXPECT_THAT(query(R"({"kind":"cart","limit":2,"after_id":"c2"})"), ElementsAre("cart/c3"));
  EXPECT_THAT(query(R"({"place":"quay","limit":2,"after_id":"feature/gull"})"),
              ElementsAre("feature/quay_lamp", "npc/ben"));
  EXPECT_THAT(query(R"({"tag":"none"})"), ElementsAre());
  // An index follows its document.
  ASSERT_TRUE(patch(R"({"kind":"cart","id":"c1","patch":{"place":"loft","tags":null}})"));
  EXPECT_THAT(query(R"({"place":"quay","kind":"cart"})"), ElementsAre());
  EXPECT_THAT(query(R"({"tag":"old"})"), ElementsAre());
  EXPECT_THAT(query(R"({"limit":1001})"), ElementsAre("state.bad_limit: limit is 0 to 1000, not 1001"));
  EXPECT_THAT(query(R"({"place":"quay","after_id":"gull"})"),
              ElementsAre("state.bad_limit: after_id is 'kind/id' where no kind is asked for"));
}

TEST_F(StateTest, APageFitsIntoAMessage) {
  const std::string filler(60'000, 'x');
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(put(R"({"kind":"book","id":"b)" + std::to_string(100 + i) + R"(","document":{"text":")" +
                    filler + "\"}}"));
  }
  std::vector<std::string> all;
  for (std::string after;;) {
    const auto page = query(R"({"kind":"book","limit":1000,"after_id":")" + after + "\"}");
    if (page.empty()) break;
    EXPECT_LE(page.size(), 8U);
    all.insert(all.end(), page.begin(), page.end());
    after = page.back().substr(5);
  }
  EXPECT_EQ(all.size(), 12U);
}

// Numbers take more bytes on the bus than in the text that a page is measured by.
TEST_F(StateTest, APageOfNumbersFitsIntoAMessageToo) {
  std::string numbers = "0";
  for (int i = 0; i < 20'000; ++i) numbers += ",0";
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(put(R"({"kind":"map","id":"m)" + std::to_string(100 + i) + R"(","document":{"n":[)" +
                    numbers + "]}}"));
  }
  pb::StateQueryRequest request;
  request.set_kind("map");
  const auto page = world_.call<pb::StateQueryReply>(designer(), request);
  ASSERT_TRUE(page);
  EXPECT_GE(page->documents_size(), 1);
  EXPECT_LE(page->ByteSizeLong(), state::Limits{}.reply_bytes_max);
}

// What was done and then could not be answered would look like a failure.
TEST_F(StateTest, ABatchThatCannotBeAnsweredIsNotDone) {
  const std::string filler(60'000, 'x');
  std::string changes;
  for (int i = 0; i < 20; ++i) {
    const std::string id = "b" + std::to_string(100 + i);
    ASSERT_TRUE(put(R"({"kind":"book","id":")" + id + R"(","document":{"text":")" + filler + "\"}}"));
    changes += (i ? "," : "") + std::string(R"({"patch":{"kind":"book","id":")") + id +
               R"(","patch":{"read":true}}})";
  }
  const auto done = batch(R"({"changes":[)" + changes + "]}");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason, "state.batch_too_large");
  EXPECT_EQ(get(designer(), "book", "b100")->version(), 1U);
}

TEST_F(StateTest, ASteamIdKeepsItsDigits) {
  EXPECT_EQ(text(put(R"({"kind":"account","id":"anna","document":{"steam":76561197960287931}})")),
            R"(1 {"steam":76561197960287931})");
  EXPECT_EQ(text(patch(R"({"kind":"account","id":"anna","patch":{"of":[18446744073709551615,-5,0.5]}})")),
            R"(2 {"of":[18446744073709551615,-5,0.5],"steam":76561197960287931})");
  // One digit further is another number: it is a change.
  EXPECT_EQ(text(patch(R"({"kind":"account","id":"anna","patch":{"steam":76561197960287932}})")),
            R"(3 {"of":[18446744073709551615,-5,0.5],"steam":76561197960287932})");
}

TEST_F(StateTest, ALostRaceTellsTheVersionThatWon) {
  ASSERT_TRUE(put(R"({"kind":"book","id":"b","document":{"n":1}})"));
  ASSERT_TRUE(put(R"({"kind":"book","id":"b","version":1,"document":{"n":2}})"));
  EXPECT_EQ(put(R"({"kind":"book","id":"b","version":1,"document":{"n":3}})").error().current_version, 2U);
  EXPECT_EQ(put(R"({"kind":"book","id":"none","version":1,"document":{}})").error().current_version, 0U);
  EXPECT_EQ(put("{}").error().current_version, std::nullopt);
}

TEST_F(StateTest, BadInputIsNamed) {
  EXPECT_EQ(
      text(put(R"({"kind":"No","id":"x","document":{}})")),
      "state.bad_key: kind is a word of small letters, digits and '_' (player, npc, feature, or your own)");
  EXPECT_EQ(text(put(R"({"kind":"cart","document":{}})")),
            "state.bad_key: id has 1 to 128 bytes and no control characters");
  EXPECT_EQ(text(put(R"({"kind":"cart","id":"c","document":{"place":"quai"}})")),
            "state.bad_member: place 'quai' is not known; did you mean 'quay'?");
  EXPECT_EQ(text(put(R"({"kind":"cart","id":"c","document":{"t":")" + std::string(66'000, 'x') + "\"}}")),
            "state.too_large: the document has 66008 bytes as JSON; at most 65536");
  EXPECT_TRUE(world_.inputs().empty());
}

TEST_F(StateTest, EachRoleSeesItsOwn) {
  ASSERT_TRUE(put(R"({"kind":"player","id":"anna","document":{"money":3}})"));
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c1","document":{}})"));
  EXPECT_EQ(text(get(player("anna"), "player", "anna")), R"(1 {"money":3})");
  EXPECT_EQ(text(get(player("bert"), "player", "anna")),
            "state.not_yours: 'bert' may read their own document, things, and where people are");
  EXPECT_EQ(get(player("bert"), "cart", "c1").error().code, Code::permission_denied);
  // Whether there is such a player is not for others to know either.
  EXPECT_EQ(get(player("bert"), "player", "nobody").error().code, Code::permission_denied);
  EXPECT_EQ(text(get(player("anna"), "npc", "ada")), R"(1 {"place":"market"})");
  EXPECT_EQ(text(get(player("anna"), "feature", "gull")),
            R"(1 {"afloat":true,"kind":"boat","paint":"red","place":"quay"})");
  const Caller ada{.name = "ada", .role = pb::ROLE_NPC};
  EXPECT_EQ(text(get(ada, "npc", "ada")),
            R"(1 {"items":{"eel":4,"lamp_oil":1},"money":50,"place":"market"})");
  EXPECT_EQ(text(get(ada, "npc", "ben")), R"(1 {"place":"quay"})");
  EXPECT_EQ(get(ada, "player", "anna").error().code, Code::permission_denied);
  // Nobody but game servers and designers changes or searches.
  for (const auto role : {pb::ROLE_PLAYER, pb::ROLE_NPC}) {
    const Caller caller{.name = "anna", .role = role};
    EXPECT_EQ(
        put(R"({"kind":"player","id":"anna","version":1,"document":{"money":900}})", caller).error().reason,
        "rpc.role");
    EXPECT_EQ(patch(R"({"kind":"player","id":"anna","patch":{"money":900}})", caller).error().reason,
              "rpc.role");
    EXPECT_EQ(world_.call<pb::StateQueryReply>(caller, pb::StateQueryRequest()).error().reason, "rpc.role");
    EXPECT_EQ(world_.call<pb::StateBatchReply>(caller, pb::StateBatchRequest()).error().reason, "rpc.role");
    EXPECT_EQ(world_.call<pb::StateDocument>(caller, pb::StateDeleteRequest()).error().reason, "rpc.role");
  }
  EXPECT_TRUE(patch(R"({"kind":"player","id":"anna","patch":{"money":4}})",
                    {.name = "game", .role = pb::ROLE_GAME_SERVER}));
}

TEST_F(StateTest, ARestartForgetsNothing) {
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c1","document":{"place":"quay","tags":["wood"]}})"));
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c2","document":{}})"));
  ASSERT_TRUE(remove(R"({"kind":"cart","id":"c2"})"));
  ASSERT_TRUE(patch(R"({"kind":"npc","id":"ada","patch":{"money":51}})"));
  world_.restart();
  EXPECT_EQ(text(get(designer(), "npc", "ada")),
            R"(2 {"items":{"eel":4,"lamp_oil":1},"money":51,"place":"market"})");
  EXPECT_THAT(query(R"({"tag":"wood"})"), ElementsAre("cart/c1"));
  EXPECT_FALSE(get(designer(), "cart", "c2"));
  EXPECT_EQ(put(R"({"kind":"cart","id":"c2","document":{}})")->version(), 3U);
}

TEST_F(StateTest, TheSameInputsGiveTheSameState) {
  ASSERT_TRUE(put(R"({"kind":"cart","id":"c1","document":{"place":"quay"}})"));
  world_.advance(game_minutes(5));
  ASSERT_TRUE(batch(
      R"({"changes":[{"patch":{"kind":"npc","id":"ada","patch":{"money":0}}},{"delete":{"kind":"cart","id":"c1"}}]})"));
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST(StateLimits, AreKept) {
  state::Limits limits;
  limits.documents_max = 8;  // the quay has 7
  limits.deleted_max = 1;
  test::World world({[&](Host& host) {
    auto service = std::make_shared<StateService>(test::quay(), host, limits);
    service->mount();
    return service;
  }});
  const auto put = [&](const std::string& id) {
    pb::StatePutRequest request;
    request.set_kind("cart");
    request.set_id(id);
    return world.call<pb::StateDocument>(designer(), request);
  };
  const auto remove = [&](const std::string& id) {
    pb::StateDeleteRequest request;
    request.set_kind("cart");
    request.set_id(id);
    return world.call<pb::StateDocument>(designer(), request);
  };
  ASSERT_TRUE(put("c1"));
  const auto full = put("c2");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::exhausted);
  EXPECT_EQ(full.error().message, "the world holds 8 documents already; delete some");
  ASSERT_TRUE(remove("c1"));
  world.advance(game_minutes(1));
  ASSERT_TRUE(put("c2"));
  ASSERT_TRUE(remove("c2"));
  // c1 is forgotten for good, c2 is remembered as deleted.
  EXPECT_EQ(world.rows("select id from state_documents where deleted = 1").size(), 1U);
  EXPECT_EQ(put("c1")->version(), 1U);
  ASSERT_TRUE(remove("c1"));
}

TEST(StateMetrics, CountReadsAndWhatTheCacheSpared) {
  test::World world({test::mount<StateService>(test::quay())});
  pb::StateGetRequest request;
  request.set_kind("npc");
  request.set_id("ada");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(world.call<pb::StateDocument>(designer(), request));
  const std::string text = world.host().metrics().text();
  EXPECT_THAT(text, testing::HasSubstr("troupe_state_documents{world=\"testworld\"} 7"));
  EXPECT_THAT(text, testing::HasSubstr("troupe_state_reads_total{world=\"testworld\"} 10"));
  EXPECT_THAT(text, testing::HasSubstr("troupe_state_cache_hit_ratio{world=\"testworld\"} 0.9"));
}

// Names that came, have nothing and did nothing make room: no crowd keeps the next player out, and whoever
// has something stays.
TEST(StateNames, TenThousandNamesLeaveRoomForTheNext) {
  const state::Limits limits{.documents_max = 200, .newcomers_max = 50, .deleted_max = 20};
  test::World world({[&limits](Host& host) {
    auto service = std::make_shared<StateService>(test::quay(), host, limits);
    service->mount();
    return service;
  }});
  const auto put = [&](const std::string& name, int money) {
    pb::StatePutRequest request;
    EXPECT_TRUE(from_json(R"({"kind":"player","id":")" + name + R"(","document":{"items":{},"money":)" +
                              std::to_string(money) + R"(,"place":"quay"}})",
                          request));
    return world.call<pb::StateDocument>(test::server(), request);
  };
  ASSERT_TRUE(put("anna", 5));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(put("name" + std::to_string(i), 0)) << i;
    world.advance(game_minutes(1));
  }
  const auto there = [&](const std::string& name) {
    pb::StateGetRequest request;
    request.set_kind("player");
    request.set_id(name);
    return world.call<pb::StateDocument>(designer(), request).has_value();
  };
  EXPECT_TRUE(there("anna"));
  EXPECT_TRUE(there("name999"));
  EXPECT_TRUE(there("name950"));
  EXPECT_FALSE(there("name949"));
  EXPECT_FALSE(world.events_of<pb::EntityGone>("name0").empty()) << "others hear of it";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe
