#pragma once
// docs/reference/tables.md: what is kept, read from the compiled-in protos.
#include <string>

namespace troupe {

std::string tables_reference();

}  // namespace troupe
