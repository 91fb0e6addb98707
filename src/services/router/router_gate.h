#pragma once
// The places at one engine for one tier, and the line before them. Owned by the router; io thread. It must
// outlive the places that it gave out. Bounds and answers when full: FairLimits.
#include <map>
#include <string>

#include "inference/fair_queue.h"
#include "rt/task.h"

namespace troupe::router {

class Gate;

// A place, or the wait for one; given back when it is destroyed.
class Place {
 public:
  Place() = default;
  Place(Gate& gate, inference::FairQueue::Ticket ticket) : gate_(&gate), ticket_(ticket) {}
  Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), ticket_(other.ticket_) {}
  Place& operator=(Place&& other) noexcept {
    std::swap(gate_, other.gate_);
    std::swap(ticket_, other.ticket_);
    return *this;
  }
  ~Place();

 private:
  Gate* gate_ = nullptr;
  inference::FairQueue::Ticket ticket_ = 0;
};

class Gate {
 public:
  Gate(const rt::Env& env, const inference::FairLimits& limits) : env_(env), queue_(limits) {}
  Gate(const Gate&) = delete;

  // Waits for a place until `deadline`; at once where one is free. `exhausted` router.busy,
  // router.player_busy.
  Task<Place> enter(std::string party, rt::Instant deadline, rt::nanoseconds takes,
                    std::optional<std::size_t> each_max);
  const inference::FairQueue& queue() const { return queue_; }

 private:
  friend class Place;
  void leave(inference::FairQueue::Ticket ticket);
  void let_in();

  rt::Env env_;
  inference::FairQueue queue_;
  inference::FairQueue::Ticket last_ = 0;
  std::map<inference::FairQueue::Ticket, rt::OneShot<bool>> waiting_;
};

}  // namespace troupe::router
