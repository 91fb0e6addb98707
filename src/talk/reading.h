#pragma once
// Reading the values of a language file that several sections have: lists of texts, templates, maps of them.
// Private to this room.
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack_yaml.h"

namespace troupe::talk {

// (libstdc++ 12 has no std::ranges::contains.)
template <class Range, class Value>
bool is_among(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

// A text or a list of texts; at least one.
std::vector<std::string> read_texts(const pack::Cursor& cursor, std::string_view what);
std::vector<std::string> required_texts(pack::Fields& fields, std::string_view key);
std::vector<std::string> optional_texts(pack::Fields& fields, std::string_view key);

// Words between white space, of one text or several; folded. `stop: the a an of`.
std::set<std::string, std::less<>> read_word_set(const pack::Cursor& cursor, std::string_view what);
std::set<std::string, std::less<>> required_words(pack::Fields& fields, std::string_view key);
std::set<std::string, std::less<>> optional_words(pack::Fields& fields, std::string_view key);

// The names in braces of a template, in their order: {"way"} of "{way}, love." What is no name is left.
std::vector<std::string> placeholders(std::string_view text);
// Reports each name in braces that is not among `known`, and braces that do not close.
void check_placeholders(const pack::Cursor& cursor, std::string_view text,
                        std::span<const std::string_view> known);
std::vector<std::string> read_templates(const pack::Cursor& cursor, std::string_view what,
                                        std::span<const std::string_view> known);

// The template with its values. Its size is bounded by those of its parts.
using Values = std::map<std::string, std::string, std::less<>>;
bool has_all(std::string_view text, const Values& values);  // every name in braces has a value
std::string filled(std::string_view text, const Values& values);

}  // namespace troupe::talk
