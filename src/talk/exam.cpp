#include "talk/exam.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "talk/data.h"
#include "talk/guard.h"
#include "talk/keep.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

constexpr std::array<std::string_view, 2> kNoted{"note", "line"};

Exam::Turn read_shot(const pack::Cursor& row, const Exam& exam) {
  pack::Fields fields(row, "a shot");
  Exam::Turn out;
  if (!fields.valid()) return out;
  const std::string note = fields.text_or("note", "");
  const std::string line = fields.text("line");
  out.says = fields.text("says");
  out.user = user_words(exam, {ExamPart::ground, note, line, {}, {}});
  return out;
}

ExamItem read_item(const pack::Cursor& row) {
  pack::Fields fields(row, "an item");
  ExamItem out;
  if (!fields.valid()) return out;
  out.part = fields.choice<ExamPart>("part", kExamPartNames);
  out.note = fields.text_or("note", "");
  out.line = fields.text("line");
  if (const auto right = fields.optional("right")) out.right = read_patterns(*right, "right");
  if (const auto wrong = fields.optional("wrong")) out.wrong = read_patterns(*wrong, "wrong");
  const bool asks_for_words = out.part == ExamPart::ground || out.part == ExamPart::told;
  if (asks_for_words && (out.note.empty() || out.right.all.empty()))
    row.problem("this item cannot be judged", "expected a note, and what is right to say by it");
  return out;
}

// What the guard says of an answer, but for those that do not matter for this part.
std::string objected(const Guard& guard, std::string_view answer, std::span<const Objection> matter) {
  for (const Objected& one : guard.answer(answer)) {
    if (is_among(matter, one.to)) return fmt::format("{} '{}'", name_of(one.to), one.what);
  }
  return {};
}

constexpr std::array kNeverSaid{Objection::empty,       Objection::control_tokens, Objection::stage_direction,
                                Objection::banned_word, Objection::other_language, Objection::repeats};
constexpr std::array kInvented{Objection::unknown_name, Objection::unknown_number};
constexpr std::array kNoReaction{Objection::echo, Objection::third_person_of_self,
                                 Objection::claims_to_be_other};

std::string departs(const Language& language, const ExamItem& item, std::string_view answer) {
  for (const Departed& one : keeps(language, {item.note, answer, item.line, {}, {}})) {
    const bool matters =
        one.by == Departure::new_number || one.by == Departure::new_name || one.by == Departure::denies;
    if (matters) return fmt::format("{} '{}'", name_of(one.by), one.what);
  }
  return {};
}

}  // namespace

std::string user_words(const Exam& exam, const ExamItem& item) {
  std::string note = item.note;
  if (note.empty() && item.part == ExamPart::none) note = exam.no_note;
  if (note.empty()) return item.line;
  // Not filled(): the line break stays.
  std::string out = exam.with_note;
  const auto put = [&](std::string_view place, const std::string& text) {
    if (const auto at = out.find(place); at != std::string::npos) out.replace(at, place.size(), text);
  };
  put("{line}", item.line);
  put("{note}", note);
  return out;
}

std::expected<Exam, std::vector<pack::Problem>> load_exam(const std::string& file, const std::string& text) {
  const pack::PackLimits limits;
  pack::Report report(limits.problems);
  Exam out;
  const auto tree = pack::parse_yaml(file, text, limits, report);
  if (!tree) return std::unexpected(report.take());
  const pack::Cursor root(*tree, file, report);
  {
    pack::Fields fields(root, file);
    out.language = fields.identifier("language");
    out.speaker = fields.text("speaker");
    out.system = fields.text("system");
    out.with_note = fields.text("note");
    if (const auto note = root.find("note")) check_placeholders(*note, out.with_note, kNoted);
    out.no_note = fields.text("no_note");
    if (const auto evades = fields.required("evades")) out.evades = read_patterns(*evades, "evades");
    for (const pack::Cursor& row : fields.list("shots")) out.shots.push_back(read_shot(row, out));
    for (const pack::Cursor& row : fields.list("items")) out.items.push_back(read_item(row));
    for (std::size_t i = 0; i < kExamPartNames.size(); ++i) {
      const bool has = std::ranges::any_of(
          out.items, [&](const ExamItem& item) { return static_cast<std::size_t>(item.part) == i; });
      if (!has) root.problem(fmt::format("no item is of the part '{}'", kExamPartNames[i]));
    }
  }
  if (!report.empty()) return std::unexpected(report.take());
  return out;
}

std::optional<Exam> built_in_exam(std::string_view language) {
  const std::string file = fmt::format("exam.{}.yaml", language);
  const auto text = data_file(file);
  if (text.empty()) return std::nullopt;
  auto loaded = load_exam(file, std::string(text));
  if (!loaded) return std::nullopt;
  return *std::move(loaded);
}

ExamMark mark(const Language& language, const Exam& exam, const ExamItem& item, std::string_view answer) {
  answer = answer.substr(0, kExamAnswerBytesMax);
  const std::string said = as_spoken(answer, exam.speaker, 3);
  const std::string folded = fold(said);
  // What was said before may be said of, but not again.
  std::string shots;
  std::vector<std::string> before;
  for (const Exam::Turn& turn : exam.shots) {
    shots += turn.user + " " + turn.says + " ";
    before.push_back(turn.says);
  }
  Prompted prompted{.line = item.line,
                    .notes = item.note,
                    .allowed = exam.system,
                    .speaker = exam.speaker,
                    .others = {},
                    .names = {},
                    .said = {}};
  if (item.part == ExamPart::react) prompted.said = before;
  const Guard guard(language, std::move(prompted));
  const auto wrong = [](std::string why) { return ExamMark{false, std::move(why)}; };

  if (auto why = objected(guard, said, kNeverSaid); !why.empty()) return wrong(std::move(why));
  if (item.wrong.find_any(folded)) return wrong("says what is wrong");
  if (!item.right.all.empty() && !item.right.find_any(folded)) return wrong("does not say it");
  switch (item.part) {
    case ExamPart::ground:
      if (auto why = departs(language, item, said); !why.empty()) return wrong(std::move(why));
      break;
    case ExamPart::told:
      break;
    case ExamPart::none:
      if (auto why = objected(guard, said, kInvented); !why.empty()) return wrong(std::move(why));
      break;
    case ExamPart::react:
      if (auto why = objected(guard, said, kNoReaction); !why.empty()) return wrong(std::move(why));
      if (exam.evades.find_any(folded)) return wrong("evades");
      break;
  }
  return {true, ""};
}

ExamShares shares_of(const Language& language, const Exam& exam, std::span<const ExamAnswer> answers) {
  struct Count {
    double right = 0, asked = 0;
  };
  std::array<Count, kExamPartNames.size()> counts{};
  Count all;
  const auto add = [&](const ExamItem& item, bool right) {
    for (Count* count : {&counts[static_cast<std::size_t>(item.part)], &all}) {
      count->right += right ? 1 : 0;
      count->asked += 1;
    }
  };
  for (std::size_t i = 0; i < exam.items.size(); ++i) {
    bool answered = false;
    for (const ExamAnswer& answer : answers) {
      if (answer.item != i) continue;
      answered = true;
      add(exam.items[i], mark(language, exam, exam.items[i], answer.text).right);
    }
    if (!answered) add(exam.items[i], false);
  }
  ExamShares out;
  const auto share = [](const Count& count) { return count.asked == 0 ? 0 : count.right / count.asked; };
  std::ranges::transform(counts, out.of.begin(), share);
  out.all = share(all);
  return out;
}

std::vector<std::string_view> freedoms_of(const ExamShares& shares, const ExamTuning& tuning) {
  std::vector<std::string_view> out;
  const double grounded = std::min(shares[ExamPart::ground], shares[ExamPart::told]);
  if (grounded >= tuning.rephrase) out.emplace_back("rephrase");
  if (shares[ExamPart::react] >= tuning.small_talk) out.emplace_back("small_talk");
  if (shares[ExamPart::none] >= tuning.nearest) out.emplace_back("nearest");
  if (std::ranges::min(shares.of) >= tuning.first) out.emplace_back("first");
  return out;
}

}  // namespace troupe::talk
