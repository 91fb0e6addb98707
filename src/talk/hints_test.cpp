#include "talk/hints.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> hints_of(const pack::Pack& pack) {
  std::vector<std::string> out;
  for (const auto& hint : hints_for(pack, language_in("en"))) out.push_back(pack::to_string(hint));
  return out;
}

pack::Pack lanternfall() { return pack::load_pack("worlds/lanternfall").value(); }

TEST(Hints, SayWhoHasTooFewLinesAndWhere) {
  auto pack = lanternfall();
  auto& marta = *std::ranges::find(pack.npcs, "marta", [](const auto& who) { return who.id.str(); });
  marta.lines[pack::LineKind::greeting] = {"Mind the net."};
  marta.lines[pack::LineKind::idle] = {"Knots.", "Fog.", "knots."};
  marta.lines[pack::LineKind::price] = {"{price} {coin}."};
  marta.goods.clear();
  const auto hints = hints_of(pack);
  EXPECT_THAT(hints, Contains(AllOf(HasSubstr("marta.yaml:"), HasSubstr("greeting"))));
  EXPECT_THAT(hints, Contains(HasSubstr("twice among idle")));
  EXPECT_THAT(hints, Contains(HasSubstr("sells nothing")));
}

TEST(Hints, SayWhatNobodyCanTellOrAskFor) {
  auto pack = lanternfall();
  pack::Fact fact = pack.facts.front();
  fact.id = pack::FactId("unheard");
  fact.is_public = false;
  fact.holders.clear();
  fact.asks.clear();
  pack.facts.push_back(fact);
  fact.id = pack::FactId("unfindable");
  fact.holders = {pack.npcs.front().id};
  fact.secret = false;
  fact.text = "It was so, and it will be so.";
  fact.topics.clear();
  pack.facts.push_back(fact);
  fact.id = pack::FactId("sealed");
  fact.secret = true;
  fact.share_with = {};
  fact.reveal = "I will tell you.";
  pack.facts.push_back(fact);
  const auto hints = hints_of(pack);
  EXPECT_THAT(hints, Contains(HasSubstr("nobody knows fact 'unheard'")));
  EXPECT_THAT(hints, Contains(HasSubstr("other facts than 'unfindable'")));
  EXPECT_THAT(hints, Contains(HasSubstr("secret 'sealed' is never said")));
}

TEST(Hints, AreBounded) {
  auto pack = lanternfall();
  for (int i = 0; i < 300; ++i) {
    pack::Fact fact;
    fact.id = pack::FactId("f" + std::to_string(i));
    fact.text = "Something.";
    pack.facts.push_back(fact);
  }
  EXPECT_EQ(hints_for(pack, language_in("en")).size(), kHintsMax);
}

}  // namespace
}  // namespace troupe::talk
