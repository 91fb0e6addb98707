#pragma once
// What a model says as what a person says: sentence by sentence, checked before it is shown. What it showed
// is what was said; nothing else is kept. Pure; one owner, one thread.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "moderation/moderation.h"

namespace troupe::ai {

class Speech {
 public:
  static constexpr std::size_t kSaidBytesMax =
      4096;  // after the sentence that comes to it nothing more is said

  // Why a sentence may not be said; none = it may.
  using Check = std::function<std::vector<std::string>(std::string_view sentence)>;

  // `listener`: whose lines a model must not make up. With the first sentence to which `check` has objections
  // the answer is over.
  Speech(std::string name, moderation::Levels allowed, std::string listener = {}, Check check = {})
      : name_(std::move(name)), listener_(std::move(listener)), allowed_(allowed), check_(std::move(check)) {}

  // Whole sentences that follow; what of them may be shown now.
  std::string push(std::string_view sentences);

  const std::string& text() const { return text_; }  // everything shown
  bool held_back() const { return !finding_.allowed; }
  void hold_back(const moderation::Finding& finding) { finding_ = finding; }
  const moderation::Finding& finding() const { return finding_; }
  // Why the rest was not said.
  const std::vector<std::string>& objections() const { return objections_; }

 private:
  std::string take(std::string sentence);
  std::size_t line_of_another(std::string_view sentence) const;

  std::string name_;
  std::string listener_;
  moderation::Levels allowed_;
  Check check_;
  moderation::Finding finding_;
  std::vector<std::string> objections_;
  std::string text_;
  bool quoted_ = false;  // it began with a quotation mark: those go
  bool over_ = false;    // a paragraph ended, or a line of somebody else began
};

}  // namespace troupe::ai
