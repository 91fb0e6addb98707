#pragma once
// Messages that came and wait for the io thread: a backlog for each Ear, handed over in the order of arrival over all of them, so that
// the parts of an answer come before the answer.
//
// Owner       the link. Threads: add() any; the rest, and the handlers, the io thread.
// Bounds      Limits::backlog_max messages for each Ear, and 64 MiB for all. Beyond, a call is not taken; of what else came, the oldest
//             of the same Ear is dropped and counted.
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "adapters/bus_nats/proof.h"
#include "ports/bus.h"

namespace troupe::bus {

// One subscription.
struct Ear {
  std::string subject;
  std::string group;  // "" = each Ear gets each message
  Kind kind = Kind::event;
  std::shared_ptr<const std::function<void(Message)>> heard;  // io thread; nothing once it is muted

  std::atomic<std::uint64_t> dropped = 0;
  std::deque<Message> backlog;  // Arrivals'

  struct Inner;  // what the client library is told; link.cpp's
  std::shared_ptr<Inner> inner;
};

class Arrivals : public std::enable_shared_from_this<Arrivals> {
 public:
  // `unheard` gets what came for an Ear that is muted.
  Arrivals(const rt::Env& env, const Limits& limits, std::function<void(const Message&)> unheard)
      : env_(env), limits_(limits), unheard_(std::move(unheard)) {}

  // False: it was not taken, or another was dropped for it.
  bool add(const std::shared_ptr<Ear>& ear, Message message);
  void mute(const std::shared_ptr<Ear>& ear);
  // Runs `fn` on the io thread, in its turn; not after stop().
  void post(std::move_only_function<void()> fn);
  // Nothing is handed over any more, whoever adds; the io thread may go.
  void stop();

 private:
  void hand_over();
  void schedule();

  const rt::Env env_;
  const Limits limits_;
  const std::function<void(const Message&)> unheard_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Ear>> order_;  // one for each message
  std::size_t bytes_ = 0;
  bool scheduled_ = false;
  bool stopped_ = false;
};

}  // namespace troupe::bus
