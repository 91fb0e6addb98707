#pragma once
// Which of the events that a socket may see it wants, and how many a second. What it may see is the host's to
// say (Shown::to). Pure values; one of each per socket.
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "edge/event_hub.h"
#include "rt/clock.h"

namespace troupe::edge {

struct Filter {
  std::set<std::string, std::less<>> types;  // empty = every type
  bool everywhere = true;
  std::set<std::string, std::less<>> places;  // where not everywhere

  bool wants(const HubEvent& event) const;
};

// `permission_denied` events.audience, `invalid_argument` events.unknown_type and ws.bad_subscribe. The
// places of an area are the caller's to add.
// `own`: event types that the game has declared.
Result<Filter> make_filter(const pb::Frame::Subscribe& subscribe, pb::Role role,
                           const std::set<std::string>& own = {});

// A token bucket that holds back what is too much: of each (type, subject) the newest stays, in the order of
// their sequence. Holds at most `keys_max` events; beyond that the oldest goes out early rather than getting
// lost.
class Pacer {
 public:
  struct Out {
    HubEventPtr event;
    std::uint32_t coalesced = 0;
  };

  Pacer(double rate_per_s, std::size_t keys_max, rt::Instant now);

  // Adds one; what may go out now follows from take().
  void offer(HubEventPtr event);
  std::optional<Out> take(rt::Instant now);
  // The next whatever the rate says.
  std::optional<Out> take_anyway();
  // When take() has something again; never() when nothing waits.
  rt::Instant next(rt::Instant now) const;
  std::size_t waiting() const { return waiting_.size(); }

 private:
  using Key = std::pair<std::string, std::string>;
  void refill(rt::Instant now);

  double rate_;
  double burst_;
  double tokens_;
  std::size_t keys_max_;
  rt::Instant filled_;
  std::uint64_t order_ = 0;
  std::map<std::uint64_t, Out> waiting_;  // in the order of offer()
  std::map<Key, std::uint64_t> by_key_;
};

}  // namespace troupe::edge
