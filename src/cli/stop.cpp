#include "cli/stop.h"

#include <poll.h>

namespace troupe::cli {

namespace {

std::atomic<bool> stop_flag{false};
std::atomic<int> last_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "set from a signal handler");

void on_signal(int number) {
  last_signal.store(number);
  stop_flag.store(true);
}

}  // namespace

StopSignals::StopSignals() {
  clear();
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: a read from the terminal ends
  ::sigaction(SIGINT, &action, &interrupt_);
  ::sigaction(SIGTERM, &action, &terminate_);
}

StopSignals::~StopSignals() {
  ::sigaction(SIGINT, &interrupt_, nullptr);
  ::sigaction(SIGTERM, &terminate_, nullptr);
}

const std::atomic<bool>& StopSignals::stopped() { return stop_flag; }

int StopSignals::signal_number() { return last_signal.load(); }

void StopSignals::clear() {
  stop_flag.store(false);
  last_signal.store(0);
}

bool StopSignals::wait(std::chrono::milliseconds time) {
  if (stop_flag.load()) return false;
  ::poll(nullptr, 0, static_cast<int>(time.count()));
  return !stop_flag.load();
}

}  // namespace troupe::cli
