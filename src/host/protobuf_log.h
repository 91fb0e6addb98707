#pragma once
// protobuf speaks on stderr of its own accord, beside a log that machines read.

namespace troupe {

// From now on it speaks through the log facade. What a client's bytes make it say is worth no more than
// `debug`: the client hears it as an error.
void log_protobuf();

}  // namespace troupe
