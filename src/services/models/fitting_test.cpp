// Which listed model a machine is told of: the largest that fits, and none that is no better than what is
// there.
#include "services/models/fitting.h"

#include <gtest/gtest.h>

namespace troupe::models {
namespace {

constexpr std::int64_t kGb = 1'000'000'000;

CatalogueEntry listed(const std::string& name, double billions, bool card = false) {
  return {.name = name,
          .file = name + ".gguf",
          .sha256 = "",
          .licence = "Apache-2.0",
          .tiers = {"silver", "bronze"},
          .listed = true,
          .wants_card = card,
          .parameters = static_cast<std::int64_t>(billions * 1e9)};
}
CatalogueEntry with_file(const std::string& name, std::int64_t size, bool local,
                         const std::string& tier = "silver") {
  return {
      .name = name, .file = "", .sha256 = "", .size = size, .licence = "", .tiers = {tier}, .local = local};
}

struct Case {
  const char* what;
  Machine machine;
  std::set<std::string> here;
  std::string best;
};

TEST(Fitting, TheLargestThatFitsAndIsBetter) {
  const std::vector<CatalogueEntry> known = {with_file("small-own", kGb / 2, true),
                                             with_file("large-own", 3 * kGb, true),
                                             with_file("own-vectors", 9 * kGb, true, "embedding"),
                                             listed("for-a-card", 8, true),
                                             listed("middle", 2.5),
                                             listed("little", 1.5),
                                             with_file("default", 2 * kGb, false)};
  for (const auto& [what, machine, here, best] : {
           Case{"nothing fits", {.memory_bytes = 5 * kGb}, {"default"}, ""},
           Case{"nothing is known of the machine", {}, {"default"}, ""},
           Case{"5.9 GB", {.memory_bytes = 59 * kGb / 10}, {"default"}, "little"},
           Case{"6.4 GB are not enough for the next", {.memory_bytes = 64 * kGb / 10}, {"default"}, "little"},
           Case{"6.5 GB are", {.memory_bytes = 65 * kGb / 10}, {"default"}, "middle"},
           Case{"memory is no card", {.memory_bytes = 500 * kGb}, {"default"}, "middle"},
           Case{"a card that is too small", {16 * kGb, 5 * kGb}, {"default"}, "middle"},
           Case{"a card", {16 * kGb, 6 * kGb}, {"default"}, "for-a-card"},
           Case{"it is here", {.memory_bytes = 16 * kGb}, {"default", "middle"}, ""},
           Case{"a better one is here", {.memory_bytes = 16 * kGb}, {"for-a-card"}, ""},
           Case{"a smaller one is here", {.memory_bytes = 16 * kGb}, {"little"}, "middle"},
           Case{"what somebody brought is smaller", {.memory_bytes = 16 * kGb}, {"small-own"}, "middle"},
           Case{"what somebody brought is larger", {.memory_bytes = 16 * kGb}, {"large-own"}, ""},
           Case{"what makes vectors does not talk", {.memory_bytes = 16 * kGb}, {"own-vectors"}, "middle"},
       }) {
    const auto* found = best_fitting(known, here, machine);
    EXPECT_EQ(found == nullptr ? "" : found->name, best) << what;
  }
}

TEST(Fitting, TheLineSaysWhatItNeedsAndHowToGetIt) {
  EXPECT_EQ(
      fitting_in_words(listed("middle", 2.5)),
      "middle would fit this machine: 2.5 B parameters, Apache-2.0, about 2.5 GB of memory, never tried "
      "here; `troupe models pull middle` fetches it");
  EXPECT_EQ(
      fitting_in_words(listed("large", 8, true)),
      "large would fit this machine's graphics card: 8.0 B parameters, Apache-2.0, about 5.8 GB of its "
      "memory, never tried here; `troupe models pull large` fetches it, `make run GPU=vulkan` uses the card");
  EXPECT_GT(look_at_machine().memory_bytes, 0);
}

TEST(Fitting, WhatTheCatalogueListsIsNotFetchedByItselfAndHasNoInventedHash) {
  const auto catalogue = load_catalogue("");
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  int count = 0;
  bool others = false;
  for (const auto& entry : *catalogue) {
    if (!entry.listed) {
      others = true;
      EXPECT_EQ(entry.sha256.size(), 64U) << entry.name;
      continue;
    }
    ++count;
    EXPECT_FALSE(others) << entry.name << ": where it is there, it answers before the others";
    EXPECT_EQ(entry.sha256, "") << entry.name;
    EXPECT_EQ(entry.size, 0) << entry.name;
    EXPECT_GT(entry.parameters, 1'000'000'000) << entry.name;
    EXPECT_TRUE(entry.sources.at(0).starts_with("https://huggingface.co/")) << entry.name;
    EXPECT_TRUE(entry.sources.at(0).ends_with("/" + entry.file)) << entry.name;
    EXPECT_EQ(find_installed(entry, "/nowhere").state, FileState::missing);
  }
  EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace troupe::models
