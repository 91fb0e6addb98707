#include "inference/anytime.h"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::inference {
namespace {

TEST(Anytime, SentenceEnds) {
  struct Row {
    const char* text;
    std::size_t end;
  };
  for (const auto& row : std::vector<Row>{{"", 0},
                                          {"Good evening", 0},
                                          {"Good evening.", 0},  // it may go on: 3.5, or three dots
                                          {"Good evening. ", 13},
                                          {"Good evening. Who", 13},
                                          {"A. B? C", 5},
                                          {"3.5 metres", 0},
                                          {"\"Go!\" he said", 5},
                                          {"Wait\xE2\x80\xA6 what", 7},
                                          {"*nods.* Yes", 7},
                                          {"First line\nsecond", 10},
                                          {"\nHello", 0},
                                          {"\xE6\x98\xAF\xE3\x80\x82\xE4\xBD\xA0", 6}}) {
    EXPECT_EQ(sentence_end(row.text), row.end) << row.text;
  }
}

TEST(Anytime, AFullStopInsideASentenceEndsNone) {
  for (const char* text : {"I spoke to Mr. ", "I spoke to Mr. Odo", "Fragt z. B. ", "on the 3. of May",
                           "am 3. Mai", "J. Smith", "approx. five", "die U.S. Marine"}) {
    EXPECT_EQ(sentence_end(text, false), 0U) << text;
  }
  EXPECT_EQ(sentence_end("No. I did not", false), 3U);
  EXPECT_EQ(sentence_end("It was I. Who", false), 9U);
  EXPECT_EQ(sentence_end("one line\nthe next", false), 0U);
}

TEST(Anytime, OnlyWholeSentencesComeThrough) {
  const std::string text = "Good day. I spoke to Mr. Odo... The keeper of the light was";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    WholeSentences cut;
    WholeSentences whole;
    std::string shown;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      shown += cut.push(text.substr(at, piece));
      whole.push(text.substr(at, piece));
    }
    shown += cut.finish(false);
    whole.finish(true);
    EXPECT_EQ(shown, "Good day. I spoke to Mr. Odo...");
    EXPECT_EQ(cut.text(), shown);
    EXPECT_EQ(whole.text(), text) << "who stops by themselves has said all";
  }
  WholeSentences one;
  EXPECT_EQ(one.push("Well"), "");
  EXPECT_EQ(one.finish(false), "");
  WholeSentences last;
  EXPECT_EQ(last.push("Good day."), "");
  EXPECT_EQ(last.finish(false), "Good day.");
}

struct Spoken {
  std::string text;
  int tokens = 0;
  bool whole = false;
};

// Speaks word by word with time for `time` tokens, then time is up.
Spoken speak(const std::vector<std::string>& words, int time) {
  SentenceGate gate;
  Spoken out;
  for (const auto& word : words) {
    if (out.tokens == time || gate.ended()) break;
    ++out.tokens;
    out.text += gate.push(word, time - out.tokens);
  }
  if (out.tokens == static_cast<int>(words.size()) && !gate.ended()) {
    out.text += gate.finish();
  } else if (!gate.ended()) {
    out.text += gate.cut();
  }
  out.whole = gate.whole();
  EXPECT_EQ(out.text, gate.text());
  return out;
}

std::vector<std::string> sentences(int count, int words) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k + 1 < words; ++k) out.push_back(k == 0 && i == 0 ? "Word" : " word");
    out.push_back(" end.");
  }
  return out;
}

TEST(Anytime, SpeechEndsAtASentenceWhateverTheTime) {
  const auto words = sentences(30, 9);
  for (int time = 11; time < 270; ++time) {
    const auto spoken = speak(words, time);
    EXPECT_TRUE(spoken.text.ends_with("end.")) << time << ": " << spoken.text;
    EXPECT_TRUE(spoken.whole) << time;
    EXPECT_LE(spoken.tokens, time);
  }
  const auto all = speak(words, 100'000);
  EXPECT_EQ(all.tokens, 270);
}

TEST(Anytime, TheFirstSentenceIsShownEvenIfItIsTorn) {
  const auto spoken = speak(sentences(3, 9), 5);
  EXPECT_EQ(spoken.text, "Word word word word word");
  EXPECT_FALSE(spoken.whole);
}

TEST(Anytime, WithoutADeadlineNothingIsHeldBack) {
  SentenceGate gate;
  std::string all;
  for (const auto& word : sentences(5, 6)) {
    all += word;
    EXPECT_EQ(gate.push(word, -1), word);
  }
  EXPECT_EQ(gate.finish(), "");
  EXPECT_EQ(gate.text(), all);
}

TEST(Anytime, AWholeSentenceThatIsHeldIsShownAtTheEnd) {
  SentenceGate gate;
  gate.push("One two three four five.", 20);
  EXPECT_EQ(gate.push(" ", 20), "") << "from here on only whole sentences";
  EXPECT_EQ(gate.push("Six.", 10), "");
  EXPECT_EQ(gate.cut(), " Six.");
  EXPECT_TRUE(gate.whole());
}

TEST(Anytime, JsonIsCompleteWhenEverythingIsClosed) {
  struct Row {
    const char* text;
    bool in_string, complete;
  };
  for (const auto& row : std::vector<Row>{{"", false, false},
                                          {"{", false, false},
                                          {R"({"a)", true, false},
                                          {R"({"a":"}])", true, false},
                                          {R"({"a":"\")", true, false},
                                          {R"({"a":"x","b":[{}]})", false, true},
                                          {R"([])", false, true},
                                          {R"("text")", false, false}}) {
    JsonCursor all;
    all.push(row.text);
    JsonCursor pieces;
    for (const char* c = row.text; *c != 0; ++c) pieces.push(std::string_view(c, 1));
    EXPECT_EQ(all.in_string(), row.in_string) << row.text;
    EXPECT_EQ(all.complete(), row.complete) << row.text;
    EXPECT_EQ(pieces.complete(), row.complete) << row.text;
  }
}

TEST(Anytime, WhatClosesJsonGoesFirst) {
  JsonCursor outside;
  outside.push("{\"a\":1");
  EXPECT_GT(closing_rank("}", outside), closing_rank("\"", outside));
  EXPECT_GT(closing_rank("\"", outside), closing_rank(",", outside));
  EXPECT_GT(closing_rank(",\"", outside), closing_rank("7", outside));
  EXPECT_GT(closing_rank("7", outside), closing_rank(" \n", outside));
  EXPECT_LT(closing_rank("\"}", outside), closing_rank("\"", outside))
      << "this would open a string and write into it";
  JsonCursor inside;
  inside.push("{\"a\":\"word");
  EXPECT_GT(closing_rank("\"}", inside), closing_rank("}", inside)) << "a bracket in a string closes nothing";
  EXPECT_GT(closing_rank("\"", inside), closing_rank("x", inside));
  inside.push("\\");
  EXPECT_EQ(closing_rank("\"", inside), closing_rank("n", inside)) << "an escaped quote closes nothing";
  EXPECT_EQ(closing_rank("", outside), 0);
}

}  // namespace
}  // namespace troupe::inference
