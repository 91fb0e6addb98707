#include "services/events/consumers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace troupe::events {

namespace {
std::unexpected<Error> bad_sequence(std::string message) {
  return fail(Code::invalid_argument, "events.bad_sequence", std::move(message));
}
}  // namespace

std::uint64_t Consumers::next_redriven(const std::string& name) const {
  for (const auto& letter : letters_.of(name)) {
    if (letter.state() == pb::EventLetter::REDRIVEN) return letter.sequence();
  }
  return 0;
}

std::set<std::uint64_t> Consumers::dead_after_cursor(const pb::EventConsumer& consumer) const {
  std::set<std::uint64_t> dead;
  for (const auto& letter : letters_.of(consumer.name())) {
    if (letter.state() == pb::EventLetter::DEAD && letter.sequence() > consumer.cursor())
      dead.insert(letter.sequence());
  }
  return dead;
}

int Consumers::dead(const std::string& name) const {
  return static_cast<int>(std::ranges::count_if(
      letters_.under(name), [](const auto& row) { return row.second.state() == pb::EventLetter::DEAD; }));
}

Result<const pb::EventConsumer*> Consumers::get(const std::string& name) const {
  if (const auto* found = find(name)) return found;
  std::vector<std::string> names;
  for (const auto& consumer : consumers_.of()) names.push_back(consumer.name());
  return fail(Code::not_found, "events.unknown_consumer",
              "no consumer '" + name + "'" + did_you_mean(name, names));
}

Result<void> Consumers::check_same(const std::string& name, const std::vector<std::string>& types,
                                   const pb::EventsWithin& within) const {
  const auto* consumer = find(name);
  if (consumer == nullptr) return {};
  const bool says_area = within.has_area() || within.places_size() > 0;
  if (says_area && stable_bytes(within) != stable_bytes(consumer->within())) {
    return fail(
        Code::conflict, "events.consumer_area",
        fmt::format("consumer '{}' was made for another area; choose another name, or drop it", name));
  }
  if (types.empty() || std::ranges::equal(types, consumer->types())) return {};
  return fail(Code::conflict, "events.consumer_types",
              fmt::format("consumer '{}' was made for {}; choose another name, or drop it", name,
                          consumer->types().empty() ? "every type"
                                                    : fmt::format("{}", fmt::join(consumer->types(), ", "))));
}

Result<void> Consumers::begin(Turn& turn, pb::EventConsumer consumer) {
  if (consumers_.size() >= limits_.consumers_max) {
    return fail(Code::exhausted, "events.consumers_full",
                fmt::format("there are {} consumers already", limits_.consumers_max));
  }
  consumers_.put(turn, std::move(consumer));
  return {};
}

void Consumers::drop(Turn& turn, const std::string& name) {
  letters_.erase_if(turn, [](const auto&) { return true; }, name);
  consumers_.erase(turn, name);
}

Result<std::uint64_t> Consumers::ack(Turn& turn, const std::string& name, std::uint64_t sequence,
                                     std::uint64_t log_end) {
  TRY(const auto* known, get(name));
  if (sequence > log_end)
    return bad_sequence(fmt::format("there is no event {}; the log ends at {}", sequence, log_end));
  auto consumer = *known;
  if (sequence <= consumer.cursor()) {
    // Of what was passed, only the redriven one itself is done.
    const auto* letter = letters_.find(name, sequence);
    if (letter != nullptr && letter->state() == pb::EventLetter::REDRIVEN)
      letters_.erase(turn, name, sequence);
    return consumer.cursor();
  }
  const auto is_done = [sequence](const pb::EventLetter& letter) {
    return letter.sequence() <= sequence && letter.state() == pb::EventLetter::FAILING;
  };
  letters_.erase_if(turn, is_done, name);
  consumer.set_cursor(sequence);
  consumers_.put(turn, std::move(consumer));
  return sequence;
}

Result<pb::EventLetter> Consumers::reject(Turn& turn, const std::string& name, std::uint64_t sequence,
                                          const std::string& reason, std::uint64_t log_end) {
  TRY(const auto* consumer, get(name));
  if (sequence == 0 || sequence > log_end) {
    return bad_sequence(fmt::format("there is no event {}; the log ends at {}", sequence, log_end));
  }
  const auto* known = letters_.find(name, sequence);
  if (known != nullptr && known->state() == pb::EventLetter::DEAD)
    return bad_sequence(fmt::format("event {} is a dead letter already", sequence));
  const bool redriven = known != nullptr && known->state() == pb::EventLetter::REDRIVEN;
  if (sequence <= consumer->cursor() && !redriven) {
    return bad_sequence(
        fmt::format("event {} is done: the cursor stands at {}", sequence, consumer->cursor()));
  }
  if (known == nullptr && letters_.size() >= limits_.letters_max) {
    return fail(Code::exhausted, "events.letters_full",
                fmt::format("{} events failed already; redrive or acknowledge some", limits_.letters_max));
  }
  pb::EventLetter letter;
  if (known != nullptr) letter = *known;
  letter.set_consumer(name);
  letter.set_sequence(sequence);
  letter.set_attempts(letter.attempts() + 1);
  letter.set_reason(reason);
  if (letter.attempts() >= limits_.attempts_max) {
    letter.set_state(pb::EventLetter::DEAD);
  } else if (!redriven) {
    letter.set_state(pb::EventLetter::FAILING);
  }
  letters_.put(turn, letter);
  return letter;
}

Result<int> Consumers::redrive(Turn& turn, const std::string& name, std::uint64_t sequence) {
  TRY(const auto* consumer, get(name));
  std::vector<pb::EventLetter> wanted;
  for (const auto& letter : letters_.of(name)) {
    if (letter.state() == pb::EventLetter::DEAD && (sequence == 0 || letter.sequence() == sequence))
      wanted.push_back(letter);
  }
  if (sequence != 0 && wanted.empty()) {
    return fail(Code::not_found, "events.no_letter",
                fmt::format("consumer '{}' has no dead letter {}", name, sequence));
  }
  for (auto& letter : wanted) {
    if (letter.sequence() > consumer->cursor()) {  // comes by itself when it is dead no more
      letters_.erase(turn, name, letter.sequence());
      continue;
    }
    letter.set_state(pb::EventLetter::REDRIVEN);
    letter.set_attempts(0);
    letters_.put(turn, std::move(letter));
  }
  return static_cast<int>(wanted.size());
}

}  // namespace troupe::events
