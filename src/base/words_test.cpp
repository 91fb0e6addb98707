#include "base/words.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Words, ANameStandsInASentence) {
  const std::pair<const char*, const char*> rows[] = {
      {"storm", "a storm"},          {"EXTREME_COLD", "extreme cold"},
      {"heavy_snow", "heavy snow"},  {"blizzard", "a blizzard"},
      {"old_net", "an old net"},     {"OIL_LAMP", "an oil lamp"},
      {"hourglass", "an hourglass"}, {"unicorn", "a unicorn"},
      {"umbrella", "an umbrella"},   {"", ""}};
  for (const auto& [name, said] : rows) EXPECT_EQ(with_article(name), said);
  EXPECT_EQ(sentence_case(with_article("EXTREME_HEAT")) + " is coming.", "Extreme heat is coming.");
  EXPECT_EQ(sentence_case(with_article("STORM")) + " is coming.", "A storm is coming.");
}

}  // namespace
}  // namespace troupe
