#pragma once
// GET /api/weather/Forecast?region=harbour&hours=12: query parameters become the top-level fields of a
// request. Pure.
#include <google/protobuf/message.h>

#include "base/error.h"
#include "edge/http_types.h"

namespace troupe::edge {

// Scalars, enums (by name or number) and lists of them (the parameter repeated); snake_case or camelCase.
// `invalid_argument` rpc.bad_query, naming the parameter; rpc.unknown_field with the nearest field.
Result<void> set_from_query(const NamedValues& query, google::protobuf::Message& message);

}  // namespace troupe::edge
