#pragma once
// What a model says as what a person says: sentence by sentence, checked before it is shown. What it showed
// is what was said; nothing else is kept. Pure; one owner, one thread.
#include <string>
#include <string_view>

#include "moderation/moderation.h"

namespace troupe::ai {

class Speech {
 public:
  Speech(std::string name, moderation::Levels allowed) : name_(std::move(name)), allowed_(allowed) {}

  // Whole sentences that follow; what of them may be shown now.
  std::string push(std::string_view sentences);

  const std::string& text() const { return text_; }  // everything shown
  bool held_back() const { return !finding_.allowed; }
  void hold_back(const moderation::Finding& finding) { finding_ = finding; }
  const moderation::Finding& finding() const { return finding_; }

 private:
  std::string take(std::string sentence);

  std::string name_;
  moderation::Levels allowed_;
  moderation::Finding finding_;
  std::string text_;
  bool quoted_ = false;  // it began with a quotation mark: those go
  bool over_ = false;    // a paragraph ended
};

}  // namespace troupe::ai
