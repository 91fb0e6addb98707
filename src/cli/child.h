#pragma once
// Another program, run to its end: its standard output line by line, the other streams as ours. One thread.
// Ctrl-C reaches it by itself (same process group); SIGTERM is passed on.
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace troupe::cli {

inline constexpr std::size_t kChildLineBytesMax = 1024 * 1024;  // a longer line is cut

// Its exit status (128 + n when signal n ended it), or `unavailable` cli.no_program. Inside a StopSignals.
Result<int> run_child(const std::vector<std::string>& argv,
                      const std::function<void(const std::string&)>& on_line);

}  // namespace troupe::cli
