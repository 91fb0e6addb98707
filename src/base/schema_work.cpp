#include "base/schema_work.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace troupe {

namespace {

using Json = nlohmann::ordered_json;

// llama.cpp's grammars refuse more at one place.
constexpr double kUnrolledMax = 2000;
constexpr std::size_t kReferencesMax = 16;  // that lead to references

class Counter {
 public:
  explicit Counter(const Json& root, const SchemaLimits& limits) : root_(root), limits_(limits) {}

  Result<void> run() {
    // A stack of our own: a schema is as deep as its sender likes.
    std::vector<const Json*> open = {&root_};
    while (!open.empty()) {
      const Json& at = *open.back();
      open.pop_back();
      TRY_VOID(part());
      if (at.is_array()) {
        for (const auto& one : at) open.push_back(&one);
      } else if (at.is_object()) {
        TRY_VOID(keywords(at));
        for (const auto& [key, value] : at.items()) {
          if (value.is_structured()) open.push_back(&value);
        }
      }
    }
    return {};
  }

 private:
  Result<void> too_large(std::string what) const {
    return fail(Code::invalid_argument, "schema.too_large",
                "the JSON schema has more than " + std::move(what));
  }
  Result<void> part() {
    if (++parts_ <= limits_.parts_max) return {};
    return too_large(fmt::format("{} parts (schemas, required names, enumerated values)", limits_.parts_max));
  }
  Result<void> unrolled(double times) {
    repetitions_ += static_cast<std::size_t>(std::clamp(times, 0.0, kUnrolledMax));
    if (repetitions_ <= limits_.repetitions_max) return {};
    return too_large(fmt::format("{} repetitions (lengths, counts of items, {{m,n}} of patterns, together)",
                                 limits_.repetitions_max));
  }

  Result<void> keywords(const Json& schema) {
    for (const char* key :
         {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}) {
      const auto found = schema.find(key);
      if (found != schema.end() && found->is_number()) TRY_VOID(unrolled(found->get<double>()));
    }
    if (const auto found = schema.find("pattern"); found != schema.end() && found->is_string())
      TRY_VOID(pattern(found->get_ref<const std::string&>()));
    if (const auto found = schema.find("$ref"); found != schema.end() && found->is_string())
      TRY_VOID(reference(found->get_ref<const std::string&>()));
    return {};
  }

  Result<void> pattern(const std::string& text) {
    if (text.size() > limits_.pattern_bytes_max)
      return too_large(fmt::format("{} bytes in one pattern", limits_.pattern_bytes_max));
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '{') continue;
      double number = 0;
      double largest = 0;
      for (++i; i < text.size() && text[i] != '}'; ++i) {
        if (text[i] >= '0' && text[i] <= '9') {
          number = std::min(number * 10 + (text[i] - '0'), kUnrolledMax);
        } else {
          number = 0;
        }
        largest = std::max(largest, number);
      }
      TRY_VOID(unrolled(largest));
    }
    return {};
  }

  // Follows references that are nothing but references.
  Result<void> reference(const std::string& first) {
    std::string name = first;
    for (std::size_t i = 0; i <= kReferencesMax; ++i) {
      const Json* target = find(name);
      const auto next =
          target != nullptr && target->is_object() ? target->find("$ref") : Json::const_iterator();
      if (target == nullptr || !target->is_object() || next == target->end() || !next->is_string()) return {};
      name = next->get<std::string>();
    }
    return fail(Code::invalid_argument, "schema.circular",
                fmt::format("the reference '{}' leads to references only, for {} steps",
                            utf8_prefix(first, 64), kReferencesMax));
  }

  // "#/$defs/name"; null for what is not there. Each is looked up once.
  const Json* find(const std::string& reference) {
    const auto [known, fresh] = targets_.try_emplace(reference, nullptr);
    if (!fresh || !reference.starts_with('#')) return known->second;
    const Json* at = &root_;
    for (const auto& key : split(reference.substr(1), '/')) {
      if (key.empty()) continue;
      if (!at->is_object()) return nullptr;
      const auto member = at->find(key);
      if (member == at->end()) return nullptr;
      at = &*member;
    }
    return known->second = at;
  }

  const Json& root_;
  SchemaLimits limits_;
  std::size_t parts_ = 0;
  std::size_t repetitions_ = 0;
  std::map<std::string, const Json*> targets_;
};

}  // namespace

Result<void> check_schema_work(const Json& schema, const SchemaLimits& limits) {
  return Counter(schema, limits).run();
}

Result<void> check_schema_work(const std::string& schema, const SchemaLimits& limits) {
  const auto json = parse_ordered_json(schema);
  if (!json) return {};
  return check_schema_work(*json, limits);
}

}  // namespace troupe
