#pragma once
// Test only: a small harbour with three factions and two goods, in a world with the world service alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/world/world_service.h"
#include "tests/support/small_pack.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::world {

// Three factions round a harbour: the crown is strong, the guild cannot stand it, the boats are by themselves.
inline pack::Pack harbour() {
  auto pack = test::small_pack();
  const auto place = [&](const char* id, std::vector<pack::PlaceId> neighbours) {
    pack.places.push_back({.id = pack::PlaceId(id), .name = id, .neighbours = std::move(neighbours)});
  };
  const pack::PlaceId quay("quay"), market("market"), hill("hill"), cove("cove");
  place("quay", {market, cove});
  place("market", {quay, hill});
  place("hill", {market});
  place("cove", {quay});
  const pack::FactionId crown("crown"), guild("guild"), boats("boats");
  pack.factions = {
      {.id = crown, .name = "the Crown", .power = 80, .treasury = 9000, .territory = {quay, market}},
      {.id = guild, .name = "the Guild", .power = 20, .treasury = 500, .territory = {hill}},
      {.id = boats, .name = "the Boats", .power = 50, .treasury = 700, .territory = {cove}}};
  pack.factions[0].relations = {{guild, -.6}};
  pack.factions[1].relations = {{crown, -.7}};
  pack.factions[1].goals = {"Be left alone."};
  pack::Good oil{
      .id = pack::GoodId("oil"), .name = "oil", .unit = "a can", .base_price = 48, .volatility = .5};
  oil.sold_at = {market};
  oil.made = {{quay, 6}};
  oil.used = {{hill, 6}};
  pack::Good eel{.id = pack::GoodId("eel"), .name = "eel", .unit = "one", .base_price = 5, .volatility = .2};
  eel.sold_at = {quay, cove};
  pack.goods = {oil, eel};
  for (const auto& [id, faction] :
       {std::pair{"ada", crown}, std::pair{"ben", guild}, std::pair{"cob", guild}})
    pack.npcs.push_back({.id = pack::NpcId(id), .name = id, .faction = faction});
  pack::Verb buy{.id = pack::VerbId("purchase")};
  pack.verbs = {buy};
  pack.verbs[0].effects = {{.kind = pack::Effect::Kind::pay,
                            .ref = {pack::Ref::Kind::param, "good"},
                            .from = pack::Ref{},
                            .to = pack::Ref{pack::Ref::Kind::param, "seller"},
                            .amount = {.price = true}}};
  return pack;
}

// Stands for npc and capabilities: says that somebody has died, or bought something at the market.
class Teller {
 public:
  Teller(const pack::Pack&, Host& host) : host_(host) {}
  void mount() {
    host_.serve(&Teller::die, this);
    host_.serve(&Teller::execute, this);
  }

 private:
  Result<pb::NpcView> die(Turn& turn, const Caller&, const pb::NpcDieRequest& request) {
    pb::NpcDied event;
    event.set_npc(request.npc());
    event.set_by(request.by());
    turn.emit(event, {.subject = request.npc(), .place = "quay"});
    return pb::NpcView();
  }
  Result<pb::Verdict> execute(Turn& turn, const Caller& caller,
                              const pb::CapabilitiesExecuteRequest& request) {
    pb::VerbExecuted event;
    event.set_kind(caller.role == pb::ROLE_PLAYER ? "player" : "npc");
    *event.mutable_action() = request.action();
    turn.emit(event, {.subject = caller.name, .place = "market"});
    return pb::Verdict();
  }
  Host& host_;
};

struct WorldRig : testing::Test {
  const pack::Pack pack = harbour();
  std::unique_ptr<test::World> world = open(1);

  std::unique_ptr<test::World> open(std::uint64_t seed, Limits limits = {}) {
    const test::Mount service = [this, limits](Host& host) -> std::shared_ptr<void> {
      auto made = std::make_shared<WorldService>(pack, host, limits);
      made->mount();
      return made;
    };
    return std::make_unique<test::World>(std::vector<test::Mount>{test::mount<Teller>(pack), service},
                                         test::WorldOptions{.seed = seed, .scale = {Scale::kMax}});
  }

  template <class Reply, class Request>
  Reply must(const Request& request, const Caller& caller = test::designer()) {
    const auto reply = world->call<Reply>(caller, request);
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
    return reply.value_or(Reply());
  }
  pb::WorldMarketReply::Good oil() {
    pb::WorldMarketRequest request;
    request.set_place("market");
    for (const auto& good : must<pb::WorldMarketReply>(request).goods()) {
      if (good.good() == "oil") return good;
    }
    ADD_FAILURE() << "no oil";
    return {};
  }
  Result<pb::WorldShockReply> shock(const std::string& kind, double strength, const std::string& good = "oil",
                                    const std::string& place = "market") {
    pb::WorldShockRequest request;
    request.set_kind(kind);
    request.set_good(good);
    request.set_place(place);
    request.set_strength(strength);
    return world->call<pb::WorldShockReply>(test::designer(), request);
  }
  Result<pb::WorldResolveReply> resolve(const std::string& faction, const std::string& against,
                                        const std::string& how) {
    pb::WorldResolveRequest request;
    request.set_faction(faction);
    request.set_against(against);
    request.set_how(how);
    return world->call<pb::WorldResolveReply>(test::designer(), request);
  }
  pb::WorldFactionsReply::Faction faction(const std::string& id, const Caller& caller = test::designer()) {
    for (const auto& one : must<pb::WorldFactionsReply>(pb::WorldFactionsRequest(), caller).factions()) {
      if (one.id() == id) return one;
    }
    ADD_FAILURE() << "no " << id;
    return {};
  }
  void kill(const std::string& npc, const std::string& by) {
    pb::NpcDieRequest request;
    request.set_npc(npc);
    request.set_cause("a blow");
    request.set_by(by);
    (void)must<pb::NpcView>(request);
  }
  // Types of the chain of causes, the event first.
  std::vector<std::string> why(const std::string& event_id) {
    pb::WorldWhyRequest request;
    request.set_event_id(event_id);
    std::vector<std::string> types;
    for (const auto& link : must<pb::WorldWhyReply>(request).chain()) types.push_back(link.type());
    return types;
  }
  std::string id_of(const EventRecord& event) { return event_log::event_id("testworld", event.sequence); }
  std::vector<EventRecord> logged(const std::string& type) {
    auto all = world->history();
    std::erase_if(all, [&](const EventRecord& event) { return event.type != type; });
    return all;
  }
};

}  // namespace troupe::world
