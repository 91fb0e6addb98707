#include "edge/openai_schema.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

namespace troupe::edge::openai {

namespace {

using Why = std::optional<std::string>;

// What the grammar of an answer does not know, and would silently leave out.
constexpr std::array kNotHeld = {"not",
                                 "if",
                                 "then",
                                 "else",
                                 "contains",
                                 "uniqueItems",
                                 "multipleOf",
                                 "propertyNames",
                                 "minProperties",
                                 "maxProperties",
                                 "dependentRequired",
                                 "dependentSchemas",
                                 "patternProperties",
                                 "unevaluatedProperties",
                                 "unevaluatedItems"};

Why impossible(const Json& schema, const std::string& at);

Why crossed_bounds(const Json& schema, const std::string& at) {
  static constexpr std::pair<const char*, const char*> kBounds[] = {
      {"minLength", "maxLength"}, {"minItems", "maxItems"}, {"minimum", "maximum"}};
  for (const auto& [least, most] : kBounds) {
    const Json* low = find(schema, least);
    const Json* high = find(schema, most);
    if (low == nullptr || high == nullptr || !low->is_number() || !high->is_number()) continue;
    if (low->get<double>() > high->get<double>())
      return fmt::format("{}: {} {} is above {} {}", at, least, dump(*low), most, dump(*high));
  }
  return std::nullopt;
}

Why alternatives(const Json& schema, const std::string& at) {
  for (const char* key : {"anyOf", "oneOf"}) {
    const Json* list = find(schema, key);
    if (list == nullptr || !list->is_array()) continue;
    Why first = fmt::format("{}: '{}' is empty", at, key);
    bool any = false;
    for (const auto& one : *list) {
      auto why = impossible(one, at);
      any = any || !why;
      if (&one == &list->front()) first = std::move(why);
    }
    if (!any) return first;
  }
  if (const Json* all = find(schema, "allOf"); all != nullptr && all->is_array()) {
    for (const auto& one : *all) {
      if (auto why = impossible(one, at)) return why;
    }
  }
  return std::nullopt;
}

Why members(const Json& schema, const std::string& at) {
  const Json* required = find(schema, "required");
  if (required == nullptr || !required->is_array()) return std::nullopt;
  const Json* properties = find(schema, "properties");
  const Json* others = find(schema, "additionalProperties");
  for (const auto& name : *required) {
    if (!name.is_string()) continue;
    const auto& key = name.get_ref<const std::string&>();
    const bool has = properties != nullptr && properties->is_object() && properties->contains(key);
    if (has) {
      if (auto why = impossible((*properties)[key], at + "." + key)) return why;
    } else if (others != nullptr && *others == false) {
      return fmt::format("{}: '{}' is required but no property may have this name", at, key);
    }
  }
  return std::nullopt;
}

// Why nothing matches, as far as this can be seen without solving it.
Why impossible(const Json& schema, const std::string& at) {
  if (schema.is_boolean()) return schema.get<bool>() ? Why() : Why(at + ": the schema is false");
  if (!schema.is_object()) return at + ": a schema is an object";
  if (const Json* values = find(schema, "enum");
      values != nullptr && (!values->is_array() || values->empty()))
    return at + ": 'enum' lists nothing";
  if (auto why = crossed_bounds(schema, at)) return why;
  if (auto why = alternatives(schema, at)) return why;
  if (auto why = members(schema, at)) return why;
  const Json* items = find(schema, "items");
  const Json* least = find(schema, "minItems");
  if (items != nullptr && least != nullptr && least->is_number() && least->get<double>() > 0)
    return impossible(*items, at + "[]");
  return std::nullopt;
}

// The first keyword of `names` in a schema or below it. Names of properties are no keywords.
std::optional<std::string> keyword_in(const Json& schema) {
  if (schema.is_array()) {
    for (const auto& one : schema) {
      if (auto found = keyword_in(one)) return found;
    }
  }
  if (!schema.is_object()) return std::nullopt;
  for (const auto& [key, value] : schema.items()) {
    if (std::ranges::find(kNotHeld, std::string_view(key)) != kNotHeld.end()) return key;
    if (key == "enum" || key == "const" || key == "default" || key == "examples") continue;
    const bool by_name = (key == "properties" || key == "$defs" || key == "definitions") && value.is_object();
    if (!by_name) {
      if (auto found = keyword_in(value)) return found;
      continue;
    }
    for (const auto& one : value) {
      if (auto found = keyword_in(one)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<void> check_schema(const Json& schema, std::string_view where, bool strict) {
  if (!schema.is_object()) return bad_at(where, "must be a JSON schema: an object");
  if (const auto why = impossible(schema, "schema")) {
    return fail(Code::invalid_argument, "openai.impossible_schema",
                fmt::format("'{}' cannot be matched: {}", where, *why));
  }
  if (!strict) return {};
  if (const auto keyword = keyword_in(schema))
    return unsupported(fmt::format("'{}' with the keyword '{}' and strict", where, *keyword));
  return {};
}

}  // namespace troupe::edge::openai
