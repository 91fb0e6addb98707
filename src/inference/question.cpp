#include "inference/question.h"

#include <map>

#include "base/check.h"
#include "base/text.h"
#include "inference/data.h"

namespace troupe::inference {

namespace {

// `key: "text"` a line.
QuestionWords read(std::string_view file) {
  QuestionWords words;
  const std::map<std::string, std::string*, std::less<>> keys = {{"nothing", &words.nothing},
                                                                 {"what_next", &words.what_next},
                                                                 {"letter_only", &words.letter_only},
                                                                 {"begins", &words.begins}};
  for (const auto& line : split(file, '\n')) {
    const auto colon = line.find(": \"");
    const auto key = keys.find(line.substr(0, colon));
    if (colon == std::string::npos || key == keys.end()) continue;
    auto text = line.substr(colon + 3, line.rfind('"') - colon - 3);
    for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at))
      text.replace(at, 2, "\n");
    *key->second = std::move(text);
  }
  for (const auto& [key, text] : keys) TROUPE_CHECK(!text->empty(), "a question without all of its words");
  return words;
}

std::map<std::string, QuestionWords, std::less<>> read_all() {
  constexpr std::string_view kBegin = "question.", kEnd = ".yaml";
  std::map<std::string, QuestionWords, std::less<>> all;
  for (const auto name : data_files())
    all.emplace(name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size()), read(data_file(name)));
  return all;
}

}  // namespace

const QuestionWords& question_words(std::string_view language) {
  static const auto all = read_all();
  const auto found = all.find(language);
  return found == all.end() ? all.find("en")->second : found->second;
}

std::string lettered(std::span<const std::string> options) {
  TROUPE_CHECK(options.size() <= 26, "letters end at Z");
  std::string out;
  for (std::size_t i = 0; i < options.size(); ++i) {
    out += static_cast<char>('A' + i);
    out += ". " + options[i] + "\n";
  }
  return out;
}

std::string open_question(const QuestionWords& words, const std::string& scene) {
  return (scene.empty() ? words.nothing : scene) + words.what_next;
}

std::string lettered_question(const QuestionWords& words, const std::string& scene,
                              std::span<const std::string> options) {
  return open_question(words, scene) + "\n" + lettered(options) + words.letter_only;
}

}  // namespace troupe::inference
