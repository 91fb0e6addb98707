#pragma once
// YAML as a checked tree, and a cursor over it that reports every mistake where it stands. Used by the loader
// and by whoever reads a configuration in the same strict way. The tree comes from yaml-cpp's event interface
// and not from YAML::Node: that merges duplicate keys silently and expands aliases, and here both are errors.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"

namespace troupe::pack {

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  bool quoted = false;  // "true" is text, true is not
  int line = 0;
  int column = 0;
  std::string text;
  std::vector<Node> keys;   // of a map, parallel to items
  std::vector<Node> items;  // of a list or a map
};

// What the loader asks for, noted while it asks; the reference of keys is made of it (pack_reference.h).
class Schema {
 public:
  struct Key {
    std::string mapping;  // "a place"
    std::string name;
    bool required = false;
    bool list = false;               // of the types
    std::vector<std::string> types;  // as messages say what is expected: "text", "a number from 0 to 1"
    void take(std::string_view type);
  };
  Key* ask(const std::string& mapping, std::string_view key, bool required);
  // In the order in which they were asked for first.
  const std::vector<Key*>& keys() const { return order_; }

 private:
  std::map<std::pair<std::string, std::string>, Key> keys_;  // a map: keys stay where they are
  std::vector<Key*> order_;
};

// How near to the root of the trouble a problem is: what is wrong in a file may be the reason for names that
// point nowhere, and those for a map that does not hang together.
enum class Depth { file, key, value, name, whole };

// Collects what is wrong. Bounded: what is over the limit is only counted.
class Report {
 public:
  explicit Report(std::size_t problems_max) : problems_max_(problems_max) {}

  void add(const Source& at, std::string what, std::string expected = {}) {
    add(depth_, at, std::move(what), std::move(expected));
  }
  void add(Depth depth, const Source& at, std::string what, std::string expected = {});
  // Of what is added from here on.
  void set_depth(Depth depth) { depth_ = depth; }
  bool empty() const { return problems_.empty(); }
  bool is_about(std::string_view file) const;
  // A key of a file that nobody knows, and the one that it may have meant ("" = none).
  void misspelt(const Source& at, std::string meant, std::string what, std::string expected);
  bool has_misspelt() const { return !misspelt_.empty(); }
  bool has_misspelt(const std::string& file, const std::string& meant) const;
  void note_into(Schema* schema) { schema_ = schema; }
  Schema* schema() const { return schema_; }
  std::size_t size() const { return problems_.size() + left_out_; }
  std::vector<Problem>
  take();  // sorted: what may be the reason for others comes first, then by file and line

 private:
  std::size_t problems_max_;
  Depth depth_ = Depth::value;
  std::set<std::pair<std::string, std::string>> misspelt_;  // in which file, and what was meant
  Schema* schema_ = nullptr;
  std::size_t left_out_ = 0;
  std::vector<std::pair<Depth, Problem>> problems_;
};

// The document in `text`, or nothing (then the report says why).
std::optional<Node> parse_yaml(const std::string& file, const std::string& text, const PackLimits& limits,
                               Report& report);

// The first control character of `text`, or nothing.
struct Control {
  std::size_t at = 0;  // byte
  std::string what;    // "the control character 0x07"
};
std::optional<Control> control_in(std::string_view text);

std::string shown(std::string_view text);                     // quoted for a message, cut where it is long
std::string one_of(std::span<const std::string_view> names);  // "expected one of a, b, c"
std::string nearest_or_list(std::string_view word, std::span<const std::string> candidates);

bool is_identifier(std::string_view text);  // [a-z][a-z0-9_]{0,47}

// A value and where it stands: reads itself as a type, or reports and gives the fallback.
class Cursor {
 public:
  Cursor(const Node& node, const std::string& file, Report& report, Schema::Key* key = nullptr)
      : node_(node), file_(file), report_(report), key_(key) {}

  const Node& node() const { return node_; }
  Report& report() const { return report_; }
  Source at() const { return {file_, node_.line, node_.column}; }
  void problem(std::string what, std::string expected = {}) const {
    report_.add(at(), std::move(what), std::move(expected));
  }

  // `what` names the value in messages: "age", "a neighbour". Numbers are inclusive of both ends.
  std::string text(std::string_view what) const;
  std::string identifier(std::string_view what) const;
  double number(std::string_view what, double low, double high) const;
  std::int64_t whole(std::string_view what, std::int64_t low, std::int64_t high) const;
  bool boolean(std::string_view what) const;
  Clock clock(std::string_view what) const;
  Value value(std::string_view what) const;
  std::optional<std::size_t> choice(std::string_view what, std::span<const std::string_view> names) const;
  std::vector<Cursor> list(std::string_view what) const;
  std::vector<std::pair<Cursor, Cursor>> map(std::string_view what) const;
  std::optional<Cursor> find(std::string_view key) const;  // of a map; silent
  // For the reference of keys, where it is not read as one of the types above.
  void note(std::string_view type) const {
    if (key_ != nullptr) key_->take(type);
  }

 private:
  friend class Fields;
  bool is_scalar(std::string_view what, std::string_view wanted) const;
  const Node& node_;
  const std::string& file_;
  Report& report_;
  Schema::Key* key_;  // that it was read for; null where nobody notes
};

// The fields of one mapping. Every key that was not asked for by the end of its life is an unknown key, so
// reading is also the schema: ask for all keys, always.
class Fields {
 public:
  Fields(const Cursor& cursor, std::string what);  // what: "place 'harbour'", "world.yaml"
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  bool valid() const { return valid_; }
  void rename(std::string what) { what_ = std::move(what); }
  const Cursor& cursor() const { return cursor_; }
  Source at() const { return cursor_.at(); }

  std::optional<Cursor> optional(std::string_view key);
  std::optional<Cursor> required(std::string_view key);

  std::string text(std::string_view key);  // required
  std::string name(std::string_view key);  // required: of somebody or something, as people read it
  std::string text_or(std::string_view key, std::string fallback);
  std::string identifier(std::string_view key);
  double number(std::string_view key, double low, double high);
  double number_or(std::string_view key, double fallback, double low, double high);
  std::int64_t whole(std::string_view key, std::int64_t low, std::int64_t high);
  std::int64_t whole_or(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high);
  bool boolean_or(std::string_view key, bool fallback);
  std::vector<Cursor> list(std::string_view key);     // required, may be empty
  std::vector<Cursor> list_or(std::string_view key);  // empty where absent

  template <class Enum, std::size_t N>
  Enum choice(std::string_view key, const std::array<std::string_view, N>& names,
              std::optional<Enum> fallback = {}) {
    const auto found = fallback ? optional(key) : required(key);
    const auto index = found ? found->choice(key, names) : std::nullopt;
    return index ? static_cast<Enum>(*index) : fallback.value_or(Enum{});
  }

 private:
  std::optional<Cursor> ask(std::string_view key, bool required);

  Cursor cursor_;
  std::string mapping_;  // as it was called first
  std::string what_;
  bool valid_ = false;
  std::vector<std::string> asked_;
  std::vector<std::pair<std::string, std::string>> missing_;  // key, and what the mapping was called then
};

}  // namespace troupe::pack
