#include "schema/plain.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/text.h"
#include "schema/patterns.h"

namespace troupe::schema {

namespace {

// What stands under a keyword.
enum class Holds { schema, schemas, named, count, number, names, flag, anything, note };

struct Keyword {
  const char* name;
  Holds holds;
};

constexpr std::array kKeywords = {
    Keyword{"properties", Holds::named}, Keyword{"required", Holds::names},
    Keyword{"additionalProperties", Holds::schema}, Keyword{"propertyNames", Holds::schema},
    Keyword{"minProperties", Holds::count}, Keyword{"maxProperties", Holds::count},
    Keyword{"minItems", Holds::count}, Keyword{"maxItems", Holds::count}, Keyword{"uniqueItems", Holds::flag},
    Keyword{"contains", Holds::schema}, Keyword{"minimum", Holds::number}, Keyword{"maximum", Holds::number},
    Keyword{"exclusiveMinimum", Holds::number}, Keyword{"exclusiveMaximum", Holds::number},
    Keyword{"multipleOf", Holds::number}, Keyword{"minLength", Holds::count},
    Keyword{"maxLength", Holds::count}, Keyword{"allOf", Holds::schemas}, Keyword{"anyOf", Holds::schemas},
    Keyword{"oneOf", Holds::schemas}, Keyword{"not", Holds::schema}, Keyword{"if", Holds::schema},
    Keyword{"then", Holds::schema}, Keyword{"else", Holds::schema}, Keyword{"const", Holds::anything},
    // Said of the value, not asked of it.
    Keyword{"title", Holds::note}, Keyword{"description", Holds::note}, Keyword{"default", Holds::note},
    Keyword{"example", Holds::note}, Keyword{"examples", Holds::note}, Keyword{"deprecated", Holds::note},
    Keyword{"readOnly", Holds::note}, Keyword{"writeOnly", Holds::note}, Keyword{"$comment", Holds::note},
    Keyword{"$schema", Holds::note}, Keyword{"$id", Holds::note}, Keyword{"id", Holds::note},
    Keyword{"$defs", Holds::note}, Keyword{"definitions", Holds::note}};
// Read by hand below.
constexpr std::array kOthers = {"type",        "enum",   "items", "prefixItems",      "additionalItems",
                                "pattern",     "format", "$ref",  "dependentSchemas", "dependentRequired",
                                "dependencies"};
constexpr std::array kTypes = {"null", "boolean", "integer", "number", "string", "array", "object"};
// Keywords whose schemas judge the same value.
constexpr std::array kInPlace = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies"};

std::vector<std::string> keyword_names() {
  std::vector<std::string> names(kOthers.begin(), kOthers.end());
  for (const auto& keyword : kKeywords) names.emplace_back(keyword.name);
  return names;
}

std::unexpected<Error> bad(const std::string& at, const std::string& what) {
  return fail(Code::invalid_argument, "schema.bad", at + ": " + what);
}
std::unexpected<Error> unsupported(const std::string& at, const std::string& what) {
  return fail(Code::invalid_argument, "schema.unsupported", at + ": " + what + " cannot be held");
}
std::unexpected<Error> too_much(const std::string& what) {
  return fail(Code::invalid_argument, "schema.too_much", what);
}

std::string shown(std::string_view text) { return std::string(utf8_prefix(text, 64)); }

// One segment of a JSON pointer in a reference.
std::string unescaped(std::string segment) {
  const auto replace = [&](std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = segment.find(from, at)) != std::string::npos; at += to.size())
      segment.replace(at, from.size(), to);
  };
  replace("%24", "$");
  replace("%20", " ");
  replace("~1", "/");
  replace("~0", "~");
  return segment;
}

const Json* target_of(const Json& root, std::string_view ref) {
  if (!ref.starts_with('#')) return nullptr;
  ref.remove_prefix(1);
  if (ref.empty() || ref == "/") return &root;
  if (!ref.starts_with('/')) return nullptr;
  const Json* at = &root;
  for (const auto& raw : split(ref.substr(1), '/')) {
    const auto segment = unescaped(raw);
    if (at->is_object() && at->contains(segment)) {
      at = &at->at(segment);
    } else if (at->is_array() && !segment.empty() && segment.size() < 6 &&
               std::ranges::all_of(segment, [](char c) { return c >= '0' && c <= '9'; }) &&
               std::stoul(segment) < at->size()) {
      at = &at->at(std::stoul(segment));
    } else {
      return nullptr;
    }
  }
  return at->is_object() || at->is_boolean() ? at : nullptr;
}

class Plain {
 public:
  Plain(const Json& root, const Limits& limits, Patterns& patterns)
      : root_(root), limits_(limits), patterns_(patterns), largest_enum_(largest_enum_in(root)) {}

  Result<Json> run() {
    TRY(auto all, of(root_, "schema", 0));
    reach_ += deepest_;
    Json defs = Json::object();
    // (What is referred to may refer to more.)
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      deepest_ = 0;
      const auto [target, ref] = wanted_[i];
      TRY(defs[name_of(i)], of(*target, ref, 0));
      reach_ += deepest_;
      if (reach_ > limits_.reach_max)
        return too_much(fmt::format("its references reach deeper than {} levels", limits_.reach_max));
    }
    std::map<std::string, int> known;
    for (const auto& [name, one] : defs.items()) TRY_VOID(in_place(defs, name, known));
    if (const int depth = in_place_depth(all, defs, known); depth > limits_.in_place_max)
      return too_much(fmt::format("more than {} schemas are nested for one value", limits_.in_place_max));
    if (!defs.empty()) all[kDefs] = std::move(defs);
    return all;
  }

 private:
  static Json never() { return {{kStep, true}}; }  // under `not`
  static std::string name_of(std::size_t i) { return "r" + std::to_string(i); }

  Result<Json> of(const Json& schema, const std::string& at, int depth) {
    if (++nodes_ > limits_.nodes_max)
      return too_much(fmt::format("more than {} schemas in one", limits_.nodes_max));
    if (depth > limits_.depth_max) return too_much(fmt::format("nested deeper than {}", limits_.depth_max));
    deepest_ = std::max(deepest_, depth + 1);
    if (schema.is_boolean()) {
      Json out = {{kStep, true}};
      if (!schema.get<bool>()) out["not"] = never();
      return out;
    }
    if (!schema.is_object()) return bad(at, "a schema is an object");
    Json out = Json::object();
    for (const auto& [key, value] : schema.items()) TRY_VOID(keyword(key, value, schema, at, depth, out));
    if (schema.contains("$ref")) TRY_VOID(reference(schema.at("$ref"), at, out));
    out[kStep] = steps_of(out, schema.contains("$ref"));
    return out;
  }

  // What looking at one value costs: each value that it is compared with, and what is tried for the same
  // value. (Those below may fail before they count themselves.)
  std::int64_t steps_of(const Json& out, bool refers) const {
    std::int64_t steps = 1;
    if (const auto list = out.find("enum"); list != out.end())
      steps += static_cast<std::int64_t>(list->size());
    for (const char* word : {"allOf", "anyOf", "oneOf"}) {
      if (const auto list = out.find(word); list != out.end() && list->is_array()) {
        for (const auto& one : *list) steps += steps_below(one);
      }
    }
    for (const char* word : {"not", "if", "then", "else"}) {
      if (const auto one = out.find(word); one != out.end()) steps += steps_below(*one);
    }
    return refers ? steps + largest_enum_ : steps;
  }
  static std::int64_t steps_below(const Json& schema) {
    if (!schema.is_object() || !schema.contains(kStep)) return 1;
    const auto& steps = schema.at(kStep);
    return steps.is_number_integer() ? steps.get<std::int64_t>() : 1;
  }
  static std::int64_t largest_enum_in(const Json& value) {
    std::int64_t most = 0;
    if (!value.is_structured()) return most;
    for (const auto& [key, below] : value.items()) {
      if (key == "enum" && below.is_array()) most = std::max(most, static_cast<std::int64_t>(below.size()));
      most = std::max(most, largest_enum_in(below));
    }
    return most;
  }

  Result<void> keyword(const std::string& key, const Json& value, const Json& schema, const std::string& at,
                       int depth, Json& out) {
    const auto known =
        std::ranges::find(kKeywords, key, [](const Keyword& k) { return std::string_view(k.name); });
    if (known != kKeywords.end()) return simple(*known, value, at, depth, out);
    if (key == "type") return type(value, at, out);
    if (key == "enum") {
      if (!value.is_array()) return bad(at + ".enum", "must be a list");
      if (value.empty()) {
        out["not"] = never();
      } else {
        out[key] = value;
      }
      return {};
    }
    if (key == "items" || key == "prefixItems" || key == "additionalItems")
      return items(key, value, schema, at, depth, out);
    if (key == "pattern") return pattern(value, at, out);
    if (key == "format") return format(value, at, out);
    if (key.starts_with("depend")) {
      if (std::ranges::find(kOthers, std::string_view(key)) != kOthers.end())
        return depends(value, at, depth, out);
    }
    if (key == "$ref" || key.starts_with("x-")) return {};
    return unsupported(at, "the keyword '" + shown(key) + "'" + did_you_mean(key, keyword_names()));
  }

  Result<void> simple(const Keyword& keyword, const Json& value, const std::string& at, int depth,
                      Json& out) {
    const std::string key = keyword.name;
    const std::string inside = at + "." + key;
    switch (keyword.holds) {
      case Holds::note:
        return {};
      case Holds::anything:
        out[key] = value;
        return {};
      case Holds::flag:
        if (!value.is_boolean()) return bad(inside, "must be true or false");
        if (value.get<bool>()) out[key] = true;
        return {};
      case Holds::count:
        if (!value.is_number() || value.get<double>() < 0 ||
            value.get<double>() != std::floor(value.get<double>()) || value.get<double>() > 1e9)
          return bad(inside, "must be a whole number, 0 or more");
        out[key] = static_cast<std::int64_t>(value.get<double>());
        return {};
      case Holds::number:
        if (!value.is_number() || (key == "multipleOf" && value.get<double>() <= 0))
          return bad(inside, key == "multipleOf" ? "must be a number above 0" : "must be a number");
        out[key] = value;
        return {};
      case Holds::names:
        if (!value.is_array() || !std::ranges::all_of(value, [](const Json& one) { return one.is_string(); }))
          return bad(inside, "must be a list of names");
        out[key] = once(value);
        return {};
      case Holds::schema: {
        TRY(out[key], of(value, inside, depth + 1));
        return {};
      }
      case Holds::schemas:
        if (value.is_array() && value.empty()) {  // one of none; all of none is no demand
          if (key != "allOf") out["not"] = never();
          return {};
        }
        [[fallthrough]];
      case Holds::named:
        return many(keyword, value, inside, depth, out[key]);
    }
    return {};
  }

  Result<void> many(const Keyword& keyword, const Json& value, const std::string& inside, int depth,
                    Json& out) {
    if (keyword.holds == Holds::named) {
      if (!value.is_object()) return bad(inside, "must be an object");
      out = Json::object();
      for (const auto& [name, one] : value.items()) {
        TRY(out[name], of(one, inside + "." + shown(name), depth + 1));
      }
      return {};
    }
    if (!value.is_array()) return bad(inside, "must be a list of schemas");
    out = Json::array();
    for (std::size_t i = 0; i < value.size(); ++i) {
      TRY(auto one, of(value[i], fmt::format("{}[{}]", inside, i), depth + 1));
      out.push_back(std::move(one));
    }
    return {};
  }

  static Json once(const Json& list) {
    Json out = Json::array();
    std::set<std::string> seen;
    for (const auto& one : list) {
      if (seen.insert(one.dump(-1, ' ', false, Json::error_handler_t::replace)).second) out.push_back(one);
    }
    return out;
  }

  static Result<void> type(const Json& value, const std::string& at, Json& out) {
    const Json list = value.is_array() ? value : Json::array({value});
    if (list.empty()) return bad(at + ".type", "must not be empty");
    for (const auto& one : list) {
      if (!one.is_string()) return bad(at + ".type", "must be a name or a list of names");
      const auto& name = one.get_ref<const std::string&>();
      static const std::vector<std::string> kNames(kTypes.begin(), kTypes.end());
      if (std::ranges::find(kNames, name) == kNames.end())
        return bad(at + ".type", "no type '" + shown(name) + "'" + did_you_mean(name, kNames));
    }
    const auto types = once(list);
    out["type"] = types.size() == 1 ? types.front() : types;
    return {};
  }

  // A tuple is `prefixItems` and `items`, or in older drafts `items` and `additionalItems`.
  Result<void> items(const std::string& key, const Json& value, const Json& schema, const std::string& at,
                     int depth, Json& out) {
    const bool tuple = schema.contains("prefixItems");
    const std::string inside = at + "." + key;
    if (key == "additionalItems") {
      if (tuple || !schema.contains("items") || !schema.at("items").is_array())
        return {};  // means nothing there
      TRY(out["additionalItems"], of(value, inside, depth + 1));
      return {};
    }
    if (value.is_array()) {
      if (key == "items" && tuple) return bad(inside, "must be a schema beside 'prefixItems'");
      Json list = Json::array();
      for (std::size_t i = 0; i < value.size(); ++i) {
        TRY(auto one, of(value[i], fmt::format("{}[{}]", inside, i), depth + 1));
        list.push_back(std::move(one));
      }
      out["items"] = std::move(list);
      return {};
    }
    if (key == "prefixItems") return bad(inside, "must be a list of schemas");
    TRY(out[tuple ? "additionalItems" : "items"], of(value, inside, depth + 1));
    return {};
  }

  Result<void> pattern(const Json& value, const std::string& at, Json& out) {
    if (!value.is_string()) return bad(at + ".pattern", "must be a text");
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > limits_.pattern_bytes_max)
      return too_much(fmt::format("{}: 'pattern' has {} bytes at most", at, limits_.pattern_bytes_max));
    out[kPattern] = value;
    if (patterns_.contains(text)) return {};
    auto read = Pattern::read(text);
    if (!read) return unsupported(at, "'pattern' " + shown(text) + " (" + read.error().message + ")");
    states_ += read->states();
    if (states_ > limits_.pattern_states_max)
      return too_much(
          fmt::format("{}: 'pattern' {} and those before it are too large together", at, shown(text)));
    patterns_.emplace(text, *std::move(read));
    return {};
  }

  static Result<void> format(const Json& value, const std::string& at, Json& out) {
    if (!value.is_string()) return bad(at + ".format", "must be a text");
    const auto& name = value.get_ref<const std::string&>();
    const auto& known = format_names();
    if (std::ranges::find(known, name) == known.end())
      return unsupported(at, "'format' " + shown(name) + did_you_mean(name, known));
    out[kFormat] = value;
    return {};
  }

  Result<void> depends(const Json& value, const std::string& at, int depth, Json& out) {
    const std::string inside = at + ".dependencies";
    if (!value.is_object()) return bad(inside, "must be an object");
    Json& all = out["dependencies"];
    if (!all.is_object()) all = Json::object();
    for (const auto& [name, one] : value.items()) {
      if (all.contains(name)) return unsupported(at, "two dependencies of '" + shown(name) + "'");
      if (one.is_array()) {
        if (!std::ranges::all_of(one, [](const Json& n) { return n.is_string(); }))
          return bad(inside, "must hold names");
        all[name] = once(one);
      } else {
        TRY(all[name], of(one, inside + "." + shown(name), depth + 1));
      }
    }
    return {};
  }

  Result<void> reference(const Json& value, const std::string& at, Json& out) {
    if (!value.is_string()) return bad(at + ".$ref", "must be a text");
    const auto& text = value.get_ref<const std::string&>();
    const Json* target = target_of(root_, text);
    if (target == nullptr)
      return unsupported(at, "'$ref' " + shown(text) + ", which is not a schema in this document,");
    auto found = std::ranges::find(wanted_, target, &Wanted::target);
    if (found == wanted_.end()) found = wanted_.insert(wanted_.end(), {target, shown(text)});
    const Json link = {{"$ref", "#/$defs/" + name_of(static_cast<std::size_t>(found - wanted_.begin()))}};
    if (out.empty()) {
      out = link;
      return {};
    }
    if (!out.contains("allOf")) out["allOf"] = Json::array();
    out["allOf"].push_back(link);
    return {};
  }

  // How many schemas one in another judge the same value; a circle of them never ends.
  Result<void> in_place(const Json& defs, const std::string& name, std::map<std::string, int>& known) {
    if (known.contains(name)) return {};
    known[name] = -1;  // being looked at
    const int depth = in_place_depth(defs.at(name), defs, known);
    if (depth > limits_.in_place_max) {
      return too_much(fmt::format("'$ref's in a circle, or more than {} schemas nested for one value",
                                  limits_.in_place_max));
    }
    known[name] = depth;
    return {};
  }

  int in_place_depth(const Json& schema, const Json& defs, std::map<std::string, int>& known) {
    constexpr int kEndless = 1 << 20;
    int deepest = 0;
    const auto below = [&](const Json& one) {
      if (one.is_object()) deepest = std::max(deepest, in_place_depth(one, defs, known));
    };
    if (schema.contains("$ref")) {
      const auto name = schema.at("$ref").get_ref<const std::string&>().substr(8);
      if (!in_place(defs, name, known)) return kEndless;
      if (known.at(name) < 0) return kEndless;
      deepest = known.at(name);
    }
    for (const char* key : kInPlace) {
      if (!schema.contains(key)) continue;
      const Json& value = schema.at(key);
      if (std::string_view(key) == "dependencies" || value.is_array()) {
        for (const auto& one : value) below(one);
      } else {
        below(value);
      }
    }
    return std::min(kEndless, deepest + 1);
  }

  struct Wanted {
    const Json* target;
    std::string ref;
  };
  const Json& root_;
  const Limits& limits_;
  Patterns& patterns_;
  const std::int64_t largest_enum_;  // of the whole schema
  std::vector<Wanted> wanted_;
  std::size_t nodes_ = 0;
  int deepest_ = 0;
  int reach_ = 0;
  std::int64_t states_ = 0;  // of all patterns
};

}  // namespace

Result<Json> to_plain(const Json& root, const Limits& limits, Patterns& patterns) {
  return Plain(root, limits, patterns).run();
}

bool nested_deeper(std::string_view json, int most) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > most) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace troupe::schema
