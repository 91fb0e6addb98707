#pragma once
// /openapi.json: OpenAPI 3.1 of every RPC, made from the compiled-in descriptors, so that it cannot disagree
// with them. /docs: a page of our own that shows it. Pure.
#include <string>
#include <string_view>

namespace troupe::edge {

std::string openapi_json(const std::string& server_version);
std::string_view docs_page();

}  // namespace troupe::edge
