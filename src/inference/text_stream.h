#pragma once
// From the bytes of tokens to text that may be shown: whole UTF-8 characters only, nothing of a stop string.
// One owner, one thread; holds back at most the longest stop string and three bytes of an unfinished
// character.
#include <string>
#include <string_view>
#include <vector>

namespace troupe::inference {

class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stops);

  // The text that is certain now. Bytes that are not UTF-8 become U+FFFD. Nothing after a stop string was
  // met.
  std::string push(std::string_view bytes);
  // What was held back, when no more bytes come.
  std::string finish();

  bool stopped() const { return stopped_; }
  const std::string& text() const { return text_; }  // everything returned so far

 private:
  std::string release(bool all);

  std::vector<std::string> stops_;
  std::string bytes_;  // an unfinished character
  std::string held_;   // text that could be the beginning of a stop string
  std::string text_;
  bool stopped_ = false;
};

}  // namespace troupe::inference
