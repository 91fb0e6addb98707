// A room's log where the room is, and over the bus: the same.
#include "host/room_log.h"

#include <gmock/gmock.h>

#include "host/table.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/time.pb.h"

namespace troupe {
namespace {

using test::designer;

// time.Schedule emits `at_ms` events with the payload that it is given.
struct Bell {
  explicit Bell(Host& host) : host(host) {}
  void mount() { host.serve(&Bell::ring, this); }
  Result<pb::TimeScheduleReply> ring(Turn& turn, const Caller&, const pb::TimeScheduleRequest& request) {
    pb::TimerFired event;
    event.set_payload(request.payload());
    for (std::int64_t i = 0; i < request.at_ms(); ++i) turn.emit(event, {.subject = "bell"});
    return pb::TimeScheduleReply();
  }
  Host& host;
};

struct RoomLog : testing::Test {
  test::World world{{test::mount<Bell>()}};
  BusLog far{world.env(), world.bus(), "testworld"};

  void ring(int times, const std::string& payload = "") {
    pb::TimeScheduleRequest request;
    request.set_at_ms(times);
    request.set_payload(payload);
    ASSERT_TRUE(world.call<pb::TimeScheduleReply>(designer(), request));
  }
  // "1 2 of 2", "1 of 2 more", or a reason.
  std::string read(Log& log, std::uint64_t after, std::size_t limit) {
    std::optional<std::string> said;
    world.host().spawn("read", [&]() -> rt::asio::awaitable<void> {
      const auto seen = std::make_shared<std::string>();
      const auto page = co_await log.read(after, limit, [seen](std::string_view bytes) {
        pb::Envelope envelope;
        EXPECT_TRUE(envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        EXPECT_EQ(envelope.world(), "testworld");
        *seen += std::to_string(envelope.sequence()) + " ";
      });
      said = page ? *seen + "of " + std::to_string(page->tail) + (page->more ? " more" : "")
                  : page.error().reason;
    });
    world.run_until([&] { return said.has_value(); });
    return *said;
  }
};

TEST_F(RoomLog, IsTheSameFromAfar) {
  DbLog near(world.db(), "testworld");
  EXPECT_EQ(read(far, 0, 10), "of 0");
  ring(5);
  for (Log* log : {static_cast<Log*>(&near), static_cast<Log*>(&far)}) {
    EXPECT_EQ(read(*log, 0, 0), "of 5");
    EXPECT_EQ(read(*log, 0, 10), "1 2 3 4 5 of 5");
    EXPECT_EQ(read(*log, 1, 2), "2 3 of 5 more");
    EXPECT_EQ(read(*log, 5, 2), "of 5");
    EXPECT_EQ(read(*log, 9, 2), "of 5");
  }
  near.over();
  EXPECT_EQ(read(near, 0, 10), "world.asleep");
}

TEST_F(RoomLog, APageFitsIntoAMessage) {
  ring(400, std::string(4096, 'x'));
  std::uint64_t after = 0;
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const std::string said = read(far, after, 1000);
    more = said.ends_with("more");
    EXPECT_EQ(said.substr(0, said.find(' ')), std::to_string(after + 1));
    const auto last = said.rfind(' ', said.find(" of") - 1);
    after = std::stoull(said.substr(last + 1));
  }
  EXPECT_EQ(after, 400U);
  EXPECT_GT(pages, 2);
}

TEST_F(RoomLog, IsForServicesAlone) {
  ring(1);
  std::optional<std::string> said;
  world.host().spawn("stranger", [&]() -> rt::asio::awaitable<void> {
    const auto deadline = world.env().now() + std::chrono::seconds(1);
    const auto reply = co_await world.bus().request(
        {"svc.testworld.log.Read", encode_header(world.env(), {.name = "dora", .role = pb::ROLE_DESIGNER}),
         ""},
        deadline);
    said = reply ? "answered" : reply.error().reason;
  });
  world.run_until([&] { return said.has_value(); });
  EXPECT_EQ(*said, "rpc.role");
  BusLog nobody(world.env(), world.bus(), "moon");
  EXPECT_EQ(read(nobody, 0, 1), "world.away");
}

}  // namespace
}  // namespace troupe
