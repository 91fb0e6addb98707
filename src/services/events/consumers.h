#pragma once
// Durable consumers: who has read the log how far, what they could not handle, what they are to get again.
// Owned by EventsService; io thread. Bounds: Limits.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/table.h"
#include "services/events/event_rules.h"

namespace troupe::events {

class Consumers {
 public:
  Consumers(Timeline& timeline, const Limits& limits)
      : limits_(limits), consumers_(timeline), letters_(timeline) {}

  const pb::EventConsumer* find(const std::string& name) const { return consumers_.find(name); }
  // `not_found` events.unknown_consumer with the nearest name.
  Result<const pb::EventConsumer*> get(const std::string& name) const;
  const Table<pb::EventConsumer>& all() const { return consumers_; }
  const Table<pb::EventLetter>& letters() const { return letters_; }

  // The redriven event to be given next; 0: none. One at a time, so that acknowledging the last event of a
  // batch acknowledges just what was given.
  std::uint64_t next_redriven(const std::string& name) const;
  std::set<std::uint64_t> dead_after_cursor(const pb::EventConsumer& consumer) const;
  int dead(const std::string& name) const;

  // `conflict` events.consumer_types or events.consumer_area: it was made for others.
  Result<void> check_same(const std::string& name, const std::vector<std::string>& types,
                          const pb::EventsWithin& within) const;
  // `exhausted` events.consumers_full.
  Result<void> begin(Turn& turn, pb::EventConsumer consumer);
  void drop(Turn& turn, const std::string& name);
  // Answers the cursor. `invalid_argument` events.bad_sequence beyond the log's end.
  Result<std::uint64_t> ack(Turn& turn, const std::string& name, std::uint64_t sequence,
                            std::uint64_t log_end);
  // `invalid_argument` events.bad_sequence, `exhausted` events.letters_full.
  Result<pb::EventLetter> reject(Turn& turn, const std::string& name, std::uint64_t sequence,
                                 const std::string& reason, std::uint64_t log_end);
  // Answers how many. `sequence` 0: all of the consumer's. `not_found` events.no_letter.
  Result<int> redrive(Turn& turn, const std::string& name, std::uint64_t sequence);

 private:
  const Limits limits_;
  Table<pb::EventConsumer> consumers_;
  Table<pb::EventLetter> letters_;
};

}  // namespace troupe::events
