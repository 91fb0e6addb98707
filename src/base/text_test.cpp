#include "base/text.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace troupe {
namespace {

TEST(Text, Utf8) {
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x91\x8B"));
  EXPECT_FALSE(is_utf8("\xC3"));              // cut off
  EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_utf8(std::string("a\xFF") + "b"));
}

TEST(Text, ANameIsSeen) {
  for (const auto* fine : {"anna", "Anna Å", "Мария", "مريم", "小春", "O'Hara-7"})
    EXPECT_FALSE(has_unseen(fine)) << fine;
  for (const auto* bad : {"an\u200bna", "an\u202ena", "anna\u200d", "an\u00adna", "\ufeffanna", "an\nna",
                          "anna\x7f", "\u3164", "anna\U000E0041"})
    EXPECT_TRUE(has_unseen(bad)) << bad;
  for (const auto mark : unseen_marks()) EXPECT_TRUE(is_utf8(mark) && mark.size() == 3);
}

TEST(Text, PrefixKeepsSequencesWhole) {
  EXPECT_EQ(utf8_prefix("a\xC3\xBC", 2), "a");
  EXPECT_EQ(utf8_prefix("abc", 9), "abc");
}

TEST(Text, NearestFindsTypingErrorsAndNothingElse) {
  const std::vector<std::string> names = {"marta", "odo", "harbour"};
  EXPECT_EQ(nearest("marat", names), "marta");
  EXPECT_EQ(nearest("MARTA", names), "marta");
  EXPECT_EQ(nearest("harbor", names), "harbour");
  EXPECT_EQ(nearest("lighthouse", names), "");
  EXPECT_EQ(did_you_mean("marat", names), "; did you mean 'marta'?");
  EXPECT_EQ(near_or_all("marat", names), did_you_mean("marat", names));
  EXPECT_EQ(near_or_all("xylophone", names), " (" + join(names, ", ") + ")") << "where none is near, all";
  EXPECT_EQ(near_or_all("marat", {}), "; there is none");
  EXPECT_TRUE(near_or_all("xylophone", std::vector<std::string>(15, "abc")).ends_with("abc, and 3 more)"));
}

TEST(Text, HexRoundTrip) {
  EXPECT_EQ(from_hex(hex(std::string("\x00\xff\x10", 3))), std::string("\x00\xff\x10", 3));
  EXPECT_EQ(from_hex("0g"), "");
}

TEST(Hash, KnownVector) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Text, HasWordsAsWordsAndNotAsPartsOfThem) {
  EXPECT_TRUE(has_words("Tam lives in the old mill.", "old MILL"));
  EXPECT_TRUE(has_words("mill", "mill"));
  EXPECT_TRUE(has_words("(Mill)", "mill"));
  EXPECT_FALSE(has_words("The miller sleeps.", "mill"));
  EXPECT_FALSE(has_words("A windmill.", "mill"));
  EXPECT_FALSE(has_words("anything", ""));
  EXPECT_FALSE(has_words("", "mill"));
}

}  // namespace
}  // namespace troupe
