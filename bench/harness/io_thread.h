#pragma once
// The runtime of a server on the calling thread: the real clock, an io_context, tasks that are run to their
// end.
#include "rt/real_clock.h"
#include "rt/task.h"

namespace troupe::bench {

struct IoThread {
  rt::asio::io_context io{1};
  rt::RealClock clock{io.get_executor()};
  rt::SystemIds ids;
  rt::Env env{io.get_executor(), clock, ids};
  rt::asio::executor_work_guard<rt::asio::io_context::executor_type> work{io.get_executor()};

  // Until every task of the group has ended.
  void run(const rt::Group& group) {
    while (group.running() > 0) io.run_one();
  }
};

inline double ms(rt::nanoseconds span) { return static_cast<double>(span.count()) / 1e6; }
inline double us(rt::nanoseconds span) { return static_cast<double>(span.count()) / 1e3; }

}  // namespace troupe::bench
