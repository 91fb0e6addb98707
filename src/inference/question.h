#pragma once
// How a chat model is asked to choose among options, in the words of a language: data/question.<language>.yaml.
// Immutable; any thread.
#include <span>
#include <string>
#include <string_view>

namespace troupe::inference {

struct QuestionWords {
  std::string nothing;      // the scene where there is none
  std::string what_next;    // after the scene
  std::string letter_only;  // after the options
  std::string begins;       // the answer, up to the option: small models go on better than they begin
};

// Of a language; "" and one that has no file: the English ones.
const QuestionWords& question_words(std::string_view language);

// "A. wave back\nB. flee\n"; at most 26 options.
std::string lettered(std::span<const std::string> options);
// The question that all engines ask; `scene` "" asks without a scene, for the prior.
std::string open_question(const QuestionWords& words, const std::string& scene);
std::string lettered_question(const QuestionWords& words, const std::string& scene,
                              std::span<const std::string> options);

}  // namespace troupe::inference
