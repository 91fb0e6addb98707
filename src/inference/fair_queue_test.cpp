#include "inference/fair_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "rt/random.h"

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;
using Entry = FairQueue::Entry;

constexpr rt::Instant kLater{60'000'000'000};

// A queue whose tickets remember whose they are.
struct Line {
  explicit Line(const FairLimits& limits) : queue(limits) {}
  Entry enter(const std::string& party, rt::Instant deadline = kLater, rt::nanoseconds takes = 1s) {
    parties[++last] = party;
    return queue.enter(last, party, deadline, takes);
  }
  // Everybody who may begin now, in order.
  std::vector<std::string> begin() {
    std::vector<std::string> who;
    while (const auto next = queue.next()) {
      at_work.push_back(*next);
      who.push_back(parties[*next]);
    }
    return who;
  }
  // The one at work for the longest is done.
  void end_one() {
    queue.leave(at_work.front());
    at_work.erase(at_work.begin());
  }
  FairQueue queue;
  FairQueue::Ticket last = 0;
  std::map<FairQueue::Ticket, std::string> parties;
  std::vector<FairQueue::Ticket> at_work;
};

using Who = std::vector<std::string>;

TEST(FairQueue, AGreedyPartyWaitsBehindItself) {
  Line line({.places = 4, .each_max = 4});
  for (int i = 0; i < 40; ++i) line.enter("greedy");
  EXPECT_EQ(line.begin(), (Who{"greedy", "greedy", "greedy", "greedy"}));
  line.enter("anna");
  line.enter("ben");
  line.end_one();
  EXPECT_EQ(line.begin(), Who{"anna"}) << "whoever comes is next";
  line.end_one();
  EXPECT_EQ(line.begin(), Who{"ben"});
  line.end_one();
  EXPECT_EQ(line.begin(), Who{"greedy"});
}

TEST(FairQueue, TheLastPlacesAreForOthers) {
  Line line({.places = 4, .each_max = 3});
  for (int i = 0; i < 40; ++i) line.enter("greedy");
  EXPECT_EQ(line.begin().size(), 3U);
  line.enter("anna");
  EXPECT_EQ(line.begin(), Who{"anna"}) << "at once";
  line.enter("ben");
  EXPECT_EQ(line.begin(), Who{});
  line.end_one();
  EXPECT_EQ(line.begin(), Who{"ben"});
}

TEST(FairQueue, TheWorldItselfMayHaveEveryPlace) {
  Line line({.places = 4, .each_max = 2});
  for (int i = 0; i < 9; ++i) line.enter("");
  EXPECT_EQ(line.begin().size(), 4U);
}

TEST(FairQueue, APartysOwnLimitIsBelowTheQueues) {
  FairQueue queue({.places = 8, .each_max = 7});
  for (FairQueue::Ticket t = 1; t <= 5; ++t) queue.enter(t, "anna", kLater, 1s, 2);
  EXPECT_TRUE(queue.next() && queue.next());
  EXPECT_FALSE(queue.next());
  queue.leave(1);
  EXPECT_EQ(queue.next(), 3U);
}

TEST(FairQueue, EarliestDeadlineFirstInsideAParty) {
  FairQueue queue({.places = 1, .each_max = 1});
  queue.enter(1, "anna", kLater, 1s);
  queue.enter(2, "anna", kLater + -1s, 1s);
  queue.enter(3, "anna", kLater + -2s, 1s);
  EXPECT_EQ(queue.next(), 3U);
  queue.leave(3);
  EXPECT_EQ(queue.next(), 2U);
}

TEST(FairQueue, LongWorkCountsForMore) {
  Line line({.places = 1, .each_max = 1});
  for (int i = 0; i < 8; ++i) line.enter("long", kLater, 3s);
  for (int i = 0; i < 8; ++i) line.enter("short", kLater, 1s);
  std::map<std::string, int> had;
  for (int i = 0; i < 8; ++i) {
    ++had[line.begin().at(0)];
    line.end_one();
  }
  EXPECT_EQ(had["long"], 2);
  EXPECT_EQ(had["short"], 6);
}

TEST(FairQueue, NobodyGainsByHavingBeenAway) {
  Line line({.places = 1, .each_max = 1});
  for (int i = 0; i < 20; ++i) line.enter("busy");
  for (int i = 0; i < 10; ++i) {
    line.begin();
    line.end_one();
  }
  for (int i = 0; i < 20; ++i) line.enter("back");
  std::map<std::string, int> had;
  for (int i = 0; i < 10; ++i) {
    ++had[line.begin().at(0)];
    line.end_one();
  }
  EXPECT_NEAR(had["busy"], 5, 1);
  // Nor by leaving and coming again.
  Line other({.places = 1, .each_max = 1});
  other.enter("a");
  for (int i = 0; i < 10; ++i) other.enter("b");
  had.clear();
  for (int i = 0; i < 10; ++i) {
    const auto who = other.begin().at(0);
    ++had[who];
    other.end_one();
    if (who == "a") other.enter("a");
  }
  EXPECT_EQ(had["a"], 5);
}

TEST(FairQueue, IsBounded) {
  Line line({.places = 1, .each_max = 1, .waiting_max = 5, .waiting_each_max = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(line.enter("greedy"), Entry::waits);
  EXPECT_EQ(line.enter("greedy"), Entry::party_full);
  EXPECT_FALSE(line.queue.room("greedy"));
  EXPECT_TRUE(line.queue.room("anna"));
  EXPECT_EQ(line.enter("anna"), Entry::waits);
  EXPECT_EQ(line.enter("ben"), Entry::waits);
  EXPECT_EQ(line.enter("carl"), Entry::full);
  EXPECT_EQ(line.queue.waiting(), 5U);
}

TEST(FairQueue, WhoeverLeavesTheLineIsNotCalled) {
  FairQueue queue({.places = 1, .each_max = 1});
  queue.enter(1, "anna", kLater, 1s);
  queue.enter(2, "ben", kLater, 1s);
  EXPECT_EQ(queue.ahead_of("carl"), 2U);
  queue.leave(1);
  queue.leave(1);
  queue.leave(99);
  EXPECT_EQ(queue.ahead_of("carl"), 1U);
  EXPECT_EQ(queue.next(), 2U);
  queue.leave(2);
  EXPECT_EQ(queue.in_flight(), 0U);
  EXPECT_EQ(queue.waiting(), 0U);
}

// Whatever happens: never more at work than there are places, and everybody comes through.
TEST(FairQueue, HoldsItsLimitsWhateverHappens) {
  const rt::Draw draw(7, "test", "fair_queue");
  Line line({.places = 5, .each_max = 3, .waiting_max = 200, .waiting_each_max = 40});
  std::uint64_t n = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto kind = draw.below(3, ++n);
    const auto party = draw.below(30, ++n);
    const auto sooner = draw.below(99, ++n);
    if (kind < 2) line.enter("p" + std::to_string(party), kLater + -rt::nanoseconds(sooner));
    if (kind == 2 && !line.at_work.empty()) line.end_one();
    if (draw.below(10, ++n) == 0) line.queue.leave(draw.below(line.last + 1, ++n) + 1);
    line.begin();
    ASSERT_LE(line.queue.in_flight(), 5U);
    ASSERT_LE(line.queue.waiting(), 200U);
  }
  while (!line.at_work.empty()) {
    line.end_one();
    line.begin();
  }
  EXPECT_EQ(line.queue.in_flight(), 0U);
  EXPECT_EQ(line.queue.waiting(), 0U);
}

}  // namespace
}  // namespace troupe::inference
