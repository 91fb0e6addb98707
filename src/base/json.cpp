#include "base/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/text.h"

namespace troupe {

namespace {

struct Rules {
  std::size_t members_max = 0;  // of an object; 0 = as many as there are
  bool names_once = true;
};

constexpr int kNoDouble = 406;  // nlohmann's id of a number beyond a double

// nlohmann's parser tells what it reads; this builds the value, or says why not. The parser itself does not
// recurse.
template <class Json>
class Builder {
 public:
  explicit Builder(Rules rules) : rules_(rules) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string& text) {
    if (text.find_first_of(".eE") != std::string::npos) return add(value);
    return refuse(fmt::format("the whole number {} has more than 64 bits", utf8_prefix(text, 40)));
  }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(typename Json::binary_t&) { return refuse("binary values are none of JSON's"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    Level& level = levels_.back();
    if (rules_.members_max > 0 && level.names.size() >= rules_.members_max)
      return refuse(fmt::format("an object has at most {} members", rules_.members_max));
    if (!level.names.insert(name).second && rules_.names_once)
      return refuse(fmt::format("the name '{}' comes twice in one object", utf8_prefix(name, 64)));
    level.name = std::move(name);
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t, const std::string& token, const Exception& error) {
    if (why_.empty() && error.id == kNoDouble)
      why_ = fmt::format("the number {} is too large", utf8_prefix(token, 40));
    return false;
  }

  const std::string& why() const { return why_; }
  Json take() { return std::move(root_); }

 private:
  struct Level {
    Json* value;
    std::string name;                               // of the member that comes next
    std::set<std::string, std::less<>> names = {};  // seen in this object
  };

  bool refuse(std::string why) {
    why_ = std::move(why);
    return false;
  }
  bool add(Json value) {
    put(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (levels_.size() >= kJsonDepthMax)
      return refuse(fmt::format("nested deeper than {} levels", kJsonDepthMax));
    levels_.push_back({put(std::move(value)), {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }
  Json* put(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& into = *levels_.back().value;
    if (into.is_array()) {
      into.push_back(std::move(value));
      return &into.back();
    }
    Json& member = into[levels_.back().name];
    member = std::move(value);
    return &member;
  }

  Rules rules_;
  Json root_;
  std::vector<Level> levels_;
  std::string why_;
};

// How far the parser has looked, for messages.
struct Progress {
  const char* furthest;
  bool hit_end = false;
};

class Reading {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  Reading(const char* at, Progress* progress) : at_(at), progress_(progress) {}
  reference operator*() const { return *at_; }
  Reading& operator++() {
    progress_->furthest = std::max(progress_->furthest, ++at_);
    return *this;
  }
  bool operator==(const Reading& other) const {
    if (at_ == other.at_) progress_->hit_end = true;
    return at_ == other.at_;
  }
  bool operator!=(const Reading& other) const { return !(*this == other); }

 private:
  const char* at_;
  Progress* progress_;
};

// What somebody most likely meant, from the character that fits nowhere.
std::string_view syntax_problem(std::string_view taken) {
  if (taken.empty()) return "this is not JSON";
  const char last = taken.back();
  taken.remove_suffix(1);
  const std::string before = trim(taken.substr(taken.size() - std::min<std::size_t>(taken.size(), 64)));
  if ((last == '}' || last == ']') && before.ends_with(',')) return "a comma with nothing after it";
  if (last == '\'') return "texts stand in double quotes";
  if (last == '/' || last == '#') return "comments are no part of JSON";
  if (last == 'N' || last == 'I') return "NaN and Infinity are no numbers of JSON";
  return "this is not JSON";
}

std::string where(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
  const auto start = before.rfind('\n');
  const std::size_t column = offset - (start == std::string_view::npos ? 0 : start + 1);
  return fmt::format("line {}, column {}", line, std::max<std::size_t>(1, column));
}

template <class Json>
Result<Json> parse(std::string_view text, Rules rules) {
  const auto refuse = [&](std::size_t offset, std::string_view why) {
    return fail(Code::invalid_argument, "json.malformed", fmt::format("{}: {}", where(text, offset), why));
  };
  // nlohmann skips a byte order mark, and takes a NUL for the end.
  if (text.starts_with("\xEF\xBB\xBF")) return refuse(0, "a byte order mark is no part of JSON");
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) return refuse(nul + 1, "a NUL byte");
  Builder<Json> builder(rules);
  Progress progress{text.data()};
  const bool whole = Json::sax_parse(Reading(text.data(), &progress),
                                     Reading(text.data() + text.size(), &progress), &builder);
  if (whole && builder.why().empty()) return builder.take();
  const auto offset = static_cast<std::size_t>(progress.furthest - text.data());
  if (!builder.why().empty()) return refuse(offset, builder.why());
  if (!is_utf8(text)) return refuse(offset, "not valid UTF-8");
  return refuse(offset, progress.hit_end ? "it ends too early" : syntax_problem(text.substr(0, offset)));
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text) { return parse<nlohmann::json>(text, {}); }

Result<nlohmann::ordered_json> parse_ordered_json(std::string_view text) {
  return parse<nlohmann::ordered_json>(text, {.members_max = kJsonOrderedMembersMax});
}

Result<nlohmann::json> parse_foreign_json(std::string_view text) {
  return parse<nlohmann::json>(text, {.names_once = false});
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace troupe
