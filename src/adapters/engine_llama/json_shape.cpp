#include "adapters/engine_llama/json_shape.h"

#include <llama-schema/json.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <string_view>

namespace troupe::engine {

namespace {

constexpr int kDepthMax = 16;
constexpr int kLooksMax = 4096;  // alternatives of alternatives are many

class Shape {
 public:
  explicit Shape(const common_json& root) : root_(root) {}

  int least(const common_json& schema, int depth) {
    if (!schema.is_object() || depth > kDepthMax || ++looks_ > kLooksMax) return 2;
    if (schema.contains("const")) return size(schema.at("const"));
    if (schema.contains("enum"))
      return shortest(schema.at("enum"), [](const auto& value) { return size(value); });
    for (const char* either : {"oneOf", "anyOf"}) {
      if (schema.contains(either))
        return shortest(schema.at(either), [&](const auto& part) { return least(part, depth + 1); });
    }
    if (schema.contains("$ref")) {
      const auto* at = target(schema.at("$ref"));
      return at == nullptr ? 2 : least(*at, depth + 1);
    }
    const std::string type = type_of(schema);
    if (type == "object" || schema.contains("properties")) return object(schema, depth);
    if (type == "array") {
      const int each = schema.contains("items") ? 1 + least(schema.at("items"), depth + 1) : 2;
      return 2 + number(schema, "minItems") * each;
    }
    if (type == "string") return 2 + number(schema, "minLength");
    if (type == "boolean" || type == "null") return 4;
    return 2;
  }

 private:
  static int size(const common_json& value) { return static_cast<int>(value.dump().size()); }
  static int number(const common_json& schema, const char* key) {
    if (!schema.contains(key) || !schema.at(key).is_number_integer()) return 0;
    return std::clamp(schema.at(key).get<int>(), 0, 1 << 16);
  }
  static std::string type_of(const common_json& schema) {
    if (!schema.contains("type")) return "";
    const auto& type = schema.at("type");
    if (type.is_string()) return type.get<std::string>();
    return type.empty() ? "" : type.at(0).get<std::string>();
  }
  template <class Measure>
  static int shortest(const common_json& list, Measure measure) {
    int out = std::numeric_limits<int>::max();
    for (const auto& value : list) out = std::min(out, measure(value));
    return list.empty() ? 2 : out;
  }
  int object(const common_json& schema, int depth) {
    int out = 2;
    if (!schema.contains("required")) return out;
    for (const auto& name : schema.at("required")) {
      const auto key = name.get<std::string>();
      out += static_cast<int>(key.size()) + 4;
      if (schema.contains("properties") && schema.at("properties").contains(key)) {
        out += least(schema.at("properties").at(key), depth + 1);
      }
    }
    return out;
  }
  // "#/$defs/name"; anything else counts as short.
  const common_json* target(const common_json& ref) const {
    const auto text = ref.get<std::string>();
    std::string_view path = text;
    if (!path.starts_with("#/")) return nullptr;
    path.remove_prefix(2);
    const common_json* at = &root_;
    while (!path.empty()) {
      const auto end = std::min(path.find('/'), path.size());
      const std::string key(path.substr(0, end));
      if (!at->is_object() || !at->contains(key)) return nullptr;
      at = &at->at(key);
      path.remove_prefix(std::min(end + 1, path.size()));
    }
    return at;
  }

  const common_json& root_;
  int looks_ = 0;
};

}  // namespace

int json_least_bytes(const std::string& schema) {
  try {
    const auto root = common_json::parse(schema);
    return Shape(root).least(root, 0);
  } catch (const std::exception&) {
    return 0;  // the grammar says what is wrong with it
  }
}

bool is_json(const std::string& text) {
  try {
    (void)common_json::parse(text);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace troupe::engine
