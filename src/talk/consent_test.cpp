#include "talk/consent.h"

#include <gtest/gtest.h>

namespace troupe::talk {
namespace {

struct Row {
  const char* what;
  Asked asked;
  bool does;
  AnswerKind says;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.what; }

class ConsentTest : public testing::TestWithParam<Row> {};

TEST_P(ConsentTest, Row) {
  const auto& row = GetParam();
  const auto got = consents(row.asked);
  EXPECT_EQ(got.does, row.does) << got.why;
  EXPECT_EQ(got.says, row.says) << got.why;
  EXPECT_FALSE(got.why.empty());
}

constexpr auto kConsent = AnswerKind::consent;
constexpr auto kRefusal = AnswerKind::refusal;

INSTANTIATE_TEST_SUITE_P(
    Rule, ConsentTest,
    testing::Values(
        Row{"who can pay is sold to",
            {.deed = Deed::sell, .price = 18, .purse = 18},
            true,
            AnswerKind::price},
        Row{"who cannot pay is told so",
            {.deed = Deed::sell, .price = 18, .purse = 17},
            false,
            AnswerKind::too_dear},
        Row{"an enemy is sold nothing",
            {.deed = Deed::sell, .anger = .8, .price = 1, .purse = 9},
            false,
            kRefusal},
        Row{"a gift for a friend", {.deed = Deed::give, .trust = .1, .affection = .6}, true, kConsent},
        Row{"a gift for who is trusted", {.deed = Deed::give, .trust = .8}, true, kConsent},
        Row{"no gift for a stranger", {.deed = Deed::give, .trust = .3, .affection = .1}, false, kRefusal},
        Row{"fear gives nothing away", {.deed = Deed::give, .trust = .3, .fear = .9}, false, kRefusal},
        Row{"a stranger is not followed", {.deed = Deed::join, .trust = .3}, false, kRefusal},
        Row{"who is trusted is followed", {.deed = Deed::join, .trust = .4}, true, kConsent},
        Row{"who is feared is followed", {.deed = Deed::join, .fear = .8}, true, kConsent},
        Row{"work for a stranger", {.deed = Deed::other, .trust = .3}, true, kConsent},
        Row{"no work for who is distrusted", {.deed = Deed::other, .trust = .1}, false, kRefusal},
        Row{"the agreeable do more", {.deed = Deed::join, .trust = .35, .agreeableness = 1}, true, kConsent},
        Row{"the disagreeable do less",
            {.deed = Deed::join, .trust = .45, .agreeableness = 0},
            false,
            kRefusal},
        Row{"nobody is hurt for an acquaintance", {.deed = Deed::harm, .trust = .6}, false, kRefusal},
        Row{"nor out of fear", {.deed = Deed::harm, .trust = .6, .fear = 1}, false, kRefusal},
        Row{"to rest is one's own business", {.deed = Deed::rest, .trust = .4}, false, kRefusal},
        Row{"a verb asks for more",
            {.deed = Deed::other, .trust = .5, .trust_at_least = .9},
            false,
            kRefusal},
        Row{"a verb asks for less", {.deed = Deed::give, .trust = .1, .trust_at_least = 0}, true, kConsent},
        Row{"a verb's own bound knows no fear",
            {.deed = Deed::join, .fear = 1, .trust_at_least = .9},
            false,
            kRefusal}));

}  // namespace
}  // namespace troupe::talk
