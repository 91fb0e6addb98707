// Grades outlive the server that they were found on, belong to what was judged, and are no more than so many.
#include "services/models/grades.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace troupe::models {
namespace {

namespace fs = std::filesystem;

class GradesTest : public ::testing::Test {
 protected:
  GradesTest() {
    std::string pattern = (fs::temp_directory_path() / "troupe-grades-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  ~GradesTest() override { fs::remove_all(dir_); }
  static pb::ModelGrade grade(double ground, std::initializer_list<const char*> may = {}) {
    pb::ModelGrade out;
    out.set_examined(true);
    out.set_ground(ground);
    for (const auto* name : may) out.add_may(name);
    return out;
  }
  fs::path dir_;
};

TEST_F(GradesTest, AreKeptByWhatWasJudged) {
  EXPECT_TRUE(load_grades(dir_).empty());
  const auto far = remote_key("far", "https://host/v1", "m");
  ASSERT_TRUE(keep_grade("aa", grade(.5), dir_ / "models")) << "a server without weights has no folder yet";
  ASSERT_TRUE(keep_grade(far, grade(.75, {"rephrase", "small_talk"}), dir_ / "models"));
  ASSERT_TRUE(keep_grade("aa", grade(.25), dir_ / "models"));
  const auto kept = load_grades(dir_ / "models");
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept.at("aa").ground(), .25) << "the last counts";
  EXPECT_EQ(kept.at(far).may_size(), 2);
  EXPECT_TRUE(kept.at(far).examined());
  EXPECT_NE(far, remote_key("far", "https://other/v1", "m"));
}

TEST_F(GradesTest, TheOldestGoesFirst) {
  for (std::size_t i = 0; i < kGradesMax + 2; ++i) {
    if (i == kGradesMax) ASSERT_TRUE(keep_grade("0", grade(1), dir_)) << "this one was judged again";
    ASSERT_TRUE(keep_grade(std::to_string(i), grade(.5), dir_));
  }
  const auto kept = load_grades(dir_);
  EXPECT_EQ(kept.size(), kGradesMax);
  EXPECT_TRUE(kept.contains("0"));
  EXPECT_FALSE(kept.contains("1"));
  EXPECT_FALSE(kept.contains("2"));
  EXPECT_TRUE(kept.contains("3"));
}

TEST_F(GradesTest, WhatMakesNoSenseIsNoGrade) {
  for (const char* text :
       {"", "7", "{}", "[7]", R"([{"of":7,"grade":{}}])", R"([{"of":"a"}])", R"([{"of":"a","grade":7}])",
        R"([{"of":"a","grade":{"ground":2}}])", R"([{"of":"a","grade":{"may":["fly"]}}])"}) {
    std::ofstream(dir_ / "grades.json") << text;
    EXPECT_TRUE(load_grades(dir_).empty()) << text;
    EXPECT_TRUE(keep_grade("b", grade(1), dir_)) << text;
    EXPECT_EQ(load_grades(dir_).size(), 1U) << text;
  }
}

}  // namespace
}  // namespace troupe::models
