#include "edge/ws_filter.h"

#include <gtest/gtest.h>

#include <cmath>

#include <cmath>

#include "troupe/v1/time.pb.h"

namespace troupe::edge {
namespace {

using namespace std::chrono_literals;

HubEventPtr event(std::uint64_t sequence, const std::string& type, const std::string& subject = "",
                  const std::string& place = "") {
  pb::Envelope envelope;
  envelope.set_sequence(sequence);
  envelope.set_type(type);
  envelope.set_subject(subject);
  envelope.set_place(place);
  return make_hub_event(std::move(envelope));
}

pb::Frame::Subscribe subscribe(const std::vector<std::string>& types,
                               const std::vector<std::string>& places = {}) {
  pb::Frame::Subscribe s;
  for (const auto& type : types) s.add_types(type);
  for (const auto& place : places) s.add_places(place);
  return s;
}

TEST(Filter, TypesAndPlaces) {
  const auto all = make_filter(subscribe({}), pb::ROLE_PLAYER);
  EXPECT_TRUE(all->wants(*event(1, "PhaseChanged", "", "far")));
  const auto some = make_filter(subscribe({"PhaseChanged"}, {"near", "mid"}), pb::ROLE_PLAYER);
  EXPECT_TRUE(some->wants(*event(1, "PhaseChanged", "", "near")));
  EXPECT_TRUE(some->wants(*event(1, "PhaseChanged")));  // without a place: everywhere
  EXPECT_FALSE(some->wants(*event(1, "PhaseChanged", "", "far")));
  EXPECT_FALSE(some->wants(*event(1, "DayChanged", "", "near")));
}

TEST(Filter, OnlyTypesThatOneMaySee) {
  struct Case {
    pb::Role role;
    bool operators;
  };
  for (const auto& c :
       {Case{pb::ROLE_PLAYER, false}, Case{pb::ROLE_NPC, false}, Case{pb::ROLE_GAME_SERVER, true},
        Case{pb::ROLE_DESIGNER, true}, Case{pb::ROLE_ADMIN, true}}) {
    EXPECT_EQ(make_filter(subscribe({"TimerFired"}), c.role).has_value(), c.operators) << c.role;
    EXPECT_TRUE(make_filter(subscribe({"PhaseChanged"}), c.role).has_value()) << c.role;
  }
  EXPECT_EQ(make_filter(subscribe({"TimerFired"}), pb::ROLE_PLAYER).error().reason, "events.audience");
}

TEST(Filter, BadSubscriptions) {
  EXPECT_EQ(make_filter(subscribe({"PhaseChaned"}), pb::ROLE_ADMIN).error().message,
            "no event type 'PhaseChaned'; did you mean 'PhaseChanged'?");
  for (const double rate : {-1.0, 10'001.0, std::nan("")}) {
    auto s = subscribe({});
    s.set_rate_per_s(rate);
    EXPECT_EQ(make_filter(s, pb::ROLE_ADMIN).error().reason, "ws.bad_subscribe") << rate;
  }
  auto area = subscribe({});
  area.mutable_area()->set_radius(0);
  EXPECT_EQ(make_filter(area, pb::ROLE_ADMIN).error().reason, "ws.bad_subscribe");
  EXPECT_EQ(
      make_filter(subscribe(std::vector<std::string>(257, "PhaseChanged")), pb::ROLE_ADMIN).error().reason,
      "ws.bad_subscribe");
}

// What goes out at `now`: "sequence:coalesced" each.
std::vector<std::string> drain(Pacer& pacer, rt::Instant now) {
  std::vector<std::string> out;
  while (const auto one = pacer.take(now)) {
    out.push_back(std::to_string(one->event->envelope().sequence()) + ":" + std::to_string(one->coalesced));
  }
  return out;
}

TEST(Pacer, WithoutARateEverythingGoesAtOnce) {
  const rt::Instant t{1'000};
  Pacer pacer(0, 4, t);
  for (std::uint64_t i = 1; i <= 100; ++i) pacer.offer(event(i, "A", "same"));
  EXPECT_EQ(drain(pacer, t).size(), 100U);
  EXPECT_TRUE(pacer.next(t).is_never());
}

TEST(Pacer, HoldsBackAndCoalescesPerTypeAndSubject) {
  const rt::Instant t{1'000'000'000};
  Pacer pacer(2, 100, t);  // two at once, then one each half second
  pacer.offer(event(1, "A", "x"));
  pacer.offer(event(2, "A", "y"));
  EXPECT_EQ(drain(pacer, t), (std::vector<std::string>{"1:0", "2:0"}));
  pacer.offer(event(3, "A", "x"));
  pacer.offer(event(4, "B", "x"));
  pacer.offer(event(5, "A", "x"));
  pacer.offer(event(6, "A", "x"));
  EXPECT_EQ(drain(pacer, t), std::vector<std::string>());
  EXPECT_EQ(pacer.waiting(), 2U);
  const rt::Instant next = pacer.next(t);
  EXPECT_NEAR(static_cast<double>((next - t).count()), 5e8, 1e3);
  EXPECT_EQ(drain(pacer, t + 499ms), std::vector<std::string>());
  // In the order of their sequence, so that the last one seen is a cursor.
  EXPECT_EQ(drain(pacer, next), (std::vector<std::string>{"4:0"}));
  EXPECT_EQ(drain(pacer, next + 500ms), (std::vector<std::string>{"6:2"}));
  EXPECT_TRUE(pacer.next(next).is_never());
}

TEST(Pacer, BeyondItsBoundTheOldestGoesOutEarly) {
  const rt::Instant t{1'000'000'000};
  Pacer pacer(1, 3, t);
  for (std::uint64_t i = 1; i <= 6; ++i) pacer.offer(event(i, "A", std::to_string(i)));
  EXPECT_EQ(drain(pacer, t), (std::vector<std::string>{"1:0", "2:0", "3:0"}));
  EXPECT_EQ(pacer.waiting(), 3U);
  ASSERT_TRUE(pacer.take_anyway());
  EXPECT_EQ(pacer.waiting(), 2U);
}

}  // namespace
}  // namespace troupe::edge
