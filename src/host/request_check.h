#pragma once
// What no request may hold, because it cannot be stored or counted with: text with NUL, numbers that are none
// (NaN, infinity) and unsigned numbers above 2^63 - 1. One place for every door: the host checks each request
// as it is parsed, before its handler runs. Pure. (Invalid UTF-8 does not parse.)
#include <google/protobuf/message.h>

#include "base/error.h"

namespace troupe {

// `invalid_argument` rpc.bad_text or rpc.bad_number, naming the field: "memories[0].text".
Result<void> check_request(const google::protobuf::Message& request);

}  // namespace troupe
