#pragma once
// Answers that are good whenever they have to end. Pure: text and what time allows in, what may be shown out.
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::inference {

// Ends speech at the end of a sentence when time runs out. At each sentence end it compares the tokens that
// time still allows with what a sentence of this text usually takes: too few, and the text ends there; hardly
// enough, and the next sentence is shown only once it is whole. The first sentence is shown as it comes: half
// a sentence is better than none. One owner, one thread; holds back at most the sentences since time got
// short.
class SentenceGate {
 public:
  static constexpr double kTypicalTokens = 16;  // of a sentence, before one was seen
  static constexpr double kHoldBelow = 3;       // sentences that time allows

  // Certain text that follows, made of one token; `tokens_left` is what time allows after it (negative = no
  // limit). What may be shown now. Nothing after ended().
  std::string push(std::string_view piece, double tokens_left);
  // What is still held, when the text is over by itself.
  std::string finish();
  // Time is up: what is held is dropped, unless it is a whole sentence.
  std::string cut();

  bool ended() const { return ended_; }  // at a sentence: generate no more
  // After ended() or cut(): what was shown ends with a whole sentence.
  bool whole() const { return sentences_ > 0 && torn_.empty(); }
  const std::string& text() const { return text_; }  // everything shown

 private:
  std::string show(std::string piece);

  std::string text_;
  std::string torn_;  // the sentence that is under way
  std::string held_;  // of it, not shown
  bool hold_ = false;
  bool ended_ = false;
  int sentences_ = 0;
  int tokens_ = 0;  // of the sentence under way
  double typical_ = kTypicalTokens;
};

// The byte after the last sentence end in `text`: closing punctuation and quotes that white space follows, or
// (`lines`) a line end. 0 = none. "Mr. Odo", "z. B. fünf", "am 3. Mai" go on.
std::size_t sentence_end(std::string_view text, bool lines = true);

// Lets only whole sentences through. What is never completed is never said. One owner, one thread; holds back
// the sentence under way.
class WholeSentences {
 public:
  std::string push(std::string_view piece);
  // The rest: all of it where the speaker had come to an end, else no more than what is complete.
  std::string finish(bool by_itself);
  // What was held turned out to be no speech.
  void forget() { held_.clear(); }
  const std::string& text() const { return text_; }  // everything let through

 private:
  std::string held_;
  std::string text_;
};

// Where a JSON text stands that is written piece by piece.
class JsonCursor {
 public:
  void push(std::string_view piece);
  bool in_string() const { return in_string_; }
  bool escaped() const { return escaped_; }
  int depth() const { return depth_; }  // objects and arrays that are open
  // An object or array was opened and everything is closed again.
  bool complete() const { return opened_ && depth_ == 0 && !in_string_; }

 private:
  bool in_string_ = false;
  bool escaped_ = false;
  bool opened_ = false;
  int depth_ = 0;
};

// When JSON has to be led to its end: which of the tokens that its grammar allows makes the rest the
// shortest. Larger is better: what closes, what opens as little as possible, what separates members, anything
// else, white space last.
int closing_rank(std::string_view piece, const JsonCursor& at);

}  // namespace troupe::inference
