#include "base/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace troupe {
namespace {

struct Case {
  std::string name;
  std::string bytes;
  std::string events;  // "name=data;" each
};

std::string events_of(const std::string& bytes, std::size_t piece) {
  SseParser parser;
  std::string events;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    EXPECT_TRUE(parser.feed(std::string_view(bytes).substr(i, piece),
                            [&](const SseEvent& event) { events += event.name + "=" + event.data + ";"; }));
  }
  return events;
}

class Sse : public ::testing::TestWithParam<Case> {};

TEST_P(Sse, IsTheSameInWhateverPiecesItComes) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    EXPECT_EQ(events_of(GetParam().bytes, piece), GetParam().events) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Sse,
    ::testing::Values(Case{"named", "event: delta\ndata: {\"text\":\"a\"}\n\nevent: done\ndata: {}\n\n",
                           "delta={\"text\":\"a\"};done={};"},
                      Case{"unnamed", "data: x\n\n", "message=x;"},
                      Case{"a_name_lasts_one_event", "event: a\ndata: 1\n\ndata: 2\n\n", "a=1;message=2;"},
                      Case{"lines_are_joined", "data: one\ndata:two\ndata\n\n", "message=one\ntwo\n;"},
                      Case{"crlf", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", "a=1;message=2;"},
                      Case{"cr", "data: 1\r\rdata: 2\r\r", "message=1;message=2;"},
                      Case{"comments_and_other_fields", ": alive\nid: 7\nretry: 10\ndata: x\n\n",
                           "message=x;"},
                      Case{"no_data_no_event", "event: a\n\ndata: x\n\n", "message=x;"},
                      Case{"only_the_first_space_goes", "data:  x: y\n\n", "message= x: y;"},
                      Case{"cut_off", "data: x\n\ndata: y\n", "message=x;"}),
    [](const auto& param) { return param.param.name; });

TEST(SseLimits, AnEventWithoutEndIsRefused) {
  SseParser parser;
  const std::string line = "data: " + std::string(64 * 1024, 'x') + "\n";
  bool fits = true;
  std::size_t fed = 0;
  while (fits && fed < 2 * kSseEventBytesMax) {
    fits = parser.feed(line, [](const SseEvent&) {});
    fed += line.size();
  }
  EXPECT_FALSE(fits);
  EXPECT_LE(fed, kSseEventBytesMax + line.size());
}

}  // namespace
}  // namespace troupe
