#pragma once
// What no request may hold. Two kinds: what cannot be stored or counted with, in any field (text with NUL, numbers
// that are none, unsigned numbers above 2^63 - 1), and what the proto says of a field, option (check). One place
// for every door: the host checks each request as it is parsed, before its handler runs. Any thread. (Invalid UTF-8
// does not parse.)
#include <google/protobuf/message.h>

#include "base/error.h"

namespace troupe {

// `invalid_argument` rpc.bad_text, rpc.bad_number, or the check's own reason, naming the field: "memories[0].text".
Result<void> check_request(const google::protobuf::Message& request);

}  // namespace troupe
