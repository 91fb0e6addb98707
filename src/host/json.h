#pragma once
// proto3 JSON: snake_case names and default values written out; both cases and unknown-key errors on the way
// in.
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe {

std::string to_json(const google::protobuf::Message& message, bool pretty = false);
// `invalid_argument` rpc.bad_json, saying where and what, with the nearest known field name.
Result<void> from_json(std::string_view text, google::protobuf::Message& message);

}  // namespace troupe
