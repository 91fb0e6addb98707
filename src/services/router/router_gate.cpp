#include "services/router/router_gate.h"

namespace troupe::router {

using inference::FairQueue;

Place::~Place() {
  if (gate_ != nullptr) gate_->leave(ticket_);
}

Task<Place> Gate::enter(std::string party, rt::Instant deadline, rt::nanoseconds takes,
                        std::optional<std::size_t> each_max) {
  const auto ticket = ++last_;
  switch (queue_.enter(ticket, party, deadline, takes, each_max)) {
    case FairQueue::Entry::full:
      co_return fail(Code::exhausted, "router.busy", "too many answers are waited for; try again", 1000);
    case FairQueue::Entry::party_full:
      co_return fail(Code::exhausted, "router.player_busy",
                     "'" + party + "' waits for too many answers already", 1000);
    case FairQueue::Entry::waits:
      break;
  }
  Place place(*this, ticket);
  const rt::OneShot<bool> called(env_);
  waiting_.emplace(ticket, called);
  let_in();
  // Nobody who has a place waits for the loop to come round.
  if (!waiting_.contains(ticket)) co_return place;
  CO_TRY([[maybe_unused]] const bool in, co_await called.wait(deadline));
  co_return place;
}

void Gate::leave(FairQueue::Ticket ticket) {
  queue_.leave(ticket);
  waiting_.erase(ticket);
  let_in();
}

void Gate::let_in() {
  while (const auto next = queue_.next()) {
    const auto found = waiting_.find(*next);
    const auto called = found->second;
    waiting_.erase(found);
    called.set(true);
  }
}

}  // namespace troupe::router
