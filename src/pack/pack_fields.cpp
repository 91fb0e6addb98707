// Cursor and Fields: reading typed values out of the tree.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "pack/pack_yaml.h"

namespace troupe::pack {

namespace {

std::string kind_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "empty";
    case Node::Kind::scalar:
      return shown(node.text);
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return "";
}

// std::from_chars and not strtod: the decimal point must not depend on the machine's locale.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(out)) return std::nullopt;
  }
  return out;
}

}  // namespace

std::optional<Clock> parse_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return Clock{hour * 60 + minute};
}

std::string clock_text(Clock clock) {
  return fmt::format("{:02}:{:02}", clock.minute / 60, clock.minute % 60);
}

void Schema::Key::take(std::string_view type) {
  if (std::ranges::find(types, type) == types.end()) types.emplace_back(type);
}

Schema::Key* Schema::ask(const std::string& mapping, std::string_view key, bool required) {
  const auto [entry, is_new] = keys_.try_emplace({mapping, std::string(key)});
  Key& found = entry->second;
  if (is_new) {
    found.mapping = mapping;
    found.name = key;
    order_.push_back(&found);
  }
  found.required |= required;
  return &found;
}

bool Cursor::is_scalar(std::string_view what, std::string_view wanted) const {
  note(wanted);
  if (node_.kind == Node::Kind::scalar) return true;
  // "- Mind: the net." reads as a mapping of `Mind` to `the net.`
  const bool colon = node_.kind == Node::Kind::map && node_.keys.size() == 1 && wanted == "text";
  problem(fmt::format("{} is {}", what, kind_of(node_)),
          fmt::format("expected {}{}", wanted,
                      colon ? fmt::format("; where it has a colon, put it in quotes: \"{}: ...\"",
                                          utf8_prefix(node_.keys[0].text, 30))
                            : std::string()));
  return false;
}

std::string Cursor::text(std::string_view what) const {
  if (!is_scalar(what, "text")) return {};
  std::string out = trim(node_.text);
  if (out.empty()) problem(fmt::format("{} is empty", what), "expected text");
  return out;
}

std::string Cursor::identifier(std::string_view what) const {
  constexpr std::string_view kWanted =
      "an identifier: lowercase letters, digits and '_', a letter first, at most 48";
  if (!is_scalar(what, kWanted)) return {};
  if (is_identifier(node_.text)) return node_.text;
  problem(fmt::format("{} is {}", what, shown(node_.text)), fmt::format("expected {}", kWanted));
  return {};
}

double Cursor::number(std::string_view what, double low, double high) const {
  const std::string wanted = fmt::format("a number from {} to {}", low, high);
  if (!is_scalar(what, wanted)) return low;
  const auto found = node_.quoted ? std::nullopt : parse_number<double>(node_.text);
  if (found && *found >= low && *found <= high) return *found;
  problem(fmt::format("{} is {}", what, shown(node_.text)), "expected " + wanted);
  return low;
}

std::int64_t Cursor::whole(std::string_view what, std::int64_t low, std::int64_t high) const {
  const std::string wanted = fmt::format("a whole number from {} to {}", low, high);
  if (!is_scalar(what, wanted)) return low;
  const auto found = node_.quoted ? std::nullopt : parse_number<std::int64_t>(node_.text);
  if (found && *found >= low && *found <= high) return *found;
  problem(fmt::format("{} is {}", what, shown(node_.text)), "expected " + wanted);
  return low;
}

bool Cursor::boolean(std::string_view what) const {
  if (!is_scalar(what, "true or false")) return false;
  if (!node_.quoted && (node_.text == "true" || node_.text == "false")) return node_.text == "true";
  problem(fmt::format("{} is {}", what, shown(node_.text)), "expected true or false");
  return false;
}

Clock Cursor::clock(std::string_view what) const {
  constexpr std::string_view kWanted = "a time of day from 00:00 to 23:59, written HH:MM";
  if (!is_scalar(what, kWanted)) return {};
  if (const auto found = parse_clock(node_.text)) return *found;
  problem(fmt::format("{} is {}", what, shown(node_.text)), fmt::format("expected {}", kWanted));
  return {};
}

Value Cursor::value(std::string_view what) const {
  if (!is_scalar(what, "true, false, a number or text")) return false;
  if (!node_.quoted) {
    if (node_.text == "true") return true;
    if (node_.text == "false") return false;
    if (const auto found = parse_number<double>(node_.text)) return *found;
  }
  return node_.text;
}

std::optional<std::size_t> Cursor::choice(std::string_view what,
                                          std::span<const std::string_view> names) const {
  if (!is_scalar(what, fmt::format("one of {}", fmt::join(names, ", ")))) return std::nullopt;
  const auto found = std::ranges::find(names, std::string_view(node_.text));
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::vector<std::string> candidates(names.begin(), names.end());
  problem(fmt::format("{} is {}", what, shown(node_.text)), nearest_or_list(node_.text, candidates));
  return std::nullopt;
}

std::vector<Cursor> Cursor::list(std::string_view what) const {
  std::vector<Cursor> out;
  if (key_ != nullptr) key_->list = true;
  if (node_.kind != Node::Kind::list) {
    problem(fmt::format("{} is {}", what, kind_of(node_)), "expected a list");
    return out;
  }
  for (const Node& item : node_.items) out.emplace_back(item, file_, report_, key_);
  return out;
}

std::vector<std::pair<Cursor, Cursor>> Cursor::map(std::string_view what) const {
  std::vector<std::pair<Cursor, Cursor>> out;
  note("a mapping");
  if (node_.kind != Node::Kind::map) {
    problem(fmt::format("{} is {}", what, kind_of(node_)), "expected 'name: value' pairs");
    return out;
  }
  for (std::size_t i = 0; i < node_.items.size(); ++i) {
    out.emplace_back(Cursor(node_.keys[i], file_, report_), Cursor(node_.items[i], file_, report_));
  }
  return out;
}

std::optional<Cursor> Cursor::find(std::string_view key) const {
  for (std::size_t i = 0; i < node_.keys.size(); ++i) {
    if (node_.keys[i].text == key) return Cursor(node_.items[i], file_, report_);
  }
  return std::nullopt;
}

Fields::Fields(const Cursor& cursor, std::string what)
    : cursor_(cursor), mapping_(what), what_(std::move(what)) {
  cursor_.note(mapping_);
  valid_ = cursor_.node().kind == Node::Kind::map;
  if (!valid_) {
    cursor_.problem(fmt::format("{} is {}", what_, kind_of(cursor_.node())), "expected 'name: value' pairs");
  }
}

// A key that is misspelt is one mistake: that it is missing under its right name follows from it.
Fields::~Fields() {
  std::vector<std::string> meant;
  for (const Node& key : cursor_.node().keys) {
    if (key.kind != Node::Kind::scalar || std::ranges::find(asked_, key.text) != asked_.end()) continue;
    meant.push_back(nearest(key.text, asked_));
    cursor_.report().misspelt({cursor_.at().file, key.line, key.column}, meant.back(),
                              fmt::format("{} has no key {}", what_, shown(key.text)),
                              nearest_or_list(key.text, asked_));
  }
  for (const auto& [key, what] : missing_) {
    if (std::ranges::find(meant, key) == meant.end())
      cursor_.problem(fmt::format("{} needs '{}'", what, key));
  }
}

std::optional<Cursor> Fields::ask(std::string_view key, bool required) {
  if (std::ranges::find(asked_, key) == asked_.end()) asked_.emplace_back(key);
  Schema* schema = cursor_.report().schema();
  auto found = cursor_.find(key);
  if (schema == nullptr) return found;
  Schema::Key* noted = schema->ask(mapping_, key, required);
  if (!found) return std::nullopt;
  return Cursor(found->node(), cursor_.file_, cursor_.report_, noted);
}

std::optional<Cursor> Fields::optional(std::string_view key) { return ask(key, false); }

std::optional<Cursor> Fields::required(std::string_view key) {
  auto found = ask(key, true);
  if (!found && valid_) missing_.emplace_back(key, what_);
  return found;
}

std::string Fields::text(std::string_view key) {
  const auto found = required(key);
  return found ? found->text(key) : std::string();
}

std::string Fields::name(std::string_view key) {
  constexpr std::size_t kNameBytesMax = 80;
  const auto found = required(key);
  if (!found) return {};
  auto text = found->text(key);
  if (text.size() > kNameBytesMax || has_unseen(text) || text.find_first_of("<>|:") != std::string::npos)
    found->problem(
        fmt::format("{} is '{}'", key, utf8_prefix(text, 40)),
        fmt::format("expected at most {} bytes that can all be seen, without < > | and :", kNameBytesMax));
  return text;
}

std::string Fields::text_or(std::string_view key, std::string fallback) {
  const auto found = optional(key);
  return found ? found->text(key) : std::move(fallback);
}

std::string Fields::identifier(std::string_view key) {
  const auto found = required(key);
  return found ? found->identifier(key) : std::string();
}

double Fields::number(std::string_view key, double low, double high) {
  const auto found = required(key);
  return found ? found->number(key, low, high) : low;
}

double Fields::number_or(std::string_view key, double fallback, double low, double high) {
  const auto found = optional(key);
  return found ? found->number(key, low, high) : fallback;
}

std::int64_t Fields::whole(std::string_view key, std::int64_t low, std::int64_t high) {
  const auto found = required(key);
  return found ? found->whole(key, low, high) : low;
}

std::int64_t Fields::whole_or(std::string_view key, std::int64_t fallback, std::int64_t low,
                              std::int64_t high) {
  const auto found = optional(key);
  return found ? found->whole(key, low, high) : fallback;
}

bool Fields::boolean_or(std::string_view key, bool fallback) {
  const auto found = optional(key);
  return found ? found->boolean(key) : fallback;
}

std::vector<Cursor> Fields::list(std::string_view key) {
  const auto found = required(key);
  return found ? found->list(key) : std::vector<Cursor>();
}

std::vector<Cursor> Fields::list_or(std::string_view key) {
  const auto found = optional(key);
  return found ? found->list(key) : std::vector<Cursor>();
}

}  // namespace troupe::pack
