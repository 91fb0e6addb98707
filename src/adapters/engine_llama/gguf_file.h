#pragma once
// Is this file a whole GGUF model? Answered from its header, before llama.cpp opens it. Pure but for reading
// the file.
#include <cstdint>
#include <string>

#include "base/error.h"

namespace troupe::engine {

// Bytes of the file. `not_found` engine.no_file, `invalid_argument` engine.bad_file, each with the path and a
// remedy.
Result<std::uint64_t> check_gguf_file(const std::string& path);

Result<std::string> hash_file(const std::string& path);  // SHA-256, hex

// What the machine (or its cgroup) can still give without swapping; 0 = not known.
std::uint64_t memory_available();

}  // namespace troupe::engine
