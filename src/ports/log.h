#pragma once
// Port: the history of one room, as far as it is durable, from a position on. Live events come over the bus (bus.h); whoever
// was away, or too slow for those, reads here. Neither a database nor a timeline is needed for it: in the process that has the
// room it reads its database, elsewhere it asks over the bus (host/room_log.h).
//
// Threads     Call on the io thread. `each` is called in order and never after the answer, on the io thread or on one other. Who does not wait for
//             the answer is not waited for either: `each` owns what it touches.
// Errors      `unavailable` world.asleep, and those of the bus.
// Bounds      A page ends after `limit` events, or where the adapter ends it; it has one at least where there is one.
#include <cstdint>
#include <functional>
#include <string_view>

#include "rt/task.h"

namespace troupe {

struct LogPage {
  std::uint64_t tail = 0;  // sequence of the last event that there was when it was read
  bool more = false;       // it ended because it was full
};

// A serialised troupe.v1.Envelope.
using LogReader = std::function<void(std::string_view envelope)>;

class Log {
 public:
  virtual ~Log() = default;
  // Events after `after`. Those that are kept no more are passed over: then the first is not the next one.
  virtual Task<LogPage> read(std::uint64_t after, std::size_t limit, LogReader each) = 0;
};

}  // namespace troupe
