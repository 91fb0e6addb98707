#include "schema/guide.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "schema/patterns.h"
#include "schema/plain.h"

namespace troupe::schema {

namespace {

constexpr const char* kAnyString = R"("\"" [^"\\\x00-\x1f\x7f]{0,64} "\"")";
constexpr const char* kAnyNumber = R"("-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,6})?)";
constexpr std::string_view kMark = "troupe rule ";
constexpr std::int64_t kCountMax = 1000;      // of repetitions that a grammar spells out
constexpr std::size_t kAlternativesMax = 64;  // that are made by taking schemas together
constexpr int kMergesMax = 512;               // of one schema

double number_of(const Json& schema, const char* key, double otherwise) {
  return schema.contains(key) ? schema.at(key).get<double>() : otherwise;
}

// All numbers of digits from `low` to `high`, of the same length, as alternatives of a grammar.
void same_length(const std::string& low, const std::string& high, const std::string& lead,
                 std::vector<std::string>& out) {
  const auto digits = [](std::size_t count) {
    return count == 0   ? std::string()
           : count == 1 ? std::string(" [0-9]")
                        : fmt::format(" [0-9]{{{}}}", count);
  };
  if (low.empty()) {
    out.push_back("\"" + lead + "\"");
    return;
  }
  const auto rest = low.size() - 1;
  if (low.front() == high.front()) return same_length(low.substr(1), high.substr(1), lead + low.front(), out);
  char from = low.front(), to = high.front();
  if (low.substr(1) != std::string(rest, '0')) {
    same_length(low.substr(1), std::string(rest, '9'), lead + from, out);
    ++from;
  }
  const bool odd_end = high.substr(1) != std::string(rest, '9');
  if (odd_end) --to;
  const auto begin = lead.empty() ? std::string() : "\"" + lead + "\" ";
  if (from <= to) out.push_back(fmt::format("{}[{}-{}]{}", begin, from, to, digits(rest)));
  if (odd_end) same_length(std::string(rest, '0'), high.substr(1), lead + high.front(), out);
}

// Whole numbers from low to high, 0 <= low <= high, with at least `width` digits.
std::vector<std::string> whole_between(std::int64_t low, std::int64_t high, std::size_t width) {
  std::vector<std::string> out;
  const auto padded = [&](std::int64_t n) {
    auto text = std::to_string(n);
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    return text;
  };
  while (low <= high) {
    const auto from = padded(low);
    std::int64_t last = high;
    if (padded(high).size() > from.size()) {
      last = 1;
      for (std::size_t i = 0; i < from.size(); ++i) last *= 10;
      --last;
    }
    same_length(from, padded(last), "", out);
    low = last + 1;
  }
  return out;
}

std::string either(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& one : all) out += (out.empty() ? "" : " | ") + one;
  return out;
}

// Decimal numbers from low to high, both at least 0, with `places` digits after the point.
std::string decimals_between(std::int64_t low, std::int64_t high, int places) {
  std::int64_t unit = 1;
  for (int i = 0; i < places; ++i) unit *= 10;
  std::vector<std::string> out;
  const auto add = [&](std::int64_t from, std::int64_t to, std::int64_t least, std::int64_t most) {
    const auto fraction = whole_between(least, most, static_cast<std::size_t>(places));
    out.push_back(fmt::format("({}) \".\" ({})", either(whole_between(from, to, 1)), either(fraction)));
  };
  const auto first = low / unit, last = high / unit;
  if (first == last) {
    add(first, first, low % unit, high % unit);
  } else {
    add(first, first, low % unit, unit - 1);
    if (last - first > 1) add(first + 1, last - 1, 0, unit - 1);
    add(last, last, 0, high % unit);
  }
  return either(out);
}

// A rule for the numbers of a range; "" where there is none that is worth it.
std::string number_rule(double low, double high, bool without_low, bool without_high) {
  if (!(low > -1e12)) low = high < 0 ? high * 10 - 1000 : -1e6;
  if (!(high < 1e12)) high = low > 0 ? low * 10 + 1000 : 1e6;
  // Two digits after the point, or as many as it takes to have a number in between.
  for (const int places : {2, 4, 6}) {
    const double unit = std::pow(10, places);
    if (std::max(std::abs(low), std::abs(high)) * unit > 9e15) break;
    auto from = static_cast<std::int64_t>(std::ceil(low * unit - 1e-7)),
         to = static_cast<std::int64_t>(std::floor(high * unit + 1e-7));
    if (without_low && static_cast<double>(from) / unit <= low) ++from;
    if (without_high && static_cast<double>(to) / unit >= high) --to;
    if (from > to) continue;
    std::string out;
    if (to >= 0) out = "(" + decimals_between(std::max<std::int64_t>(0, from), to, places) + ")";
    if (from < 0) {
      const auto below = decimals_between(to < 0 ? -to : 1, -from, places);
      out += (out.empty() ? "" : " | ") + fmt::format("\"-\" ({})", below);
    }
    return out;
  }
  return {};
}

class Guiding {
 public:
  explicit Guiding(const Json& plain) : plain_(plain) {}

  Guide run() {
    Json root = of(plain_, 0);
    if (plain_.contains(kDefs)) {
      root[kDefs] = Json::object();
      for (const auto& [name, one] : plain_.at(kDefs).items()) root[kDefs][name] = of(one, 0);
    }
    guide_.schema = root.dump(-1, ' ', false, Json::error_handler_t::replace);
    return std::move(guide_);
  }

 private:
  Json of(const Json& given, int depth) {
    if (depth > 48) return Json::object();
    const Json* one = &given;
    Json merged;
    if (given.contains("allOf")) {
      merged = taken_together(given);
      one = &merged;
    }
    const Json& schema = *one;
    if (schema.contains("$ref")) return {{"$ref", schema.at("$ref")}};
    for (const char* key : {"oneOf", "anyOf"}) {
      if (!schema.contains(key)) continue;
      Json list = Json::array();
      for (const auto& alternative : schema.at(key)) {
        if (list.size() >= kAlternativesMax) break;
        list.push_back(of(merge(without(schema, key), alternative), depth + 1));
      }
      return {{"anyOf", std::move(list)}};
    }
    if (schema.contains("const")) return {{"const", schema.at("const")}};
    if (schema.contains("enum")) return {{"enum", fitting(schema)}};
    const Json types = schema.contains("type") ? schema.at("type") : Json();
    if (types.is_array()) {
      Json list = Json::array();
      for (const auto& type : types) {
        Json alternative = schema;
        alternative["type"] = type;
        list.push_back(of_type(type.get<std::string>(), alternative, depth));
      }
      return {{"anyOf", std::move(list)}};
    }
    return of_type(types.is_string() ? types.get<std::string>() : guessed(schema), schema, depth);
  }

  // What a schema without a type is about.
  static std::string guessed(const Json& schema) {
    const auto any = [&](std::initializer_list<const char*> keys) {
      return std::ranges::any_of(keys, [&](const char* key) { return schema.contains(key); });
    };
    if (any({"properties", "required", "additionalProperties", "minProperties", "propertyNames"}))
      return "object";
    if (any({"items", "minItems", "maxItems", "uniqueItems", "contains"})) return "array";
    if (any({kPattern, kFormat, "minLength", "maxLength"})) return "string";
    if (any({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})) return "number";
    return "";
  }

  Json of_type(const std::string& type, const Json& schema, int depth) {
    if (type == "object") return object(schema, depth);
    if (type == "array") return array(schema, depth);
    if (type == "string") return string(schema);
    if (type == "integer") return integer(schema);
    if (type == "number") return number(schema);
    if (type.empty()) return Json::object();
    return {{"type", type}};
  }

  Json object(const Json& schema, int depth) {
    Json out = {{"type", "object"}};
    Json properties = Json::object();
    if (schema.contains("properties")) {
      for (const auto& [name, one] : schema.at("properties").items()) {
        if (!never(one)) properties[name] = of(one, depth + 1);
      }
    }
    const Json* others =
        schema.contains("additionalProperties") ? &schema.at("additionalProperties") : nullptr;
    if (schema.contains("required")) {
      out["required"] = schema.at("required");
      // A name that must be there, of which nothing else is said.
      for (const auto& name : schema.at("required")) {
        const auto& key = name.get_ref<const std::string&>();
        if (!properties.contains(key))
          properties[key] = others != nullptr ? of(*others, depth + 1) : Json::object();
      }
    }
    // Where names are known, no others are led to: small models repeat the ones that they made up.
    const bool wants_more =
        properties.empty() || number_of(schema, "minProperties", 0) > static_cast<double>(properties.size());
    if (others != nullptr && !never(*others) && wants_more) {
      out["additionalProperties"] = others->size() == 1 ? Json(true) : of(*others, depth + 1);
    } else if (others != nullptr) {
      out["additionalProperties"] = false;
    }
    // (Without a word on others there are none, unless there are none at all.)
    if (!properties.empty()) out["properties"] = std::move(properties);
    return out;
  }

  Json array(const Json& schema, int depth) {
    Json out = {{"type", "array"}};
    if (schema.contains("items")) {
      const Json& items = schema.at("items");
      if (items.is_array()) {
        Json list = Json::array();
        for (const auto& one : items) list.push_back(of(one, depth + 1));
        out["items"] = std::move(list);
        return out;
      }
      out["items"] = of(items, depth + 1);
    } else if (schema.contains("contains")) {
      out["items"] = of(schema.at("contains"), depth + 1);
      out["minItems"] = 1;
    }
    for (const char* key : {"minItems", "maxItems"}) {
      if (schema.contains(key) && schema.at(key).get<std::int64_t>() <= kCountMax) out[key] = schema.at(key);
    }
    return out;
  }

  Json string(const Json& schema) {
    std::optional<std::string> rule;
    if (schema.contains(kPattern)) {
      rule = pattern_rule(schema.at(kPattern).get_ref<const std::string&>());
    } else if (schema.contains(kFormat)) {
      rule = format_rule(schema.at(kFormat).get<std::string>());
    }
    if (rule) return by_rule(*std::move(rule), kAnyString);
    Json out = {{"type", "string"}};
    for (const char* key : {"minLength", "maxLength"}) {
      if (schema.contains(key) && schema.at(key).get<std::int64_t>() <= kCountMax) out[key] = schema.at(key);
    }
    return out;
  }

  // Of the bounds, the whole numbers inside of them.
  Json integer(const Json& schema) {
    constexpr double kFar = 9e15;
    double low = std::ceil(number_of(schema, "minimum", -INFINITY));
    double high = std::floor(number_of(schema, "maximum", INFINITY));
    low = std::max(low, std::floor(number_of(schema, "exclusiveMinimum", -INFINITY)) + 1);
    high = std::min(high, std::ceil(number_of(schema, "exclusiveMaximum", INFINITY)) - 1);
    Json out = {{"type", "integer"}};
    if (schema.contains("multipleOf")) {
      if (auto list = multiples(schema.at("multipleOf").get<double>(), low, high); !list.empty())
        return {{"enum", std::move(list)}};
    }
    if (low > -kFar && low < kFar) out["minimum"] = static_cast<std::int64_t>(low);
    if (high < kFar && high > -kFar) out["maximum"] = static_cast<std::int64_t>(high);
    return out;
  }

  // The first of them; the nearest to 0 where there is no bound.
  static Json multiples(double of, double low, double high) {
    Json list = Json::array();
    if (of != std::floor(of) || of > 1e9) return list;
    double next = low > -1e12 ? std::ceil(low / of) * of : std::min(0.0, high < 0 ? high - 32 * of : 0.0);
    for (; next <= high && list.size() < kAlternativesMax; next += of)
      list.push_back(static_cast<std::int64_t>(next));
    return list;
  }

  Json number(const Json& schema) {
    if (schema.contains("multipleOf")) return integer(schema);
    const double least = number_of(schema, "minimum", -INFINITY),
                 above = number_of(schema, "exclusiveMinimum", -INFINITY);
    const double most = number_of(schema, "maximum", INFINITY),
                 below = number_of(schema, "exclusiveMaximum", INFINITY);
    if (std::isinf(std::max(least, above)) && std::isinf(std::min(most, below))) return {{"type", "number"}};
    auto rule = number_rule(std::max(least, above), std::min(most, below), above >= least, below <= most);
    return rule.empty() ? Json{{"type", "number"}} : by_rule(std::move(rule), kAnyNumber);
  }

  Json by_rule(std::string gbnf, const char* broad) {
    for (const auto& known : guide_.rules) {
      if (known.gbnf == gbnf) return {{"const", known.constant}};
    }
    const auto constant = std::string(kMark) + std::to_string(guide_.rules.size());
    guide_.rules.push_back({constant, std::move(gbnf), broad});
    return {{"const", constant}};
  }

  // Of an enum, the values of the type that is asked for.
  static Json fitting(const Json& schema) {
    if (!schema.contains("type")) return schema.at("enum");
    const Json types = schema.at("type").is_array() ? schema.at("type") : Json::array({schema.at("type")});
    Json out = Json::array();
    for (const auto& value : schema.at("enum")) {
      const bool fits = std::ranges::any_of(types, [&](const Json& type) {
        return type == value.type_name() || (value.is_number_integer() && type == "integer");
      });
      if (fits) out.push_back(value);
    }
    return out.empty() ? schema.at("enum") : out;
  }

  static bool never(const Json& schema) {
    return schema.contains("not") && schema.at("not").size() == 1 && schema.at("not").contains(kStep);
  }

  static Json without(Json schema, const char* key) {
    schema.erase(key);
    return schema;
  }

  // A schema and all that its allOf adds to it.
  Json taken_together(const Json& schema) {
    Json out = without(schema, "allOf");
    for (const auto& part : schema.at("allOf")) out = merge(std::move(out), part);
    return out;
  }

  // Both at once, as far as a grammar is helped by it: what is left out here is found by the check.
  Json merge(Json a, const Json& given) {
    if (++merges_ > kMergesMax) return a;
    Json b = given;
    if (b.contains("$ref")) {
      if (nothing_else(a)) return b;
      const auto name = b.at("$ref").get_ref<const std::string&>().substr(8);
      if (!merging_.insert(name).second) return a;
      b = plain_.at(kDefs).at(name);
      a = merge(std::move(a), b);
      merging_.erase(name);
      return a;
    }
    if (b.contains("allOf")) b = taken_together(b);
    if (a.contains("$ref")) {
      Json other = std::move(a);
      return merge(std::move(b), other);
    }
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) {
        a[key] = value;
      } else {
        merge_keyword(key, a[key], value);
      }
    }
    close(a, b);
    return a;
  }

  static bool nothing_else(const Json& schema) {
    return schema.empty() || (schema.size() == 1 && schema.contains(kStep));
  }

  void merge_keyword(const std::string& key, Json& mine, const Json& other) {
    if (key == "properties") {
      for (const auto& [name, one] : other.items())
        mine[name] = mine.contains(name) ? merge(mine[name], one) : one;
    } else if (key == "required") {
      for (const auto& name : other) {
        if (std::ranges::find(mine, name) == mine.end()) mine.push_back(name);
      }
    } else if (key == "items" && mine.is_object() && other.is_object()) {
      mine = merge(mine, other);
    } else if (key == "type" || key == "enum") {
      mine = common(key, mine, other);
    } else if (key.starts_with("min") || key == "exclusiveMinimum") {
      if (other.get<double>() > mine.get<double>()) mine = other;
    } else if (key.starts_with("max") || key == "exclusiveMaximum") {
      if (other.get<double>() < mine.get<double>()) mine = other;
    }
  }

  static Json common(const std::string& key, const Json& mine, const Json& other) {
    const auto list = [](const Json& one) { return one.is_array() ? one : Json::array({one}); };
    Json out = Json::array();
    for (const auto& one : list(mine)) {
      const auto theirs = list(other);
      const bool also = std::ranges::find(theirs, one) != theirs.end();
      const bool whole = one == "integer" && std::ranges::find(theirs, Json("number")) != theirs.end();
      if (also || whole) out.push_back(one);
    }
    if (key == "type" && out.empty() && mine == "number" && other == "integer") return other;
    if (out.empty()) return mine;
    return key == "type" && out.size() == 1 ? out.front() : out;
  }

  // What one of them does not allow is not led to, unless it must be there.
  static void close(Json& a, const Json& b) {
    if (!b.contains("additionalProperties") || !never(b.at("additionalProperties")) ||
        !a.contains("properties"))
      return;
    a["additionalProperties"] = b.at("additionalProperties");
    Json left = Json::object();
    for (const auto& [name, one] : a.at("properties").items()) {
      if (b.contains("properties") && b.at("properties").contains(name)) left[name] = one;
    }
    if (!left.empty()) a["properties"] = std::move(left);
  }

  const Json& plain_;
  Guide guide_;
  std::set<std::string> merging_;
  int merges_ = 0;
};

}  // namespace

Result<Guide> guide_of(std::string_view schema) {
  const Limits limits;
  if (schema.size() > limits.bytes_max || nested_deeper(schema, 2 * limits.depth_max))
    return fail(Code::invalid_argument, "schema.too_much",
                "a schema of more than 64 KiB, or nested too deep");
  const Json root = Json::parse(schema.begin(), schema.end(), nullptr, false);
  if (!root.is_object()) return fail(Code::invalid_argument, "schema.bad", "a schema is a JSON object");
  Patterns patterns;
  TRY(const Json plain, to_plain(root, limits, patterns));
  if (const auto why = why_nothing_matches(plain))
    return fail(Code::invalid_argument, "schema.impossible", *why);
  auto guide = Guiding(plain).run();
  // (A constant of the client's own that looks like ours would become a rule.)
  if (schema.contains(kMark)) guide.rules.clear();
  return guide;
}

std::string with_rules(std::string grammar, const std::vector<Guide::Rule>& rules, bool broad) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto literal = "\"\\\"" + rules[i].constant + "\\\"\"";
    const auto name = "troupe-rule-" + std::to_string(i);
    for (std::size_t at = 0; (at = grammar.find(literal, at)) != std::string::npos; at += name.size())
      grammar.replace(at, literal.size(), name);
    grammar += name + " ::= " + (broad ? rules[i].broad : rules[i].gbnf) + "\n";
  }
  return grammar;
}

}  // namespace troupe::schema
