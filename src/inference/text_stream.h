#pragma once
// From the bytes of tokens to text that may be shown: whole UTF-8 characters only, nothing of a stop string,
// and where asked nothing of a model's own markup. One owner, one thread; holds back at most the longest stop
// string and three bytes of an unfinished character.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/markup.h"

namespace troupe::inference {

class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stops);
  // Without the model's own markup, in which no stop string is looked for.
  TextStream(std::vector<std::string> stops, Markup markup);

  // The text that is certain now. Bytes that are not UTF-8 become U+FFFD. Nothing after a stop string was
  // met.
  std::string push(std::string_view bytes);
  // What was held back, when no more bytes come.
  std::string finish();

  bool stopped() const { return stopped_; }
  const Markup* markup() const { return markup_ ? &*markup_ : nullptr; }
  const std::string& text() const { return text_; }  // everything returned so far

 private:
  void take(std::string characters);
  std::string release(bool all);

  std::vector<std::string> stops_;
  std::optional<Markup> markup_;
  std::string bytes_;  // an unfinished character
  std::string held_;   // text that could be the beginning of a stop string
  std::string text_;
  bool stopped_ = false;
};

}  // namespace troupe::inference
