#include "talk/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "talk/words.h"

namespace troupe::talk {

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

// Calls text(piece) and name(piece) in the order of the template.
template <class Text, class Name>
void each_part(std::string_view text, const Text& on_text, const Name& on_name) {
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) {
      on_text(text);
      return;
    }
    const auto name = text.substr(open + 1, close - open - 1);
    if (is_name(name)) {
      on_text(text.substr(0, open));
      on_name(name);
    } else {
      on_text(text.substr(0, close + 1));
    }
    text.remove_prefix(close + 1);
  }
}

}  // namespace

std::vector<std::string> read_texts(const pack::Cursor& cursor, std::string_view what) {
  if (cursor.node().kind != pack::Node::Kind::list) return {cursor.text(what)};
  std::vector<std::string> out;
  for (const pack::Cursor& item : cursor.list(what)) out.push_back(item.text(what));
  if (out.empty()) cursor.problem(fmt::format("{} has no text", what), "expected one at least");
  return out;
}

std::vector<std::string> required_texts(pack::Fields& fields, std::string_view key) {
  const auto found = fields.required(key);
  return found ? read_texts(*found, key) : std::vector<std::string>();
}

std::vector<std::string> optional_texts(pack::Fields& fields, std::string_view key) {
  const auto found = fields.optional(key);
  return found ? read_texts(*found, key) : std::vector<std::string>();
}

std::set<std::string, std::less<>> read_word_set(const pack::Cursor& cursor, std::string_view what) {
  std::set<std::string, std::less<>> out;
  for (const std::string& text : read_texts(cursor, what)) {
    for (const std::string& word : split(tidied(text), ' ')) {
      if (!word.empty()) out.insert(fold(word));
    }
  }
  return out;
}

std::set<std::string, std::less<>> required_words(pack::Fields& fields, std::string_view key) {
  const auto found = fields.required(key);
  return found ? read_word_set(*found, key) : std::set<std::string, std::less<>>();
}

std::set<std::string, std::less<>> optional_words(pack::Fields& fields, std::string_view key) {
  const auto found = fields.optional(key);
  return found ? read_word_set(*found, key) : std::set<std::string, std::less<>>();
}

std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> out;
  each_part(text, [](std::string_view) {}, [&](std::string_view name) { out.emplace_back(name); });
  return out;
}

void check_placeholders(const pack::Cursor& cursor, std::string_view text,
                        std::span<const std::string_view> known) {
  const auto has_brace = [](std::string_view piece) {
    return piece.find_first_of("{}") != std::string_view::npos;
  };
  bool broken = false;
  each_part(
      text, [&](std::string_view piece) { broken |= has_brace(piece); },
      [&](std::string_view name) {
        if (std::ranges::find(known, name) != known.end()) return;
        if (std::ranges::find(known, lower_first(name)) != known.end()) return;
        cursor.problem(fmt::format("'{{{}}}' is not known here", name),
                       known.empty() ? std::string("expected a text without braces")
                                     : fmt::format("expected any of {{{}}}", fmt::join(known, "}, {")));
      });
  if (broken) cursor.problem(fmt::format("{} has a brace that names nothing", pack::shown(text)));
}

std::vector<std::string> read_templates(const pack::Cursor& cursor, std::string_view what,
                                        std::span<const std::string_view> known) {
  if (cursor.node().kind != pack::Node::Kind::list) {
    std::string text = cursor.text(what);
    check_placeholders(cursor, text, known);
    return {std::move(text)};
  }
  std::vector<std::string> out;
  for (const pack::Cursor& item : cursor.list(what)) {
    out.push_back(item.text(what));
    check_placeholders(item, out.back(), known);
  }
  if (out.empty()) cursor.problem(fmt::format("{} has no text", what), "expected one at least");
  return out;
}

namespace {

// "{Season}" is "{season}" with its first letter large.
std::optional<std::string> value_of(std::string_view name, const Values& values) {
  if (const auto found = values.find(name); found != values.end()) return found->second;
  if (!begins_large(name)) return std::nullopt;
  const auto found = values.find(lower_first(name));
  return found == values.end() ? std::nullopt : std::optional(upper_first(found->second));
}

}  // namespace

bool has_all(std::string_view text, const Values& values) {
  return std::ranges::all_of(placeholders(text),
                             [&](const std::string& name) { return value_of(name, values).has_value(); });
}

std::string filled(std::string_view text, const Values& values) {
  std::string out;
  each_part(
      text, [&](std::string_view piece) { out += piece; },
      [&](std::string_view name) {
        if (const auto value = value_of(name, values)) out += *value;
      });
  return tidied(out);
}

}  // namespace troupe::talk
