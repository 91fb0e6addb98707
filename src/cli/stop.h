#pragma once
// Ctrl-C as a flag, for as long as this lives: a command that waits or streams looks at it and ends by
// itself.
#include <signal.h>

#include <atomic>
#include <chrono>

namespace troupe::cli {

// One at a time. Puts back what was there before when it goes.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static const std::atomic<bool>& stopped();
  static int signal_number();  // the last one; 0 = none
  static void clear();
  // False when it was cut short by a signal.
  static bool wait(std::chrono::milliseconds time);

 private:
  struct sigaction interrupt_;
  struct sigaction terminate_;
};

}  // namespace troupe::cli
