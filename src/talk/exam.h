#pragma once
// The exam of a chat model: a fixed set of questions of no world, asked once for each model, and what the
// model may do by what came of it. Pure: questions with their prompts out, answers in, shares and freedoms
// out; who asks the model, and keeps the grade by its hash, is the caller. Read once, then immutable. Bounds:
// those of a language file; an answer counts up to kExamAnswerBytesMax.
#include <array>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "talk/language.h"

namespace troupe::talk {

enum class ExamPart {
  ground,  // says what the note says
  told,    // says it of the one who told it
  none,    // knows nothing where nothing was said
  react,   // answers small talk with something that is no echo and no excuse
};
inline constexpr std::array<std::string_view, 4> kExamPartNames{"ground", "told", "none", "react"};
inline std::string_view name_of(ExamPart part) { return kExamPartNames[static_cast<std::size_t>(part)]; }

inline constexpr std::size_t kExamAnswerBytesMax = 2000;

struct ExamItem {
  ExamPart part = ExamPart::ground;
  std::string note;  // may be empty
  std::string line;
  Patterns right;  // one must be found in the folded answer, where there are any
  Patterns wrong;  // none may
};

struct Exam {
  struct Turn {
    std::string user;
    std::string says;
  };
  std::string language;
  std::string speaker;
  std::string system;
  std::vector<Turn> shots;
  std::vector<ExamItem> items;
  std::string with_note;  // "[Note: {note}]\n{line}"
  std::string no_note;    // the note of an item of `none`
  Patterns evades;
};
std::expected<Exam, std::vector<pack::Problem>> load_exam(const std::string& file, const std::string& text);
// The one that is built in for a language; nothing where there is none.
std::optional<Exam> built_in_exam(std::string_view language);

// What the model reads: the system's words, the shots in their order, and this.
std::string user_words(const Exam& exam, const ExamItem& item);

struct ExamMark {
  bool right = false;
  std::string why;  // why not
};
ExamMark mark(const Language& language, const Exam& exam, const ExamItem& item, std::string_view answer);

// Share of each part that was right, 0..1.
struct ExamShares {
  std::array<double, kExamPartNames.size()> of{};
  double operator[](ExamPart part) const { return of[static_cast<std::size_t>(part)]; }
  double all = 0;  // of all items
};
struct ExamAnswer {
  std::size_t item = 0;  // index
  std::string text;
};
// Each item may be answered several times, with several seeds. An item without an answer counts as wrong.
ExamShares shares_of(const Language& language, const Exam& exam, std::span<const ExamAnswer> answers);

// From where on a model may do what. The parts decide, not their sum: the weakest models look safe in `none`
// because they know nothing.
struct ExamTuning {
  double rephrase = .85;    // of ground and told
  double small_talk = .95;  // of react
  double nearest = .9;      // of none
  double first = .95;       // of all four
};
// Names of freedoms, as inference/freedom.h parses them, in their order: "rephrase", "small_talk".
std::vector<std::string_view> freedoms_of(const ExamShares& shares, const ExamTuning& tuning = {});

}  // namespace troupe::talk
