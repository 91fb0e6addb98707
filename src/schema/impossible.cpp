// What no document matches is refused before a model is asked. One look at each schema: references are not
// followed.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "schema/plain.h"

namespace troupe::schema {

namespace {

using Why = std::optional<std::string>;

Why impossible(const Json& schema, const std::string& at);

Why crossed_bounds(const Json& schema, const std::string& at) {
  struct Bounds {
    const char* least;
    const char* most;
    bool both;  // the two may be equal
  };
  static constexpr Bounds kBounds[] = {{"minLength", "maxLength", true},
                                       {"minItems", "maxItems", true},
                                       {"minProperties", "maxProperties", true},
                                       {"minimum", "maximum", true},
                                       {"exclusiveMinimum", "maximum", false},
                                       {"minimum", "exclusiveMaximum", false},
                                       {"exclusiveMinimum", "exclusiveMaximum", false}};
  for (const auto& [least, most, both] : kBounds) {
    if (!schema.contains(least) || !schema.contains(most)) continue;
    const auto low = schema.at(least).get<double>(), high = schema.at(most).get<double>();
    if (low > high || (low == high && !both))
      return fmt::format("{}: {} {} is above {} {}", at, least, schema.at(least).dump(), most,
                         schema.at(most).dump());
  }
  return std::nullopt;
}

Why parts(const Json& schema, const std::string& at) {
  for (const char* key : {"anyOf", "oneOf"}) {
    if (!schema.contains(key)) continue;
    Why first;
    bool any = false;
    for (const auto& one : schema.at(key)) {
      auto why = impossible(one, at);
      any = any || !why;
      if (!first) first = std::move(why);
    }
    if (!any) return first;
  }
  if (!schema.contains("allOf")) return std::nullopt;
  for (const auto& one : schema.at("allOf")) {
    if (auto why = impossible(one, at)) return why;
  }
  return std::nullopt;
}

Why members(const Json& schema, const std::string& at) {
  if (!schema.contains("required")) return std::nullopt;
  const bool closed = schema.contains("additionalProperties") &&
                      schema.at("additionalProperties").contains("not") &&
                      schema.at("additionalProperties").at("not").size() == 1;
  std::set<std::string_view> judged;  // a name that stands there twice would double the work at each level
  for (const auto& name : schema.at("required")) {
    const auto& key = name.get_ref<const std::string&>();
    if (!judged.insert(key).second) continue;
    if (schema.contains("properties") && schema.at("properties").contains(key)) {
      if (auto why = impossible(schema.at("properties").at(key), at + "." + key)) return why;
    } else if (closed) {
      return fmt::format("{}: '{}' is required but no property may have this name", at, key);
    }
  }
  return std::nullopt;
}

Why impossible(const Json& schema, const std::string& at) {
  // (`false` in its plain form.)
  if (schema.contains("not") && schema.at("not").size() == 1 && schema.at("not").contains(kStep))
    return at + ": the schema is false";
  if (auto why = crossed_bounds(schema, at)) return why;
  if (auto why = parts(schema, at)) return why;
  const auto type = schema.contains("type") ? schema.at("type") : Json();
  if (type.is_null() || type == "object") {
    if (auto why = members(schema, at); why && type == "object") return why;
  }
  const bool has_items = schema.contains("minItems") && schema.at("minItems").get<double>() > 0;
  if (has_items && type == "array" && schema.contains("items") && schema.at("items").is_object())
    return impossible(schema.at("items"), at + "[]");
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_nothing_matches(const Json& plain) { return impossible(plain, "schema"); }

}  // namespace troupe::schema
