#include "talk/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "talk/words.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kPatternBytesMax = 1024;
constexpr std::int64_t kProgramBytesMax = 1 << 20;
constexpr std::size_t kGroupsMax = 4;

RE2::Options options() {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_case_sensitive(false);
  out.set_max_mem(kProgramBytesMax);
  return out;
}

// What has marks is folded; plain characters stay, because \W is not \w.
std::string folded_marks(std::string_view pattern) {
  std::string out;
  std::size_t i = 0;
  while (i < pattern.size()) {
    const bool plain = static_cast<unsigned char>(pattern[i]) < 0x80;
    std::size_t end = i + 1;
    while (end < pattern.size() && (static_cast<unsigned char>(pattern[end]) < 0x80) == plain) ++end;
    const auto piece = pattern.substr(i, end - i);
    out += plain ? std::string(piece) : fold(piece);
    i = end;
  }
  return out;
}

}  // namespace

struct Pattern::Program {
  explicit Program(const std::string& text) : re(text, options()) {}
  RE2 re;
};

Result<Pattern> Pattern::read(std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax)
    return fail(Code::invalid_argument, "talk.pattern",
                fmt::format("is longer than {} bytes", kPatternBytesMax));
  Pattern out;
  out.text_ = pattern;
  out.program_ = std::make_shared<const Program>(folded_marks(pattern));
  const RE2& re = out.program_->re;
  if (!re.ok())
    return fail(Code::invalid_argument, "talk.pattern", fmt::format("is no pattern: {}", re.error()));
  if (re.NumberOfCapturingGroups() > static_cast<int>(kGroupsMax))
    return fail(Code::invalid_argument, "talk.pattern",
                fmt::format("has more than {} groups; write (?:...) where none is needed", kGroupsMax));
  return out;
}

bool Pattern::finds(std::string_view folded) const {
  return program_ && RE2::PartialMatch(re2::StringPiece(folded.data(), folded.size()), program_->re);
}

Pattern::Match Pattern::find(std::string_view folded, std::size_t from) const {
  Match out;
  if (!program_ || from > folded.size()) return out;
  const int count = program_->re.NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(count));
  const re2::StringPiece text(folded.data(), folded.size());
  if (!program_->re.Match(text, from, folded.size(), RE2::UNANCHORED, groups.data(), count)) return out;
  out.found = true;
  out.begin = static_cast<std::size_t>(groups[0].data() - folded.data());
  out.end = out.begin + groups[0].size();
  for (std::size_t i = 1; i < groups.size(); ++i) out.groups.emplace_back(groups[i].data(), groups[i].size());
  return out;
}

std::string Pattern::replace(std::string_view text, std::string_view with) const {
  std::string out(text);
  if (program_) RE2::GlobalReplace(&out, program_->re, re2::StringPiece(with.data(), with.size()));
  return out;
}

bool Patterns::find_any(std::string_view folded) const {
  return std::ranges::any_of(all, [&](const Pattern& pattern) { return pattern.finds(folded); });
}

Pattern read_pattern(const pack::Cursor& cursor, std::string_view what) {
  const std::string text = cursor.text(what);
  if (text.empty()) return {};
  auto pattern = Pattern::read(text);
  if (pattern) return *std::move(pattern);
  cursor.problem(fmt::format("{} {}", pack::shown(text), pattern.error().message),
                 "expected a pattern of RE2: no lookahead, no back reference");
  return {};
}

Patterns read_patterns(const pack::Cursor& cursor, std::string_view what) {
  Patterns out;
  if (cursor.node().kind != pack::Node::Kind::list) {
    out.all.push_back(read_pattern(cursor, what));
    return out;
  }
  for (const pack::Cursor& item : cursor.list(what)) out.all.push_back(read_pattern(item, what));
  return out;
}

}  // namespace troupe::talk
