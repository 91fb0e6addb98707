#include "schema/patterns.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace troupe::schema {

namespace {

constexpr std::int64_t kProgramBytesMax = 1 << 20;  // of one pattern, compiled

RE2::Options options() {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(kProgramBytesMax);
  return out;
}

struct Format {
  const char* name;
  const char* pattern;
};

// As RFC 3339, 5321, 1123, 2673, 4291, 3986, 9562 and ISO 8601 write them, without their rarest forms.
constexpr const char* kDate = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
constexpr const char* kTime =
    "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
constexpr const char* kByte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
constexpr const char* kLabel = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

const std::map<std::string, std::string>& format_patterns() {
  static const std::map<std::string, std::string> kPatterns = [] {
    const std::string ipv4 = fmt::format("({0}[.]){{3}}{0}", kByte);
    const std::string h = "[0-9A-Fa-f]{1,4}";
    std::string ipv6 = fmt::format(
        "(({0}:){{7}}{0}|({0}:){{1,7}}:|:(:{0}){{1,7}}|::|({0}:){{6}}{1}|::([Ff]{{4}}:)?{1}", h, ipv4);
    for (int before = 1; before <= 6; ++before)
      ipv6 += fmt::format("|({0}:){{{1}}}(:{0}){{1,{2}}}", h, before, 7 - before);
    ipv6 += ")";
    return std::map<std::string, std::string>{
        {"date", kDate},
        {"time", kTime},
        {"date-time", fmt::format("{}[Tt]{}", kDate, kTime)},
        {"duration",
         "P([0-9]+W|([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+([.][0-9]+)?S)?)?)"},
        {"uuid", "[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"},
        {"email", fmt::format("[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{0}([.]{0})+", kLabel)},
        {"hostname", fmt::format("{0}([.]{0})*", kLabel)},
        {"ipv4", ipv4},
        {"ipv6", ipv6},
        {"uri", "[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=%\\[\\]-]+"}};
  }();
  return kPatterns;
}

bool day_exists(std::string_view date) {
  const auto number = [&](std::size_t from, std::size_t count) {
    int out = 0;
    for (std::size_t i = from; i < from + count; ++i) out = 10 * out + (date[i] - '0');
    return out;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

}  // namespace

namespace {

// \uXXXX is JavaScript's; RE2 writes it \x{XXXX}.
std::string in_re2(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && text[i + 1] == 'u' && i + 6 <= text.size()) {
      out += "\\x{" + text.substr(i + 2, 4) + "}";
      i += 5;
    } else {
      out += text[i];
      if (escape) out += text[++i];
    }
  }
  return out;
}

}  // namespace

struct Pattern::Program {
  explicit Program(const std::string& text) : re(in_re2(text), options()) {}
  RE2 re;
};

Result<Pattern> Pattern::read(const std::string& text) {
  Pattern out;
  out.program_ = std::make_shared<const Program>(text);
  if (!out.program_->re.ok())
    return fail(Code::invalid_argument, "schema.unsupported", out.program_->re.error());
  return out;
}

bool Pattern::finds(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), program_->re);
}

std::int64_t Pattern::steps(std::size_t bytes) const {
  constexpr std::int64_t kPerStep = 100;  // states of the program, each looked at once a byte at worst
  return 1 + static_cast<std::int64_t>(bytes) * program_->re.ProgramSize() / kPerStep;
}

std::int64_t Pattern::states() const { return program_->re.ProgramSize(); }

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& [name, pattern] : format_patterns()) names.push_back(name);
    return names;
  }();
  return kNames;
}

bool has_format(const std::string& format, std::string_view text) {
  static const auto* kPrograms = [] {
    auto* out = new std::map<std::string, Pattern>();
    for (const auto& [name, pattern] : format_patterns()) {
      if (auto read = Pattern::read("^(" + pattern + ")$")) out->emplace(name, *std::move(read));
    }
    return out;
  }();
  const auto found = kPrograms->find(format);
  if (found == kPrograms->end()) return true;
  if (!found->second.finds(text)) return false;
  if (format == "date" || format == "date-time") return day_exists(text);
  if (format == "hostname") return text.size() <= 253;
  // "P" and "PT" name no duration.
  if (format == "duration") return text.back() != 'P' && text.back() != 'T';
  return true;
}

std::optional<std::string> format_rule(const std::string& format) {
  // Where the whole of a format is more than a small model should be led to: a part of it.
  static const std::map<std::string, std::string> kNarrow = {
      {"date", "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"},
      {"date-time",
       "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"},
      {"time", "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"},
      {"duration", "P([1-9][0-9]{0,2}D|T[1-9][0-9]{0,2}[HMS])"},
      {"email", "[a-z0-9]{1,24}([.][a-z0-9]{1,16})?@[a-z0-9]{1,24}[.][a-z]{2,6}"},
      {"hostname", "[a-z0-9]{1,24}([.][a-z0-9]{1,16}){0,3}"},
      {"ipv6", "([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"},
      {"uri", "https?://[a-z0-9]{1,24}([.][a-z0-9]{1,16}){1,3}(/[A-Za-z0-9._~-]{1,24}){0,4}"}};
  if (const auto narrow = kNarrow.find(format); narrow != kNarrow.end()) return pattern_rule(narrow->second);
  const auto found = format_patterns().find(format);
  return found == format_patterns().end() ? std::nullopt : pattern_rule(found->second);
}

namespace {

// A regular expression as a rule of a grammar, read by descent. Sets a flag where it meets what it has no
// rule for.
class ToGrammar {
 public:
  explicit ToGrammar(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    std::string all = alternatives(0);
    if (failed_ || at_ != text_.size() || all.empty() || all.size() > kRuleBytesMax) return std::nullopt;
    return "\"\\\"\" (" + all + ") \"\\\"\"";
  }

 private:
  static constexpr int kDepthMax = 24;
  static constexpr int kRepeatMax = 256;
  static constexpr std::size_t kRuleBytesMax = 8192;
  // A character of a JSON string that needs no escape.
  static constexpr const char* kAny = "[^\"\\\\\\x00-\\x1f\\x7f]";

  bool end() const { return at_ >= text_.size(); }
  char peek() const { return end() ? '\0' : text_[at_]; }
  std::string give_up() {
    failed_ = true;
    return {};
  }

  std::string alternatives(int depth) {
    if (depth > kDepthMax) return give_up();
    std::string out = sequence(depth);
    while (!failed_ && !end() && peek() == '|') {
      ++at_;
      out += " | " + sequence(depth);
    }
    return out;
  }

  // Anchors at the ends of a sequence: it begins and ends there anyway.
  std::string sequence(int depth) {
    std::string out;
    const auto from = at_;
    while (!failed_ && !end() && peek() != '|' && peek() != ')') {
      if (peek() == '^' && at_ == from) {
        ++at_;
        continue;
      }
      if (peek() == '$') {
        ++at_;
        if (!end() && peek() != '|' && peek() != ')') return give_up();
        break;
      }
      const auto one = repeated(depth);
      if (!one.empty()) out += (out.empty() ? "" : " ") + one;
    }
    return out.empty() ? "\"\"" : out;
  }

  std::string repeated(int depth) {
    std::string one = atom(depth);
    if (failed_ || end()) return one;
    std::string times;
    if (peek() == '*' || peek() == '+' || peek() == '?') {
      times = peek();
      ++at_;
    } else if (peek() == '{') {
      times = braces();
      if (failed_) return {};
    }
    if (times.empty()) return one;
    if (!end() && peek() == '?') ++at_;  // lazy: the same texts
    return one + times;
  }

  std::string braces() {
    const auto close = text_.find('}', at_);
    if (close == std::string_view::npos) return give_up();
    const std::string inside(text_.substr(at_ + 1, close - at_ - 1));
    const auto parts = split(inside, ',');
    if (parts.empty() || parts.size() > 2) return give_up();
    for (const auto& part : parts) {
      const bool number =
          part.size() <= 4 && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
      if (!number || (part.empty() && &part == &parts.front())) return give_up();
      if (!part.empty() && std::stoi(part) > kRepeatMax) return give_up();
    }
    at_ = close + 1;
    return "{" + inside + "}";
  }

  std::string atom(int depth) {
    const char c = peek();
    if (c == '(') return group(depth);
    if (c == '[') return brackets();
    if (c == '.') {
      ++at_;
      return kAny;
    }
    if (c == '\\') return escape();
    if (c == '*' || c == '+' || c == '?' || c == '{' || c == '^' || static_cast<unsigned char>(c) < 0x20)
      return give_up();
    // One character, which may be several bytes.
    std::size_t length = 1;
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0) == 0x80)
      ++length;
    const auto character = text_.substr(at_, length);
    at_ += length;
    return literal(character);
  }

  static std::string literal(std::string_view character) {
    if (character == "\"") return R"("\\\"")";  // in JSON: \"
    if (character == "\\") return R"("\\\\")";  // in JSON: two of them
    return "\"" + std::string(character) + "\"";
  }

  std::string group(int depth) {
    ++at_;
    if (peek() == '?') {
      if (text_.substr(at_, 2) != "?:") return give_up();
      at_ += 2;
    }
    const auto inside = alternatives(depth + 1);
    if (failed_ || peek() != ')') return give_up();
    ++at_;
    return "(" + inside + ")";
  }

  // The members of \d, \w, \s as they stand in brackets; "" = none of these.
  static std::string_view members_of(char letter) {
    switch (letter) {
      case 'd':
        return "0-9";
      case 'w':
        return "A-Za-z0-9_";
      case 's':
        return " ";
      default:
        return "";
    }
  }

  std::string escape() {
    ++at_;
    if (end()) return give_up();
    const char c = peek();
    ++at_;
    if (const auto members = members_of(c); !members.empty()) return "[" + std::string(members) + "]";
    if (c == 'D') return "[A-Za-z ]";
    if (c == 'W') return "[ .,;:!-]";
    if (c == 'S') return "[A-Za-z0-9]";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return give_up();
    return literal(std::string_view(&c, 1));
  }

  std::string brackets() {
    ++at_;
    const bool not_these = peek() == '^';
    if (not_these) ++at_;
    std::string out;
    bool first = true;
    while (!end() && (peek() != ']' || first)) {
      first = false;
      char c = peek();
      ++at_;
      if (c == '[' && peek() == ':') return give_up();
      if (c == '\\') {
        if (end()) return give_up();
        c = peek();
        ++at_;
        if (const auto members = members_of(c); !members.empty()) {
          out += members;
          continue;
        }
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return give_up();
        if (c == '-') {
          out += "\\x2d";
          continue;
        }
      }
      // (Alone in a JSON string they would end it or begin an escape.)
      if ((c == '"' || c == '\\') && !not_these) return give_up();
      if (c == '"' || c == '\\') continue;
      if (static_cast<unsigned char>(c) < 0x20) return give_up();
      if (c == '[' || c == ']' || c == '^') {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      } else {
        out += c;
      }
    }
    if (end()) return give_up();
    ++at_;
    if (not_these) return "[^" + out + "\"\\\\\\x00-\\x1f]";
    return out.empty() ? give_up() : "[" + out + "]";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<std::string> pattern_rule(std::string_view pattern) { return ToGrammar(pattern).run(); }

}  // namespace troupe::schema
