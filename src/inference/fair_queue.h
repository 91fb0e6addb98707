#pragma once
// Who gets the next of the few places at an engine, and who waits. Pure policy: start-time fair queueing
// (Goyal, Vin and Cheng, SIGCOMM 1996) among parties, earliest deadline first inside a party.
//
// A party is a player, or "" for the world itself. Each place that is given out moves its party's virtual
// time on by what the work is thought to take; the party whose time is the least is next. So a party that
// asks for a thousand answers waits behind itself, and one that comes for the first time is next at once.
// Nobody gains by having been away: who returns begins at the time of those who are there.
//
// One party never holds every place: the last ones are for others (`each_max`), so that a newcomer seldom has
// to wait for an answer to end. Bounded by FairLimits; an operation is O(log n) and takes a microsecond or
// so.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "rt/clock.h"

namespace troupe::inference {

struct FairLimits {
  std::size_t places = 32;            // at once
  std::size_t each_max = 28;          // of these, by one party; the world itself may have all
  std::size_t waiting_max = 1024;     // then nobody more
  std::size_t waiting_each_max = 64;  // then nobody more of that party
};

class FairQueue {
 public:
  explicit FairQueue(const FairLimits& limits = {}) : limits_(limits) {}

  using Ticket = std::uint64_t;  // the caller's numbers
  enum class Entry { waits, full, party_full };
  // `takes`: what the work is thought to take. `each_max`: a limit for this party below the queue's own.
  Entry enter(Ticket ticket, const std::string& party, rt::Instant deadline, rt::nanoseconds takes,
              std::optional<std::size_t> each_max = {});
  // Who is next and may begin; nullopt when every place is taken or nobody may. Ask until then.
  std::optional<Ticket> next();
  // Its work has ended, or it does not wait any longer. Unknown tickets are ignored.
  void leave(Ticket ticket);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t waiting() const { return waiting_; }
  // Of those that wait, how many would come before a newcomer of `party`, about.
  std::size_t ahead_of(const std::string& party) const;
  bool room(const std::string& party) const;

 private:
  struct Party {
    std::string name;
    double time = 0;  // virtual, in nanoseconds of work
    std::size_t in_flight = 0;
    std::size_t each_max = 0;
    std::set<std::pair<rt::Instant, Ticket>> waiting;
    bool listed = false;  // in ready_
    bool idle() const { return in_flight == 0 && waiting.empty(); }
  };
  struct Work {
    Party* party = nullptr;
    rt::Instant deadline;
    rt::nanoseconds takes{0};
    bool begun = false;
  };
  using Order = std::pair<double, std::string>;

  void list(Party& party);  // in or out of ready_, as it should be
  void retire(Party& party);
  void forget_caught_up();

  FairLimits limits_;
  double now_ = 0;  // virtual: of the party that was served last
  std::size_t in_flight_ = 0;
  std::size_t waiting_ = 0;
  std::map<std::string, Party> parties_;
  std::map<Order, Party*> ready_;  // parties that wait and may have a place
  std::set<Order> away_;           // idle ones whose time is still ahead
  std::unordered_map<Ticket, Work> work_;
};

}  // namespace troupe::inference
