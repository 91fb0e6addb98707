// The goals of acting on words, on the lines of bench/acts and without a model's vectors: deeds that nobody
// wished are left, wishes are done. With vectors `bench/run.py acts` measures the same and more.
#include <gtest/gtest.h>

#include "bench/acts/acts_lines.h"

namespace troupe::bench {
namespace {

constexpr double kUnwishedLeft = .95;
constexpr double kWishedDone = .8;

TEST(Acts, reach_their_goals) {
  const std::string folder = TROUPE_BENCH_ACTS;
  const auto language = talk::load_language("talk.en.yaml", std::string(talk::language_file("en")));
  ASSERT_TRUE(language.has_value());
  const auto people = load_act_people(folder + "/worlds.yaml", *language);
  const auto form = talk::built_in_form("en", "");
  ASSERT_TRUE(form.has_value());
  ActCount count;
  for (const ActLine& line : load_act_lines(folder + "/lines.jsonl")) {
    const ActPerson& person = people.at(line.person);
    const talk::Wish wish =
        talk::wish(*language, heard_line(*language, person, line.line), person.candidates, &*form, {});
    count.add(line.want, wish.kind == talk::WishKind::act ? person.written[wish.candidate] : "");
  }
  EXPECT_GE(count.unwished_left(), kUnwishedLeft) << count.done << " deeds that nobody wished";
  EXPECT_GE(count.wished_done(), kWishedDone) << count.missed << " missed, " << count.other << " mistaken";
}

}  // namespace
}  // namespace troupe::bench
