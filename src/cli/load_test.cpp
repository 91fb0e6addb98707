// The player simulator, against a server that answers as the real one does.
#include <gmock/gmock.h>

#include "cli/load_player.h"
#include "cli/metrics_text.h"
#include "cli/test_server.h"

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMetrics = R"(# HELP troupe_npc_acts_total x
troupe_npc_acts_total 80
troupe_npc_people 8
troupe_ai_deadlines_total{kind="choose",met="yes",tier="gold"} 5
troupe_ai_deadlines_total{kind="choose",met="no",tier="gold"} 1
troupe_ai_deadlines_total{kind="talk",met="no",tier="silver"} 7
late_bucket{le="0.001"} 90
late_bucket{le="0.01"} 99
late_bucket{le="+Inf"} 100
)";

TEST(MetricsText, SumsWhatHasAllLabels) {
  const auto metrics = parse_metrics(kMetrics);
  EXPECT_EQ(total(metrics, "troupe_ai_deadlines_total"), 13);
  EXPECT_EQ(total(metrics, "troupe_ai_deadlines_total", {"kind=\"choose\""}), 6);
  EXPECT_EQ(total(metrics, "troupe_ai_deadlines_total", {"kind=\"choose\"", "met=\"no\""}), 1);
  EXPECT_EQ(total(metrics, "troupe_npc"), 0) << "not by the beginning of a name";
}

TEST(MetricsText, PercentilesOfHistograms) {
  const auto metrics = parse_metrics(kMetrics);
  EXPECT_EQ(histogram_percentile(metrics, "late", .5), .001);
  EXPECT_EQ(histogram_percentile(metrics, "late", .99), .01);
  EXPECT_EQ(histogram_percentile(metrics, "nothing", .99), 0);
  EXPECT_EQ(histogram_percentile(between(metrics, metrics), "late", .99), 0);
}

TEST(Percentile, OfValues) {
  EXPECT_EQ(percentile({}, .5), 0);
  EXPECT_EQ(percentile({7}, .99), 7);
  EXPECT_EQ(percentile({3, 1, 2}, .5), 2);
  EXPECT_EQ(percentile({3, 1, 2}, .99), 3);
}

// Somebody stands where the player comes into the world, and answers.
TestReply town(const SeenRequest& request) {
  if (request.line == "GET /metrics") return {.body = kMetrics, .type = "text/plain"};
  const std::string marta = R"({"id":"marta","x":0,"y":0})";
  if (request.line == "POST /api/npc/List") return {.body = R"({"npcs":[)" + marta + "]}"};
  if (request.line == "POST /api/npc/Get") return {.body = marta};
  if (request.line != "POST /api/npc/Talk") return {};
  return {.body =
              "event: delta\ndata: {\"text\":\"Aye\"}\n\n"
              "event: done\ndata: {\"text\":\"Aye\",\"tier\":\"silver\",\"deadline_met\":true}\n\n",
          .type = "text/event-stream"};
}

TEST(Load, APlayerWalksUpAndTalks) {
  TestServer server(town);
  LoadClock clock(std::chrono::minutes(2));
  LoadPlayer player({.url = server.url(), .player = "load-1"}, 1, 0, clock, nullptr);
  std::jthread playing([&] { player.play(); });
  LoadFigures figures;
  while (figures.answer_ms.empty() && !clock.over()) {
    figures.add(player.take());
    std::this_thread::yield();
  }
  clock.end();
  EXPECT_GE(figures.input_ms.size(), 10U)
      << "28 metres at 6 m/s, four inputs a second, then at least two seconds there";
  ASSERT_EQ(figures.first_word_ms.size(), 1U);
  EXPECT_EQ(figures.tiers.at("silver"), 1);
  EXPECT_EQ(figures.deadlines_missed, 0);
  EXPECT_TRUE(figures.failed.empty());
}

TEST(Load, ReportsAndCountsWhatFails) {
  TestServer server([](const SeenRequest& request) -> TestReply {
    if (request.line == "GET /metrics") return {.body = kMetrics, .type = "text/plain"};
    return {.status = 503,
            .body = R"({"error":{"code":"unavailable","reason":"rpc.busy","message":"busy"}})"};
  });
  Screen screen;
  EXPECT_EQ(screen.run({"load", "--players", "2", "--seconds", "5", "--json", "--server", server.url()}), 0);
  const auto report = Json::parse(screen.out.str());
  EXPECT_EQ(report.at("players"), 2);
  EXPECT_GE(number_in(object_in(report, "failed"), "rpc.busy"), 1) << screen.out.str();
  EXPECT_EQ(report.at("choices_late"), 0) << "of this time, not of the server's life";
}

TEST(Load, SaysInOneLineThatNobodyIsThere) {
  const LoopbackPort nobody;
  Screen screen;
  EXPECT_EQ(screen.run({"load", "--server", nobody.url()}), 1);
  EXPECT_THAT(screen.err.str(), HasSubstr("no server"));
}

}  // namespace
}  // namespace troupe::cli
