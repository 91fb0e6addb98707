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

// Where a model goes on as the listener ("anna: ...", "User: ..."); npos = nowhere.
std::size_t Speech::line_of_another(std::string_view sentence) const {
  const auto begins = [&](std::string_view line) {
    line = line.substr(std::min(line.size(), line.find_first_not_of(" *")));
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{listener_, "User", "Human", "Player", "You"},
        [&](std::string_view who) {
          if (who.empty() || line.size() <= who.size()) return false;
          const auto after = line.substr(who.size());
          return lower_ascii(line.substr(0, who.size())) == lower_ascii(who) &&
                 (after.starts_with(':') || after.starts_with("**:") || after.starts_with(":**"));
        });
  };
  for (std::size_t at = 0; at != std::string_view::npos && at < sentence.size();) {
    const bool first = at == 0 && text_.empty();
    const auto end = sentence.find('\n', at);
    const bool at_line = at > 0 || text_.empty() || sentence.starts_with('\n');
    if (!first && at_line && begins(sentence.substr(at, end - at))) return at;
    at = end == std::string_view::npos ? end : end + 1;
  }
  return std::string::npos;
}

std::string Speech::take(std::string sentence) {
  if (held_back() || over_) return {};
  if (text_.empty()) {
    sentence = without_name(sentence, name_);
    quoted_ = sentence.starts_with('"') || sentence.starts_with("\u201C");
  }
  if (const auto line = line_of_another(sentence); line != std::string::npos) {
    sentence.resize(line);
    over_ = true;
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
  if (check_) objections_ = check_(trim(sentence));
  if (!objections_.empty()) {
    over_ = true;
    return {};
  }
  finding_ = moderation::judge_next(text_, sentence, allowed_);
  if (held_back()) return {};
  text_ += sentence;
  over_ = over_ || text_.size() >= kSaidBytesMax;
  return sentence;
}

}  // namespace troupe::ai
