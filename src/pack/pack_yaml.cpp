#include "pack/pack_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <tuple>

#include "base/text.h"

namespace troupe::pack {

namespace {

// Thrown through yaml-cpp's parser, which knows no other way to be stopped; caught in parse_yaml().
struct Stop {
  Problem problem;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const PackLimits& limits, Report& report)
      : file_(file), limits_(limits), report_(report) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) stop(mark, "a second document starts here", "expected one document per file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(start(mark, "", anchor)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    stop(mark, "an alias", "expected the value itself: aliases are not allowed");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = start(mark, tag, anchor);
    // What may not stand there as it is may not stand there escaped ("\\0", "\\x07", "\\ud800") either.
    if (!is_utf8(value)) stop(mark, "an escape that is no character", "expected text");
    if (const auto control = control_in(value)) stop(mark, control->what, "expected text");
    node.kind = Node::Kind::scalar;
    node.quoted = tag == "!";
    node.text = value;
    // yaml-cpp gives an empty plain scalar for `key: ~` and friends in some places; that is null as well.
    if (!node.quoted && (value.empty() || value == "~" || value == "null")) node.kind = Node::Kind::null;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  [[noreturn]] void stop(const YAML::Mark& mark, std::string what, std::string expected) {
    throw Stop{{file_, mark.line + 1, mark.column + 1, std::move(what), std::move(expected)}};
  }

  Node start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (++nodes_ > limits_.nodes_per_file) {
      stop(mark, "the file has too many values", fmt::format("expected at most {}", limits_.nodes_per_file));
    }
    if (anchor != 0) stop(mark, "an anchor", "expected a plain value: anchors are not allowed");
    if (!tag.empty() && tag != "?" && tag != "!") {
      stop(mark, "the tag " + shown(tag), "expected a plain value: tags are not allowed");
    }
    Node node;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    Node node = start(mark, tag, anchor);
    node.kind = kind;
    if (open_.size() >= limits_.depth) {
      stop(mark, "values are nested too deep", fmt::format("expected at most {} levels", limits_.depth));
    }
    open_.push_back(std::move(node));
  }

  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = open_.back();
    if (parent.kind == Node::Kind::list) {
      parent.items.push_back(std::move(node));
      return;
    }
    if (parent.keys.size() == parent.items.size()) {  // a key comes first
      check_key(parent, node);
      parent.keys.push_back(std::move(node));
    } else {
      parent.items.push_back(std::move(node));
    }
  }

  void check_key(const Node& parent, const Node& key) {
    const Source at{file_, key.line, key.column};
    if (key.kind != Node::Kind::scalar) {
      report_.add(at, "a key that is not a word", "expected 'name: value'");
      return;
    }
    for (const Node& other : parent.keys) {
      if (other.text == key.text) {
        // In a list, the second and third key that are there twice are those of an item without its dash.
        const bool in_list = open_.size() > 1 && open_[open_.size() - 2].kind == Node::Kind::list;
        if (in_list && !doubled_.emplace(parent.line, parent.column).second) return;
        report_.add(at, fmt::format("key {} is here twice", shown(key.text)),
                    fmt::format("the first is in line {}", other.line));
        return;
      }
    }
  }

  const std::string& file_;
  const PackLimits& limits_;
  Report& report_;
  Node root_;
  std::vector<Node> open_;
  std::set<std::pair<int, int>>
      doubled_;  // items of lists with a key that is there twice, by where they begin
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

void Report::add(Depth depth, const Source& at, std::string what, std::string expected) {
  if (problems_.size() >= problems_max_) {
    ++left_out_;
    return;
  }
  problems_.emplace_back(depth, Problem{at.file, at.line, at.column, std::move(what), std::move(expected)});
}

bool Report::is_about(std::string_view file) const {
  return std::ranges::any_of(problems_, [&](const auto& entry) { return entry.second.file == file; });
}

void Report::misspelt(const Source& at, std::string meant, std::string what, std::string expected) {
  add(Depth::key, at, std::move(what), std::move(expected));
  misspelt_.emplace(at.file, std::move(meant));
}

bool Report::has_misspelt(const std::string& file, const std::string& meant) const {
  return misspelt_.contains({file, meant});
}

std::vector<Problem> Report::take() {
  std::ranges::sort(problems_, {}, [](const auto& entry) {
    const auto& [depth, p] = entry;
    return std::tie(depth, p.file, p.line, p.column, p.what);
  });
  std::vector<Problem> out;
  for (auto& [depth, problem] : problems_) out.push_back(std::move(problem));
  if (left_out_ > 0) out.push_back({"", 0, 0, fmt::format("and {} more problems", left_out_), ""});
  return out;
}

std::string to_string(const Problem& problem) {
  std::string out;
  if (!problem.file.empty()) {
    out = problem.file;
    if (problem.line > 0) out += fmt::format(":{}:{}", problem.line, problem.column);
    out += ": ";
  }
  out += problem.what;
  if (!problem.expected.empty()) out += "; " + problem.expected;
  return out;
}

std::optional<Node> parse_yaml(const std::string& file, const std::string& text, const PackLimits& limits,
                               Report& report) {
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    TreeBuilder builder(file, limits, report);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Stop& stop) {
    report.add(Depth::file, {file, stop.problem.line, stop.problem.column}, stop.problem.what,
               stop.problem.expected);
  } catch (const YAML::Exception& error) {
    // By far the most common of them: a line of text with a colon in it.
    const bool colon = error.msg.find("map value") != std::string::npos;
    report.add(Depth::file, {file, error.mark.line + 1, error.mark.column + 1},
               "this is not YAML: " + error.msg,
               colon ? "expected quotes around text that has a colon: \"Mind: the net.\"" : "");
  }
  return std::nullopt;
}

// C0 but tab and line ends, DEL, and C1: they end a YAML stream early, or mean something to a terminal, and
// none belongs into text for people.
std::optional<Control> control_in(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c0 = byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t';
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (!c0 && byte != 0x7F && !c1) continue;
    const auto code = c1 ? static_cast<unsigned char>(text[i + 1]) : byte;
    return Control{i, fmt::format("the control character 0x{:02x}", code)};
  }
  return std::nullopt;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShownBytesMax = 48;
  std::string out = "'";
  for (const char c : utf8_prefix(text, kShownBytesMax)) out += c == '\n' ? ' ' : c;
  if (text.size() > kShownBytesMax) out += "...";
  return out + "'";
}

std::string one_of(std::span<const std::string_view> names) {
  return fmt::format("expected {}{}", names.size() > 1 ? "one of " : "", fmt::join(names, ", "));
}

std::string nearest_or_list(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kListedMax = 14;
  if (const std::string near = nearest(word, candidates); !near.empty()) {
    return fmt::format("did you mean '{}'?", near);
  }
  if (candidates.empty() || candidates.size() > kListedMax) return {};
  return fmt::format("expected {}{}", candidates.size() > 1 ? "one of " : "", fmt::join(candidates, ", "));
}

bool is_identifier(std::string_view text) {
  constexpr std::size_t kIdentifierBytesMax = 48;
  if (text.empty() || text.size() > kIdentifierBytesMax) return false;
  if (text[0] < 'a' || text[0] > 'z') return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace troupe::pack
