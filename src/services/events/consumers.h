#pragma once
// Durable consumers: who has read the log how far, what they could not handle, what they are to get again.
// Pure bookkeeping, owned by EventsService; events.cpp makes each change durable with the turn that caused
// it.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/events/event_rules.h"

namespace troupe::events {

// An event that a consumer did not simply get and acknowledge.
struct Letter {
  enum class State {
    failing = 1,   // rejected, and given again because the cursor stands before it
    dead = 2,      // given up
    redriven = 3,  // was dead, is given again although the cursor has passed it
  };
  State state = State::failing;
  int attempts = 0;
  std::string reason;
};

struct Consumer {
  std::vector<std::string> types;  // sorted; empty: every type
  pb::EventsWithin within;         // empty: everywhere
  std::uint64_t cursor = 0;        // everything up to here is done
  std::map<std::uint64_t, Letter> letters;

  // The redriven event to be given next; 0: none. One at a time, so that acknowledging the last event of a
  // batch acknowledges just what was given.
  std::uint64_t next_redriven() const;
  std::set<std::uint64_t> dead_after_cursor() const;
  int dead() const;
};

class Consumers {
 public:
  explicit Consumers(const Limits& limits) : limits_(limits) {}

  const Consumer* find(const std::string& name) const;
  // `not_found` events.unknown_consumer with the nearest name.
  Result<const Consumer*> get(const std::string& name) const;
  const std::map<std::string, Consumer>& all() const { return consumers_; }
  std::size_t letters() const { return letters_; }
  void clear();

  // `conflict` events.consumer_types or events.consumer_area: it was made for others.
  Result<void> check_same(const std::string& name, const std::vector<std::string>& types,
                          const pb::EventsWithin& within) const;
  Result<void> check_new(const std::string& name) const;  // `exhausted` events.consumers_full

  // What a change has to make durable.
  struct Change {
    bool cursor = false;                 // the consumer's row
    std::vector<std::uint64_t> written;  // letters to be written
    std::vector<std::uint64_t> erased;   // letters to be taken away
  };
  void put(const std::string& name, Consumer consumer);
  void drop(const std::string& name);
  void put_letter(const std::string& name, std::uint64_t sequence, Letter letter);
  // `invalid_argument` events.bad_sequence beyond the log's end.
  Result<Change> ack(const std::string& name, std::uint64_t sequence, std::uint64_t log_end);
  // `invalid_argument` events.bad_sequence, `exhausted` events.letters_full.
  Result<Change> reject(const std::string& name, std::uint64_t sequence, const std::string& reason,
                        std::uint64_t log_end);
  // `sequence` 0: all of the consumer's. `not_found` events.no_letter.
  Result<Change> redrive(const std::string& name, std::uint64_t sequence);

 private:
  const Limits limits_;
  std::map<std::string, Consumer> consumers_;
  std::size_t letters_ = 0;
};

}  // namespace troupe::events
