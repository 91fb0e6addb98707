#pragma once
// proto3 JSON: snake_case names and default values written out; both cases in. Text comes in through
// base/json.h only. Whole numbers in documents (google.protobuf.Value) keep all 64 bits. Pure.
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace troupe {

// Maps in the order of their keys: the same message gives the same text. `pretty` indents by two.
std::string to_json(const google::protobuf::Message& message, bool pretty = false);

// `invalid_argument` rpc.bad_json: which field by its path ('changes[1].put.version'), what it must be, the
// nearest known name. What was in `message` before goes.
Result<void> from_json(std::string_view text, google::protobuf::Message& message);
// From a value that parse_json has made.
Result<void> from_json_value(const nlohmann::json& value, google::protobuf::Message& message);

// A Value is a double. A whole number that a double rounds is kept beside it, in a field that Value does not
// know: it travels and is stored with the message, and to_json and from_json read and write it.
using Number = std::variant<std::int64_t, std::uint64_t, double>;
void set_number(google::protobuf::Value& value, Number number);
// The first alternative that holds the number exactly: 5.0 is the std::int64_t 5.
Number number_of(const google::protobuf::Value& value);

// Between documents and JSON values, both ways exact.
nlohmann::json json_of(const google::protobuf::Value& value);
nlohmann::json json_of(const google::protobuf::Struct& document);
void set_value(const nlohmann::json& from, google::protobuf::Value& to);
void set_document(const nlohmann::json& object, google::protobuf::Struct& to);

}  // namespace troupe
