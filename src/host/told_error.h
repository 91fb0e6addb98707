#pragma once
// What an error says to whom. Operators read it as it is; players (and whoever has no role) never read where
// the server keeps its files, SQL, or names from inside protobuf. Applied where answers leave a handler
// (Host) and where the edge reads for itself. Pure; any thread.
#include "base/error.h"
#include "troupe/v1/common.pb.h"

namespace troupe {

namespace pb = troupe::v1;

Error told_to(pb::Role role, Error error);

}  // namespace troupe
