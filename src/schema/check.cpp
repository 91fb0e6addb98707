// The check itself is valijson's. Around it: what bounds its work, and the strings that RE2 judges.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/json.h"
#include "base/log.h"
#include "base/schema_work.h"
#include "base/text.h"
#include "schema/patterns.h"
#include "schema/plain.h"

namespace troupe::schema {

namespace {

using valijson::adapters::Adapter;

// Of the check that this thread runs now; the constraints of a schema are shared by all of its checks.
thread_local std::int64_t t_steps_left = 0;

struct OutOfSteps {};

void take(std::int64_t steps) {
  t_steps_left -= steps;
  if (t_steps_left < 0) throw OutOfSteps();
}

// A constraint of our own. valijson copies it into memory that it has got.
template <class Derived>
class Own : public valijson::constraints::PolyConstraint {
 private:
  valijson::constraints::Constraint* cloneInto(void* memory) const override {
    return new (memory) Derived(static_cast<const Derived&>(*this));
  }
  std::size_t sizeOf() const override { return sizeof(Derived); }
};

class Step final : public Own<Step> {
 public:
  static Step make(const Adapter& steps) {
    Step out;
    if (steps.isInteger()) out.steps_ = steps.getInteger();
    return out;
  }
  bool validate(const Adapter&, const std::vector<std::string>&,
                valijson::ValidationResults*) const override {
    take(steps_);
    return true;
  }

 private:
  std::int64_t steps_ = 1;
};

class Matches final : public Own<Matches> {
 public:
  explicit Matches(const Patterns::value_type& pattern) : pattern_(pattern.second), text_(pattern.first) {}
  bool validate(const Adapter& value, const std::vector<std::string>& at,
                valijson::ValidationResults* results) const override {
    if (!value.isString()) return true;
    const auto text = value.asString();
    take(pattern_.steps(text.size()));
    if (pattern_.finds(text)) return true;
    if (results != nullptr) results->pushError(at, "does not match the pattern " + text_);
    return false;
  }

 private:
  Pattern pattern_;
  std::string text_;
};

class HasFormat final : public Own<HasFormat> {
 public:
  static HasFormat make(const Adapter& name) {
    HasFormat out;
    out.name_ = name.asString();
    return out;
  }
  bool validate(const Adapter& value, const std::vector<std::string>& at,
                valijson::ValidationResults* results) const override {
    if (!value.isString() || has_format(name_, value.asString())) return true;
    if (results != nullptr) results->pushError(at, "is no " + name_);
    return false;
  }

 private:
  std::string name_;
};

template <class T>
class Builder final : public valijson::ConstraintBuilder {
 public:
  valijson::constraints::Constraint* make(const Adapter& value) const override {
    return new T(T::make(value));
  }
};

class MatchesBuilder final : public valijson::ConstraintBuilder {
 public:
  explicit MatchesBuilder(const Patterns& patterns) : patterns_(patterns) {}
  valijson::constraints::Constraint* make(const Adapter& value) const override {
    const auto known = patterns_.find(value.asString());
    if (known == patterns_.end()) throw std::invalid_argument("a pattern that nobody read");
    return new Matches(*known);
  }

 private:
  const Patterns& patterns_;
};

std::unexpected<Error> not_met(std::string why) {
  return fail(Code::invalid_argument, "schema.not_met",
              "the answer does not match its schema: " + std::move(why));
}

Result<nlohmann::json> parse_document(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return not_met("it is no JSON: " + parsed.error().message);
  return parsed;
}

bool has_long_list(const nlohmann::json& value, std::size_t most) {
  if (!value.is_structured()) return false;
  if (value.is_array() && value.size() > most) return true;
  return std::ranges::any_of(value, [&](const auto& one) { return has_long_list(one, most); });
}

// 1.0 is an integer to JSON schemas, and a float to the parser.
void whole_numbers(nlohmann::json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number == std::floor(number) && std::abs(number) < 9e15) value = static_cast<std::int64_t>(number);
  } else if (value.is_structured()) {
    for (auto& one : value) whole_numbers(one);
  }
}

std::string where(const std::vector<std::string>& context) {
  std::string out = "answer";
  for (const auto& part : context) {
    if (part == "<root>") continue;
    // The library writes [name] and [3].
    const bool index = part.size() > 2 && part[1] >= '0' && part[1] <= '9';
    out += index || part.size() < 3 ? part : "." + part.substr(1, part.size() - 2);
  }
  return out;
}

// The plain words of the library's first complaint.
std::string complaint(valijson::ValidationResults& results) {
  valijson::ValidationResults::Error error;
  std::string best = "answer";
  std::size_t deepest = 0;
  // The deepest says most: those above it only say that something below does not match.
  while (results.popError(error)) {
    if (error.context.size() < deepest) continue;
    if (error.context.size() > deepest || best == "answer")
      best = where(error.context) + ": " + std::string(utf8_prefix(error.description, 200));
    deepest = error.context.size();
  }
  return best;
}

}  // namespace

struct Schema::Compiled {
  Limits limits;
  valijson::Schema schema;
  bool unique = false;  // somewhere it asks for lists without repetition
  std::int64_t pattern_states = 0;
};

Result<Schema> Schema::read(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::invalid_argument, "schema.too_much",
                fmt::format("a schema has {} KiB at most", limits.bytes_max / 1024));
  }
  if (nested_deeper(text, 2 * limits.depth_max))
    return fail(Code::invalid_argument, "schema.too_much",
                fmt::format("nested deeper than {}", limits.depth_max));
  const auto root = parse_ordered_json(text);
  if (!root)
    return fail(Code::invalid_argument, "schema.bad", "the schema is no JSON: " + root.error().message);
  if (!root->is_object()) return fail(Code::invalid_argument, "schema.bad", "a schema is a JSON object");
  Patterns patterns;
  TRY(const Json plain, to_plain(*root, limits, patterns));
  TRY_VOID(check_schema_work(*root));
  if (const auto why = why_nothing_matches(plain))
    return fail(Code::invalid_argument, "schema.impossible", *why);

  auto compiled = std::make_shared<Compiled>();
  compiled->limits = limits;
  for (const auto& [name, pattern] : patterns) compiled->pattern_states += pattern.states();
  auto given =
      nlohmann::json::parse(plain.dump(-1, ' ', false, Json::error_handler_t::replace), nullptr, false);
  whole_numbers(given);
  compiled->unique = text.contains("uniqueItems");
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.addConstraintBuilder(kStep, new Builder<Step>());
    parser.addConstraintBuilder(kPattern, new MatchesBuilder(patterns));
    parser.addConstraintBuilder(kFormat, new Builder<HasFormat>());
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(given), compiled->schema);
  } catch (const std::exception& e) {
    return fail(Code::invalid_argument, "schema.bad", std::string("it cannot be used: ") + e.what());
  }
  return Schema(std::move(compiled));
}

std::int64_t Schema::pattern_states() const { return compiled_->pattern_states; }

Result<void> Schema::check(std::string_view document) const {
  const auto& limits = compiled_->limits;
  if (document.size() > limits.document_bytes_max)
    return not_met(fmt::format("it has more than {} KiB", limits.document_bytes_max / 1024));
  if (nested_deeper(document, limits.document_depth_max))
    return not_met(fmt::format("it is nested deeper than {}", limits.document_depth_max));
  TRY(auto value, parse_document(document));
  whole_numbers(value);
  if (compiled_->unique && has_long_list(value, limits.unique_items_max))
    return not_met(fmt::format("a list has more than {} items", limits.unique_items_max));
  const valijson::adapters::NlohmannJsonAdapter target(value);
  try {
    t_steps_left = limits.steps_max;
    valijson::Validator validator;
    if (validator.validate(compiled_->schema, target, nullptr)) return {};
    // Once more, for the reason: without one the check ends at the first fault.
    t_steps_left = limits.steps_max;
    valijson::ValidationResults results;
    (void)validator.validate(compiled_->schema, target, &results);
    return not_met(complaint(results));
  } catch (const OutOfSteps&) {
    return not_met("the check takes too many steps");
  } catch (const std::exception& e) {
    return not_met(e.what());
  }
}

}  // namespace troupe::schema
