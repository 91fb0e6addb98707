#include "services/ai/ai_speech.h"

#include <algorithm>

#include "base/text.h"
#include "inference/anytime.h"
#include "services/ai/ai_prompt.h"

namespace troupe::ai {

namespace {

void erase_all(std::string& text, std::string_view what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.erase(at, what.size());
}

}  // namespace

std::string Speech::push(std::string_view sentences) {
  inference::WholeSentences one_by_one;
  std::string out;
  for (const char c : sentences) {
    if (auto sentence = one_by_one.push(std::string_view(&c, 1)); !sentence.empty())
      out += take(std::move(sentence));
  }
  return out + take(one_by_one.finish(true));
}

std::string Speech::take(std::string sentence) {
  if (held_back() || over_) return {};
  if (text_.empty()) {
    sentence = without_name(sentence, name_);
    quoted_ = sentence.starts_with('"') || sentence.starts_with("\u201C");
  }
  if (const auto paragraph = sentence.find("\n\n"); paragraph != std::string::npos) {
    sentence.resize(paragraph);
    over_ = true;
  }
  if (quoted_) {
    for (const auto* mark : {"\"", "\u201C", "\u201D"}) erase_all(sentence, mark);
  }
  // Of a control token that was broken beyond knowing; nobody says such signs.
  for (const auto* sign : {"<|", "|>", "\uFF5C"}) erase_all(sentence, sign);
  std::ranges::replace(sentence, '\n', ' ');
  if (text_.empty()) sentence = sentence.substr(std::min(sentence.size(), sentence.find_first_not_of(' ')));
  if (trim(sentence).empty()) return {};
  // With all that came before: a phrase may stretch over two sentences.
  finding_ = moderation::judge(text_ + sentence, allowed_);
  if (held_back()) return {};
  text_ += sentence;
  return sentence;
}

}  // namespace troupe::ai
