#include "edge/openai_fields.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace troupe::edge::openai {

std::unexpected<Error> bad(std::string why) {
  return fail(Code::invalid_argument, "openai.bad_request", std::move(why));
}
std::unexpected<Error> unsupported(std::string what) {
  return fail(Code::invalid_argument, "openai.unsupported",
              std::move(what) + " is not supported by this server");
}
std::unexpected<Error> bad_at(std::string_view where, std::string_view why) {
  return bad(fmt::format("'{}' {}", where, why));
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<Json> parse_object(std::string_view body) {
  auto json = parse_ordered_json(body);
  if (!json) return bad("the JSON is not well formed: " + json.error().message);
  if (!json->is_object()) return bad("the body is not a JSON object");
  return json;
}

const Json* find(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<double> number(const Json& object, const char* key, double otherwise, double least, double most) {
  const Json* value = find(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) return bad_at(key, "must be a number");
  const double got = value->get<double>();
  if (!std::isfinite(got) || got < least || got > most)
    return bad_at(key, fmt::format("must be {} to {}", least, most));
  return got;
}

Result<std::int64_t> whole(const Json& object, const char* key, std::int64_t otherwise, std::int64_t least,
                           std::int64_t most) {
  TRY(const double got, number(object, key, static_cast<double>(otherwise), static_cast<double>(least),
                               static_cast<double>(most)));
  if (got != std::floor(got)) return bad_at(key, "must be a whole number");
  return static_cast<std::int64_t>(got);
}

Result<bool> boolean(const Json& object, const char* key, bool otherwise) {
  const Json* value = find(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) return bad_at(key, "must be true or false");
  return value->get<bool>();
}

Result<std::string> required_text(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_string()) return bad_at(key, "must be a text");
  return value->get<std::string>();
}

Result<std::string> text(const Json& object, const char* key) {
  TRY(auto value, required_text(object, key));
  if (value.empty()) return bad_at(key, "must be a text that is not empty");
  return value;
}

Result<std::string> optional_text(const Json& object, const char* key, std::size_t bytes_max) {
  const Json* value = find(object, key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return bad_at(key, "must be a text");
  auto out = value->get<std::string>();
  if (out.size() > bytes_max) return bad_at(key, fmt::format("has at most {} bytes", bytes_max));
  return out;
}

}  // namespace troupe::edge::openai
