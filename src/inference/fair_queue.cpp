#include "inference/fair_queue.h"

#include <algorithm>

namespace troupe::inference {

bool FairQueue::room(const std::string& party) const {
  if (waiting_ >= limits_.waiting_max) return false;
  const auto found = parties_.find(party);
  return party.empty() || found == parties_.end() || found->second.waiting.size() < limits_.waiting_each_max;
}

std::size_t FairQueue::ahead_of(const std::string& party) const {
  if (waiting_ == 0) return 0;
  const auto found = parties_.find(party);
  // Each of the others comes in between before its own second one does.
  const std::size_t own = found == parties_.end() ? 0 : found->second.waiting.size();
  return std::min(waiting_, own * std::max<std::size_t>(1, ready_.size()) + ready_.size());
}

FairQueue::Entry FairQueue::enter(Ticket ticket, const std::string& name, rt::Instant deadline,
                                  rt::nanoseconds takes, std::optional<std::size_t> each_max) {
  if (waiting_ >= limits_.waiting_max) return Entry::full;
  if (!room(name)) return Entry::party_full;
  auto& party = parties_[name];
  if (party.idle()) {
    away_.erase({party.time, name});
    party.name = name;
    party.time = std::max(party.time, now_);
  }
  party.each_max =
      name.empty() ? limits_.places : std::min(each_max.value_or(limits_.each_max), limits_.each_max);
  party.waiting.emplace(deadline, ticket);
  ++waiting_;
  work_[ticket] = {&party, deadline, std::max(takes, rt::nanoseconds(1)), false};
  list(party);
  return Entry::waits;
}

void FairQueue::list(Party& party) {
  const bool should = !party.waiting.empty() && party.in_flight < party.each_max;
  if (should == party.listed) return;
  party.listed = should;
  if (should) {
    ready_.emplace(Order{party.time, party.name}, &party);
  } else {
    ready_.erase({party.time, party.name});
  }
}

std::optional<FairQueue::Ticket> FairQueue::next() {
  if (in_flight_ >= limits_.places || ready_.empty()) return std::nullopt;
  Party& party = *ready_.begin()->second;
  ready_.erase(ready_.begin());
  party.listed = false;
  const Ticket ticket = party.waiting.begin()->second;
  party.waiting.erase(party.waiting.begin());
  --waiting_;
  Work& work = work_.at(ticket);
  work.begun = true;
  ++party.in_flight;
  ++in_flight_;
  now_ = std::max(now_, party.time);
  party.time += static_cast<double>(work.takes.count());
  list(party);
  forget_caught_up();
  return ticket;
}

void FairQueue::leave(Ticket ticket) {
  const auto found = work_.find(ticket);
  if (found == work_.end()) return;
  const Work work = found->second;
  work_.erase(found);
  Party& party = *work.party;
  if (work.begun) {
    --party.in_flight;
    --in_flight_;
  } else {
    party.waiting.erase({work.deadline, ticket});
    --waiting_;
  }
  list(party);
  if (party.idle()) retire(party);
}

void FairQueue::retire(Party& party) {
  // With nobody there, there is nobody to be ahead of.
  if (in_flight_ == 0 && waiting_ == 0) {
    parties_.clear();
    away_.clear();
    now_ = 0;
    return;
  }
  away_.emplace(party.time, party.name);
  forget_caught_up();
}

void FairQueue::forget_caught_up() {
  while (!away_.empty() && away_.begin()->first <= now_) {
    parties_.erase(away_.begin()->second);
    away_.erase(away_.begin());
  }
}

}  // namespace troupe::inference
