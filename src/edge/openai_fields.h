#pragma once
// Reading a client's JSON field by field. Pure. What is wrong begins with the field's name in quotes:
// OpenAI's `param` is taken from there. Null and absent are the same to OpenAI's clients, and here.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe::edge::openai {

using Json = nlohmann::ordered_json;

std::unexpected<Error> bad(std::string why);           // `invalid_argument` openai.bad_request
std::unexpected<Error> unsupported(std::string what);  // `invalid_argument` openai.unsupported

std::string dump(const Json& json);
Result<Json> parse_object(std::string_view body);

const Json* find(const Json& object, std::string_view key);  // null when there is none, or null
Result<double> number(const Json& object, const char* key, double otherwise, double least, double most);
Result<std::int64_t> whole(const Json& object, const char* key, std::int64_t otherwise, std::int64_t least,
                           std::int64_t most);
Result<bool> boolean(const Json& object, const char* key, bool otherwise);
Result<std::string> text(const Json& object, const char* key);           // required, not empty
Result<std::string> required_text(const Json& object, const char* key);  // may be empty
Result<std::string> optional_text(const Json& object, const char* key, std::size_t bytes_max);

// Inside of a field: messages[2].content
std::unexpected<Error> bad_at(std::string_view where, std::string_view why);
template <class T>
Result<T> at(std::string_view where, Result<T> result) {
  if (result) return result;
  Error error = result.error();
  if (error.message.starts_with('\'')) error.message.insert(1, std::string(where) + ".");
  return std::unexpected(std::move(error));
}

}  // namespace troupe::edge::openai
