#pragma once
// How short an answer that matches a JSON schema can be, and whether it is one. Pure.
#include <string>

namespace troupe::engine {

// Bytes of about the shortest document that matches; 0 when the schema cannot be read. Loose where schemas
// are loose: it is used to begin ending an answer early enough.
int json_least_bytes(const std::string& schema);

bool is_json(const std::string& text);

}  // namespace troupe::engine
