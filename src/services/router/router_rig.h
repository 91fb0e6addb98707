#pragma once
// Test only: a world whose only services are the router and events, on engines that answer when the test says
// so.
#include <gmock/gmock.h>

#include "services/router/fake_engine.h"
#include "services/router/router_service.h"
#include "tests/support/world_fixture.h"

namespace troupe::test {

// The router and its engines, made again at each restart. `configure` sees the engines.
class RouterRig {
 public:
  using Configure = std::function<void(RouterRig&, RouterConfig&)>;
  explicit RouterRig(std::vector<std::string> engines, Configure configure = {})
      : names_(std::move(engines)), configure_(std::move(configure)), world({mounts()}) {}

  FakeEngine& engine(const std::string& name) { return *engines_.at(name); }
  Route route(const std::string& name, inference::Price price = {}) {
    return {.engine = engines_.at(name).get(), .model = name, .writes = name != "reflex", .price = price};
  }
  RouterService& router() { return *router_; }

  static pb::RouterGenerateRequest line(const std::string& player = "", const std::string& npc = "") {
    pb::RouterGenerateRequest request;
    request.set_tier("silver");
    request.set_player(player);
    request.set_npc(npc);
    request.set_tokens_max(10);
    request.set_temperature(0.7);  // drawn anew each time: nothing is taken from what was answered before
    auto* message = request.add_messages();
    message->set_role("user");
    message->set_text("Who keeps the light?");
    return request;
  }
  World::Answer ask(const pb::RouterGenerateRequest& request, Caller caller = server()) {
    auto answer = world.start(std::move(caller), request);
    world.settle();
    return answer;
  }
  // For engines that answer at once.
  Result<pb::RouterGenerateReply> generate(const pb::RouterGenerateRequest& request) {
    return world.call<pb::RouterGenerateReply>(server(), request);
  }
  static std::string text(const World::Answer& answer) {
    if (!answer->has_value()) return "(nothing yet)";
    const auto reply = World::parse<pb::RouterGenerateReply>(**answer);
    return reply ? reply->text() : reply.error().reason;
  }
  pb::RouterStatusReply status() {
    return *world.call<pb::RouterStatusReply>(designer(), pb::RouterStatusRequest());
  }
  pb::RouterStatusReply::Tier tier(const std::string& name) {
    for (const auto& tier : status().tiers()) {
      if (tier.tier() == name) return tier;
    }
    return {};
  }
  void gone(const std::string& kind, const std::string& id);

 private:
  Mount mounts() {
    return [this](Host& host) -> std::shared_ptr<void> {
      for (const auto& name : names_) {
        engines_[name] = std::make_unique<FakeEngine>(
            host.env(), name == "reflex" ? "reflex" : "fake-" + name, std::vector{name});
      }
      RouterConfig config;
      for (const auto& name : names_) {
        config.tiers[name == "reflex" ? engine::Tier::gold : engine::Tier::silver].push_back(route(name));
      }
      if (configure_) configure_(*this, config);
      auto made = std::make_shared<RouterService>(host, config);
      made->mount();
      // What a service would do that finds somebody gone.
      host.serve(&RouterRig::take_away, this);
      router_ = made.get();
      return made;
    };
  }
  Result<pb::EventsPublishReply> take_away(Turn& turn, const Caller&,
                                           const pb::EventsPublishRequest& request) {
    pb::EntityGone event;
    event.set_kind(request.subject());
    event.set_id(request.place());
    turn.emit(event, {.subject = event.id()});
    return pb::EventsPublishReply();
  }

  std::vector<std::string> names_;
  Configure configure_;
  std::map<std::string, std::unique_ptr<FakeEngine>> engines_;
  RouterService* router_ = nullptr;

 public:
  World world;
};

inline void RouterRig::gone(const std::string& kind, const std::string& id) {
  pb::EventsPublishRequest request;
  request.set_subject(kind);
  request.set_place(id);
  ASSERT_TRUE(world.call<pb::EventsPublishReply>(designer(), request));
}

}  // namespace troupe::test
