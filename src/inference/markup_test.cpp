#include "inference/markup.h"

#include <gtest/gtest.h>

#include <vector>

#include "inference/text_stream.h"

namespace troupe::inference {
namespace {

using Kind = Markup::Kind;

std::string in_pieces(const std::string& text, std::size_t piece, Kind kind, std::string* thought = nullptr,
                      bool held = false) {
  TextStream stream({}, Markup(kind, held));
  std::string shown;
  const auto take = [&](const std::string& more) {
    shown += more;
    // What was shown before a thought turned out to be one cannot be taken back; text() says what holds.
    if (stream.markup()->recalls() > 0) shown = stream.text();
  };
  for (std::size_t at = 0; at < text.size(); at += piece) take(stream.push(text.substr(at, piece)));
  take(stream.finish());
  EXPECT_EQ(shown, stream.text());
  if (thought != nullptr) *thought = stream.markup()->reasoning();
  return shown;
}

struct Row {
  const char* said;
  const char* heard;
};

// Each in every split.
void expect_all(const std::vector<Row>& rows, Kind kind) {
  for (const auto& row : rows) {
    const std::string said = row.said;
    for (std::size_t piece = 1; piece <= said.size(); ++piece) {
      EXPECT_EQ(in_pieces(said, piece, kind), row.heard) << "pieces of " << piece << ": " << said;
      // A model that nobody knows yet may have begun in a thought: that changes when it is heard, not what.
      EXPECT_EQ(in_pieces(said, piece, kind, nullptr, true), row.heard)
          << "held, pieces of " << piece << ": " << said;
      if (::testing::Test::HasFailure()) return;
    }
  }
}

const std::vector<Row> kMarkup = {
    {"<think>Who is she?</think>Good day.", "Good day."},
    {"<think>\n\nWho is she?\n\n</think>\n\nGood day.", "Good day."},
    {"<THINK>a</Think> Good day.", "Good day."},
    {"<thinking>a < b</thinking>Good day.", "Good day."},
    {"<thought time=\"3\">a</thought>Good day.", "Good day."},
    {"<reasoning>a</reasoning>Good day.", "Good day."},
    {"[THINK]a[/THINK]Good day.", "Good day."},
    {"◁think▷a◁/think▷Good day.", "Good day."},
    {"<|begin_of_thought|>a<|end_of_thought|>Good day.", "Good day."},
    {"<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Good day.<|END_RESPONSE|>", "Good day."},
    {"<seed:think>a</seed:think>Good day.", "Good day."},
    {"<unused94>thought a<unused95>Good day.", "Good day."},
    {"<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Good day.<|return|>",
     "Good day."},
    {"<|channel|>commentary<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Good day.",
     "Good day."},
    {"<inner_thoughts>a</inner_thoughts>Good day.", "Good day."},
    {"<chain-of-thought>a</chain-of-thought>Good day.", "Good day."},
    {"<internal_monologue>a</internal_monologue>Good day.", "Good day."},
    {"<|reasoning_start|>a<|reasoning_end|>Good day.", "Good day."},
    {"<|assistant_think|>a<|/assistant_think|>Good day.", "Good day."},
    {"<|inner_prefix|>a<|inner_suffix|>Good day.", "Good day."},
    {"<|end_of_thinking|>Good day.", "Good day."},
    {"<|channel>thought\na<channel|>Good day.", "Good day."},
    {"<|channel>thought\n<channel|>Good day.<turn|>", "Good day."},
    {"<|turn>model\nGood day.<turn|>\n<|turn>user\nWho are you?", "Good day."},
    {"Good day.<|tool_call>call:give{}<tool_call|>", "Good day."},
    {"Good day.<channel|", "Good day."},
    {"<|im_start|>think\na<|im_end|>\n<|im_start|>assistant\nGood day.", "Good day."},
    {"I should greet her.</think>Good day.", "Good day."},
    {"I should greet her.[/THINK]\nGood day.", "Good day."},
    {"<think>Who is she? And so on, until the end", ""},
    {"<think\nWho is she?</think\nGood day.", "Good day."},
    {"Good day.<|im_end|>", "Good day."},
    {"Good day.<|im_end|>\n<|im_start|>user\nWho are you?", "Good day."},
    {"<|im_start|>assistant\nGood day.", "Good day."},
    {"<|start_header_id|>assistant<|end_header_id|>\n\nGood day.<|eot_id|>", "Good day."},
    {"<start_of_turn>model\nGood day.<end_of_turn>", "Good day."},
    {"<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nGood day.", "Good day."},
    {"[INST] Hello [/INST] Good day.", "Good day."},
    {"<|user|>\nHello<|end|>\n<|assistant|>\nGood day.<|end|>", "Good day."},
    {"<s> Good day.", "Good day."},
    {"<｜begin▁of▁sentence｜>Good day.<｜end▁of▁sentence｜>", "Good day."},
    {"<<SYS>>Good day.<</SYS>>", "Good day."},
    {"<tool_call>{\"name\": \"give\"}</tool_call>Good day.", "Good day."},
    {"Good day.<tool_call>{\"name\": \"give\"}", "Good day."},
    {"<function=give>{}</function>Good day.", "Good day."},
    {"<｜tool▁calls▁begin｜>give<｜tool▁calls▁end｜>Good day.", "Good day."},
    {"Good day.[TOOL_CALLS] [{\"name\": \"give\"}]", "Good day."},
    {"Good day.<|im_e", "Good day."},
    {"Good day.<|im_end", "Good day."},
    {"Good day.<|im_end|", "Good day."},
    {"Good day.<thi", "Good day."},
    {"Good day.</thi", "Good day."},
    {"Good day.[/INS", "Good day."},
    {"Good day.<0x0A>", "Good day."},
    {"[gMASK]<sop>Good day.<|endoftext|>", "Good day."},
    {"Good day.<|reserved_special_token_17|>", "Good day."},
};

TEST(Markup, OfAModelReachesNobodyHoweverItIsSplit) {
  expect_all(kMarkup, Kind::text);
  expect_all(kMarkup, Kind::speech);
}

TEST(Markup, WhatIsNoneStays) {
  expect_all({{"Two < three, [sic] and 5 > 4… \"Yes\".", "Two < three, [sic] and 5 > 4… \"Yes\"."},
              {"a <| b |> c", "a <| b |> c"},
              {"I love you <3", "I love you <3"},
              {"<b>bold</b> and <end>", "<b>bold</b> and <end>"},
              {"x[0] = [1, 2]", "x[0] = [1, 2]"},
              {"◆ and ◁ and → stay", "◆ and ◁ and → stay"},
              {"if (a<b) return;", "if (a<b) return;"},
              {"<rethink> and <endless>", "<rethink> and <endless>"},
              {"<b| and <c|> stay", "<b| and <c|> stay"},
              {"ends with <", "ends with <"}},
             Kind::text);
}

TEST(Markup, SpeechHasNoTagsAtAll) {
  expect_all({{"<answer>Good day.</answer>", "Good day."},
              {"<marta mood=\"calm\">Good day.</marta>", "Good day."},
              {"I love you <3 and more", "I love you <3 and more"},
              {"Good day.</s>Who?", "Good day."}},
             Kind::speech);
}

TEST(Markup, WhatCannotBeSeenIsNotSaid) {
  for (const auto kind : {Kind::text, Kind::speech}) {
    expect_all({{"Good \x1b[31mday\x1b[0m.", "Good day."},
                {"Good\x07 day.\x7f", "Good day."},
                {"Go\u200bod \u202eday\u202c.", "Good day."},
                {"\u2066Good\u2069 day.\u2028", "Good day."},
                {"Good day.\x1b[3", "Good day."},
                {"می\u200cروم 👩\u200d🌾", "می\u200cروم 👩\u200d🌾"},
                {"One\ttwo\nthree…", "One\ttwo\nthree…"}},
               kind);
  }
  EXPECT_EQ(without_markup(std::string("Good\0 day.", 10), Kind::speech), "Good day.");
}

TEST(Markup, CostsWhatItsLengthCosts) {
  for (const auto kind : {Kind::text, Kind::speech, Kind::structured}) {
    for (const std::string unit : {"[", "<", "</", "<t", "<|", "<|a", "[/", "\xE2\x97", "<think", "</think>",
                                   "\x1b[", "<t <t=", "[INST"}) {
      std::string text;
      while (text.size() < 100'000) text += unit;
      (void)without_markup(text, kind);  // seconds where it is quadratic: more than this test has
    }
  }
}

TEST(Markup, OfJsonOnlyWhatStandsBeforeIt) {
  expect_all({{"<think>a</think>\n{\"a\": \"<think>b</think><s>\"}", "{\"a\": \"<think>b</think><s>\"}"},
              {"[\"<|im_end|>\", 1]", "[\"<|im_end|>\", 1]"},
              {" {\"x\": \"</s>\"}", " {\"x\": \"</s>\"}"}},
             Kind::structured);
}

TEST(Markup, AThoughtIsKeptAsideAndBounded) {
  std::string thought;
  EXPECT_EQ(in_pieces("<think>Who is she? … é</think>Good day.", 3, Kind::text, &thought), "Good day.");
  EXPECT_EQ(thought, "Who is she? … é");
  Markup markup;
  markup.push("<think>");
  for (int i = 0; i < 10'000; ++i) markup.push("and so on ");
  EXPECT_TRUE(markup.hides());
  EXPECT_EQ(markup.reasoning().size(), Markup::kReasoningBytesMax);
}

TEST(Markup, WhereThePromptOpensTheThoughtItIsHeldUntilItEnds) {
  Markup with(Kind::text, true);
  EXPECT_EQ(with.push("I should greet her. "), "");
  EXPECT_EQ(with.push("So:</think>\n\nGood"), "Good");
  EXPECT_EQ(with.push(" day."), " day.");
  EXPECT_EQ(with.reasoning(), "I should greet her. So:");
  Markup without(Kind::text, true);
  EXPECT_EQ(without.push("Good day."), "");
  EXPECT_EQ(without.finish(), "Good day.") << "there was no thought";
}

TEST(Markup, NoStopStringIsLookedForInAThought) {
  TextStream stream({"\n\n"}, Markup());
  std::string shown;
  for (const char c : std::string("<think>\n\nHm.\n\n</think>\n\nGood day.\n\nMore"))
    shown += stream.push(std::string(1, c));
  EXPECT_EQ(shown, "Good day.");
  EXPECT_TRUE(stream.stopped());
}

}  // namespace
}  // namespace troupe::inference
