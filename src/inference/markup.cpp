#include "inference/markup.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "inference/markup_names.h"

namespace troupe::inference {

namespace {

constexpr std::size_t kHeaderBytesMax = 64;
constexpr std::string_view kWideBar = "\xEF\xBD\x9C";    // U+FF5C, in some tokens instead of |
constexpr std::string_view kWideSpace = "\xE2\x96\x81";  // U+2581, in them instead of a space
constexpr std::string_view kLeft = "\xE2\x97\x81";       // U+25C1
constexpr std::string_view kRight = "\xE2\x96\xB7";      // U+25B7

bool is_one(const auto& list, std::string_view name) { return std::ranges::find(list, name) != list.end(); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == ':' || c == '-'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) || c == 0x7f; }
bool is_blank(std::string_view text) { return std::ranges::all_of(text, is_space); }

// Whether `text` has come so far as a beginning of `whole`, letter case aside.
bool begins(std::string_view text, std::string_view whole) {
  return text.size() < whole.size() && lower_ascii(text) == lower_ascii(whole.substr(0, text.size()));
}

// Whether one word of a name of several is in the list.
bool has_one(const auto& list, std::string_view name) {
  while (!name.empty()) {
    const auto word = name.substr(0, name.find_first_of("_-:"));
    if (is_one(list, word)) return true;
    name.remove_prefix(std::min(name.size(), word.size() + 1));
  }
  return false;
}

bool is_numbered(std::string_view name, std::string_view lead) {
  return name.starts_with(lead) && name.size() > lead.size() &&
         std::ranges::all_of(name.substr(lead.size()), is_digit);
}
bool is_byte(std::string_view name) {  // <0x0a>
  return name.size() == 4 && name.starts_with("0x") &&
         std::ranges::all_of(name.substr(2), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Markup::Markup(Kind kind, bool opens_in_thought) : kind_(kind), unsure_(opens_in_thought) {}

Markup::Means Markup::meaning_of(std::string_view name, bool closes, bool control) const {
  if (is_one(kThoughts, name)) return closes ? Means::close : Means::open;
  if (is_one(kThoughtsBegin, name)) return Means::open;
  if (is_one(kThoughtsEnd, name)) return Means::close;
  if (has_one(kThoughtWords, name)) return closes || has_one(kEndWords, name) ? Means::close : Means::open;
  if (is_one(kHiddenEnd, name)) return Means::unhide;
  if (is_one(kHidden, name)) return closes ? Means::unhide : Means::hide;
  if (control && name == "channel") return closes ? Means::close : Means::channel;
  if (control && name == "turn") return closes ? Means::end : Means::start;
  if (control && (name == "message" || name == "end_header_id")) return Means::message;
  if (control && is_one(kHeaders, name)) return Means::header;
  if (control && is_one(kOtherRoles, name)) return Means::others;
  if (control && is_one(kOwnRoles, name)) return Means::own;
  const bool certain = control || name.contains('_');  // <end> and <role> may be somebody's text
  if (certain && is_one(kStarts, name)) return Means::start;
  if (certain && is_one(kEnds, name)) return Means::end;
  if (name == "eos" || name.starts_with("endof")) return Means::end;
  if (control) return Means::drop;
  if (name == "s" && closes && kind_ == Kind::speech) return Means::end;
  if (is_one(kDropped, name)) return Means::drop;
  if (is_numbered(name, "unused") || is_numbered(name, "extra_id_") || is_byte(name)) return Means::drop;
  return Means::none;
}

// <|name|>, with either kind of bar. Broken ones too: "<|im_end" and something else.
Markup::Tag Markup::control_at(std::string_view text) const {
  std::string_view rest = text.substr(1);
  const bool wide = rest.starts_with(kWideBar);
  rest.remove_prefix(wide ? kWideBar.size() : 1);
  bool closes = false;
  if (rest.starts_with('/')) {
    closes = true;
    rest.remove_prefix(1);
  }
  std::string name;
  while (!rest.empty() && name.size() < kTagBytesMax) {
    if (is_name(rest.front())) {
      name += rest.front();
      rest.remove_prefix(1);
    } else if (rest.starts_with(kWideSpace)) {
      name += '_';
      rest.remove_prefix(kWideSpace.size());
    } else if (rest.size() < kWideSpace.size() && kWideSpace.starts_with(rest)) {
      return {Means::more};
    } else {
      break;
    }
  }
  if (rest.empty() && name.size() < kTagBytesMax) return {Means::more};
  if (name.empty()) return {};
  const auto means = meaning_of(lower_ascii(name), closes, true);
  for (const std::string_view end : {std::string_view("|>"), std::string_view("\xEF\xBD\x9C>")}) {
    if (rest.starts_with(end)) return {means, text.size() - rest.size() + end.size()};
    if (rest.size() < end.size() && end.starts_with(rest)) return {Means::more};
  }
  if (rest.starts_with('|') || rest.starts_with('>')) rest.remove_prefix(1);
  return {means, text.size() - rest.size()};
}

// <name>, </name>, <name attribute>, <function=name>; of thoughts and calls also without the last bracket.
// And <name|>, which ends what <|name> has begun.
Markup::Tag Markup::named_at(std::string_view text) const {
  std::string_view rest = text.substr(1);
  bool closes = false;
  if (rest.starts_with('/')) {
    closes = true;
    rest.remove_prefix(1);
  }
  std::size_t size = 0;
  while (size < rest.size() && is_name(rest[size])) ++size;
  const auto name = lower_ascii(rest.substr(0, size));
  if (size == rest.size()) {
    if (size > 24) return {};
    return {Means::more};
  }
  rest.remove_prefix(size);
  if (const auto ends = meaning_of(name, true, true); rest.starts_with('|') && ends != Means::drop) {
    if (rest.size() == 1) return {Means::more};
    if (rest[1] == '>') return {ends, text.size() - rest.size() + 2};
  }
  auto means = meaning_of(name, closes, false);
  if (means == Means::none && kind_ == Kind::speech && !name.empty() && is_letter(name.front()))
    means = Means::drop;
  if (rest.starts_with('>')) return {means, text.size() - rest.size() + 1};
  const bool heavy =
      means == Means::open || means == Means::close || means == Means::hide || means == Means::unhide;
  if (!heavy && (kind_ != Kind::speech || means == Means::none)) return {};
  const auto end = rest.find_first_of(">\n");
  if (end == std::string_view::npos) {
    if (text.size() < kTagBytesMax) return {Means::more};
  } else if (rest[end] == '>' && end < kTagBytesMax) {
    return {means, text.size() - rest.size() + end + 1};
  }
  return heavy ? Tag{means, text.size() - rest.size()} : Tag{};
}

Markup::Tag Markup::bracket_at(std::string_view text) const {
  constexpr std::size_t kLongest = 24;
  const auto inside = text.substr(1);
  const auto end = inside.substr(0, kLongest).find(']');
  if (end == std::string_view::npos) {
    if (inside.size() >= kLongest) return {};
    const bool may = std::ranges::any_of(kBrackets, [&](auto name) {
      return begins(inside, name) || lower_ascii(inside) == lower_ascii(name);
    });
    return {may ? Means::more : Means::none};
  }
  auto name = inside.substr(0, end);
  const bool known = std::ranges::any_of(kBrackets, [&](auto one) {
    return one == name || (is_letter(one.back()) && lower_ascii(one) == one && lower_ascii(name) == one);
  });
  if (!known) return {};
  const bool closes = name.starts_with('/');
  if (closes) name.remove_prefix(1);
  const auto lower = lower_ascii(name);
  const std::size_t length = end + 2;
  if (is_one(kThoughts, lower)) return {closes ? Means::close : Means::open, length};
  if (name == "EOS") return {Means::end, length};
  if (name == "INST") return {closes ? Means::own : Means::others, length};
  const bool hides =
      name == "TOOL_CALLS" || name == "TOOL_RESULTS" || name == "AVAILABLE_TOOLS" || name == "SYSTEM_PROMPT";
  return {!hides ? Means::drop : closes ? Means::unhide : Means::hide, length};
}

// What moves a cursor or turns a line around is no word: control characters, a terminal's sequences, marks
// that cannot be seen.
Markup::Tag Markup::unseen_at(std::string_view text) const {
  if (text.front() == '\x1b' && text.size() == 1) return {Means::more};
  if (text.starts_with("\x1b[")) {
    const auto end = text.substr(2).find_first_not_of("0123456789;:?<=>!$ ");
    if (end != std::string_view::npos) return {Means::drop, end + 3};
    return text.size() < kTagBytesMax ? Tag{Means::more} : Tag{Means::drop, 1};
  }
  if (is_control(text.front())) return {Means::drop, 1};
  if (text.front() != '\xE2' && text.front() != '\xEF') return {};
  for (const auto mark : unseen_marks()) {
    if (text.starts_with(mark)) return {Means::drop, mark.size()};
    if (mark.starts_with(text)) return {Means::more};
  }
  return {};
}

Markup::Tag Markup::tag_at(std::string_view text) const {
  if (text.front() == '[') return bracket_at(text);
  if (const auto unseen = unseen_at(text); unseen.means != Means::none) return unseen;
  if (text.front() != '<') {
    for (const auto* tag : {"think", "/think", "thinking", "/thinking"}) {
      const std::string whole = std::string(kLeft) + tag + std::string(kRight);
      if (text.starts_with(whole)) return {tag[0] == '/' ? Means::close : Means::open, whole.size()};
      if (whole.starts_with(text)) return {Means::more};
    }
    return {};
  }
  if (text.size() == 1) return {Means::more};
  for (const std::string_view sys : {"<<SYS>>", "<</SYS>>"}) {
    if (text.starts_with(sys)) return {Means::drop, sys.size()};
    if (sys.starts_with(text)) return {Means::more};
  }
  if (text[1] == '|' || text.substr(1).starts_with(kWideBar)) return control_at(text);
  if (text.size() < 1 + kWideBar.size() && kWideBar.starts_with(text.substr(1))) return {Means::more};
  if (is_letter(text[1]) || text[1] == '/' || begins(text.substr(1), "0x") ||
      text.substr(1).starts_with("0x"))
    return named_at(text);
  return {};
}

void Markup::show(std::string_view text) {
  if (!spoke_ && tagged_) text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \n\t\r")));
  if (ended_ || text.empty()) return;
  spoke_ = spoke_ || !is_blank(text);
  out_ += text;
  text_ += text;
}

void Markup::take(std::string_view text) {
  if (text.empty()) return;
  switch (mode_) {
    case Mode::show:
      return show(text);
    case Mode::thought:
      thought_bytes_ += text.size();
      reasoning_ += utf8_prefix(text, kReasoningBytesMax - reasoning_.size());
      return;
    case Mode::header:
      header_ += text;
      if (header_.size() > kHeaderBytesMax || header_.contains('\n')) leave_header();
      return;
    case Mode::role:
    case Mode::hidden:
    case Mode::other:
      return;
  }
}

// "analysis", "final", "assistant to=...": what the next part is.
void Markup::leave_header() {
  const auto head = lower_ascii(trim(header_));
  header_.clear();
  if (head.starts_with("analysis") || head.starts_with("commentary") || head.starts_with("thought") ||
      head.starts_with("reason")) {
    mode_ = Mode::thought;
    unsure_ = false;
    thought_bytes_ += 1;
    return;
  }
  const bool other = std::ranges::any_of(kOtherRoles, [&](auto role) { return head.starts_with(role); });
  if (other || spoke_) said_all();
  mode_ = other ? Mode::other : Mode::show;
}

void Markup::act(Means means) {
  tagged_ = true;
  switch (means) {
    case Means::open:
      mode_ = Mode::thought;
      unsure_ = false;
      thought_bytes_ += 1;
      return;
    case Means::own:
      said_all();
      mode_ = Mode::show;
      return;
    case Means::others:
      said_all();
      mode_ = Mode::other;
      return;
    case Means::close:
      if (unsure_ || (mode_ == Mode::show && spoke_)) {
        // It had begun before the first word.
        if (!unsure_) ++recalls_;
        unsure_ = false;
        begun_before_ = true;
        mode_ = Mode::thought;
        take(std::exchange(text_, {}));
        out_.clear();
        spoke_ = false;
      }
      thought_bytes_ += 1;
      mode_ = Mode::show;
      return;
    case Means::hide:
      mode_ = Mode::hidden;
      return;
    case Means::unhide:
      if (mode_ == Mode::hidden) mode_ = Mode::show;
      return;
    case Means::start:
      if (spoke_) return said_all();
      mode_ = Mode::role;
      return;
    case Means::header:
      if (spoke_) return said_all();
      header_.clear();
      mode_ = Mode::header;
      return;
    case Means::channel:
      if (mode_ == Mode::header) leave_header();
      header_.clear();
      mode_ = Mode::header;
      return;
    case Means::message:
      if (mode_ == Mode::header) leave_header();
      return;
    case Means::end:
      said_all();
      mode_ = Mode::show;
      return;
    case Means::none:
    case Means::more:
    case Means::drop:
      return;
  }
}

// The role's name after <|im_start|>. False: more must come.
bool Markup::eat_role(bool last) {
  const auto text = rest();
  std::size_t size = 0;
  while (size < text.size() && is_letter(text[size])) ++size;
  if (size == text.size() && !last && size < 20) return false;
  const auto role = lower_ascii(text.substr(0, std::min(size, kTagBytesMax)));
  mode_ = Mode::show;
  if (is_one(kOtherRoles, role)) mode_ = Mode::other;
  if (is_one(kThoughts, role)) act(Means::open);
  if (is_one(kOwnRoles, role) || is_one(kOtherRoles, role) || is_one(kThoughts, role)) at_ += size;
  return true;
}

// What was taken is let go at the end, once: each byte is looked at a bounded number of times.
void Markup::run(bool last) {
  while (at_ < held_.size() && !ended_ && step(last)) {
  }
  if (ended_) at_ = held_.size();
  held_.erase(0, at_);
  at_ = 0;
}

// One piece of text or one tag. False: more must come.
bool Markup::step(bool last) {
  const auto text = rest();
  if (kind_ == Kind::structured && mode_ == Mode::show) {
    const auto first = text.find_first_not_of(" \n\t\r");
    // No thought begins so.
    if (first != std::string::npos && (text[first] == '{' || text[first] == '"')) unsure_ = false;
    if (!unsure_ && (spoke_ || (first != std::string::npos && text[first] != '<' && text[first] != '[' &&
                                !text.substr(first).starts_with(kLeft.substr(0, 1))))) {
      at_ = held_.size();
      show(text);
      return true;
    }
  }
  if (mode_ == Mode::role) return eat_role(last);
  const auto found = std::ranges::find_if(
      text, [](char c) { return c == '<' || c == '[' || c == '\xE2' || c == '\xEF' || is_control(c); });
  if (const auto size = static_cast<std::size_t>(found - text.begin()); size > 0) {
    at_ += size;
    take(text.substr(0, size));
    return true;
  }
  const auto tag = tag_at(text.substr(0, 2 * kTagBytesMax));
  if (tag.means == Means::more) {
    if (!last) return false;
    // A lone bracket may be text; what has the beginning of a name is a tag that broke off.
    const bool alone = kind_ != Kind::speech && text.size() == 1 && !is_control(text.front());
    at_ = held_.size();
    if (alone || mode_ == Mode::thought) take(text);
    return true;
  }
  if (tag.means == Means::none) {
    const auto one = text.substr(0, text.front() == '\xE2' || text.front() == '\xEF' ? 3 : 1);
    at_ += one.size();
    if (kind_ == Kind::structured && mode_ == Mode::show) {
      spoke_ = true;
      unsure_ = unsure_ && one != "[";
    }
    take(one);
    return true;
  }
  at_ += tag.length;
  act(tag.means);
  return true;
}

std::string Markup::push(std::string_view piece) {
  if (ended_) return {};
  held_ += piece;
  run(false);
  unsure_ = unsure_ && !ended_;  // nothing that comes now could make a thought of it
  if (unsure_) return {};
  return std::exchange(out_, {});
}

std::string Markup::finish() {
  run(true);
  unsure_ = false;
  held_.clear();
  return std::exchange(out_, {});
}

std::string without_markup(std::string_view text, Markup::Kind kind) {
  Markup markup(kind);
  markup.push(text);
  markup.finish();
  return markup.text();
}

}  // namespace troupe::inference
