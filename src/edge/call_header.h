#pragma once
// What a request's headers say about the call: deadline, trace, idempotency, budget. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/units.h"
#include "edge/http_types.h"
#include "rt/random.h"

namespace troupe::edge {

// W3C trace context. A header that does not parse is as good as none. The answer is 24 bytes: the trace's id
// and a new span of ours.
std::string trace_from(const std::string* traceparent, rt::IdSource& ids);
std::string traceresponse(std::string_view trace);
// The trace's id as OpenAI's clients look for it: "req_" and 32 hex digits.
std::string request_id(std::string_view trace);

// X-Troupe-Deadline-Ms, 1 to 600000, from `now`; left out: 30 s. `invalid_argument` rpc.bad_deadline.
Result<rt::Instant> deadline_from(const HttpRequest& request, rt::Instant now);
Result<rt::Instant> deadline_in(std::int64_t ms, rt::Instant now);
// Idempotency-Key, up to 128 visible characters. `invalid_argument` rpc.bad_idempotency_key.
Result<std::string> idempotency_key_from(const HttpRequest& request);
Result<void> check_idempotency_key(std::string_view key);
// X-Troupe-Budget-Microusd. `invalid_argument` rpc.bad_budget.
Result<std::optional<MicroUsd>> budget_from(const HttpRequest& request);

}  // namespace troupe::edge
