#include "edge/presence.h"

#include <gtest/gtest.h>

#include "rt/virtual_clock.h"

namespace troupe::edge {
namespace {

using namespace std::chrono_literals;

struct Door {
  boost::asio::io_context io;
  rt::VirtualClock clock{io};
  rt::SeededIds ids{1};
  std::vector<std::string> left;
  Presence presence{
      {io.get_executor(), clock, ids}, 60s, [this](const std::string& player) { left.push_back(player); }};
};

using Names = std::vector<std::string>;

TEST(Presence, WhoComesBackInTimeHasNotLeft) {
  Door door;
  door.presence.came("anna");
  door.presence.went("anna");
  door.clock.advance(59s);
  door.presence.came("anna");
  door.clock.advance(600s);
  EXPECT_EQ(door.left, Names{});
  door.presence.went("anna");
  door.clock.advance(59s);
  EXPECT_EQ(door.left, Names{});
  door.clock.advance(2s);
  EXPECT_EQ(door.left, Names{"anna"});
  door.clock.advance(600s);
  EXPECT_EQ(door.left, Names{"anna"}) << "once";
}

TEST(Presence, TheLastSocketCounts) {
  Door door;
  door.presence.came("anna");
  door.presence.came("anna");
  door.presence.came("ben");
  door.presence.went("anna");
  door.presence.went("ben");
  door.clock.advance(61s);
  EXPECT_EQ(door.left, Names{"ben"});
  door.presence.went("anna");
  door.clock.advance(61s);
  EXPECT_EQ(door.left, (Names{"ben", "anna"}));
}

TEST(Presence, IsBounded) {
  Door door;
  for (std::size_t i = 0; i <= Presence::kAwayMax; ++i) {
    door.presence.came(std::to_string(i));
    door.presence.went(std::to_string(i));
  }
  EXPECT_EQ(door.left, Names{std::to_string(Presence::kAwayMax)});
}

TEST(Presence, NobodyLeavesWhenTheServerStops) {
  Door door;
  door.presence.came("anna");
  door.presence.went("anna");
  door.presence.stop();
  door.presence.went("anna");
  door.clock.advance(61s);
  EXPECT_EQ(door.left, Names{});
}

}  // namespace
}  // namespace troupe::edge
