#pragma once
// What browsers are told about pages of the configured origins (CORS). Pure.
#include "edge/http_types.h"
#include "edge/routes.h"

namespace troupe::edge {

// Whether a browser asks what it may ask: OPTIONS with an origin and a method.
bool is_preflight(const HttpRequest& request);
// The answer, for an origin that may. `route` null: nothing is at this path, which the request itself will
// hear.
HttpReply preflight_reply(const HttpRequest& request, const Route* route);
// That the page may read the answer, with the headers that are ours.
void add_cors(const std::string& origin, HttpReply& reply);

}  // namespace troupe::edge
