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

std::uint64_t Consumer::next_redriven() const {
  for (const auto& [sequence, letter] : letters) {
    if (letter.state == Letter::State::redriven) return sequence;
  }
  return 0;
}

std::set<std::uint64_t> Consumer::dead_after_cursor() const {
  std::set<std::uint64_t> dead;
  for (auto letter = letters.upper_bound(cursor); letter != letters.end(); ++letter) {
    if (letter->second.state == Letter::State::dead) dead.insert(letter->first);
  }
  return dead;
}

int Consumer::dead() const {
  return static_cast<int>(std::ranges::count_if(
      letters, [](const auto& letter) { return letter.second.state == Letter::State::dead; }));
}

const Consumer* Consumers::find(const std::string& name) const {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

Result<const Consumer*> Consumers::get(const std::string& name) const {
  if (const auto* found = find(name)) return found;
  std::vector<std::string> names;
  for (const auto& [known, consumer] : consumers_) names.push_back(known);
  return fail(Code::not_found, "events.unknown_consumer",
              "no consumer '" + name + "'" + did_you_mean(name, names));
}

void Consumers::clear() {
  consumers_.clear();
  letters_ = 0;
}

void Consumers::drop(const std::string& name) {
  const auto found = consumers_.find(name);
  if (found == consumers_.end()) return;
  letters_ -= found->second.letters.size();
  consumers_.erase(found);
}

Result<void> Consumers::check_same(const std::string& name, const std::vector<std::string>& types,
                                   const pb::EventsWithin& within) const {
  const auto* consumer = find(name);
  if (consumer == nullptr) return {};
  const bool says_area = within.has_area() || within.places_size() > 0;
  if (says_area && stable_bytes(within) != stable_bytes(consumer->within)) {
    return fail(
        Code::conflict, "events.consumer_area",
        fmt::format("consumer '{}' was made for another area; choose another name, or drop it", name));
  }
  if (types.empty() || types == consumer->types) return {};
  return fail(Code::conflict, "events.consumer_types",
              fmt::format("consumer '{}' was made for {}; choose another name, or drop it", name,
                          consumer->types.empty() ? "every type" : join(consumer->types, ", ")));
}

Result<void> Consumers::check_new(const std::string& name) const {
  if (find(name) != nullptr || consumers_.size() < limits_.consumers_max) return {};
  return fail(Code::exhausted, "events.consumers_full",
              fmt::format("there are {} consumers already", limits_.consumers_max));
}

void Consumers::put(const std::string& name, Consumer consumer) {
  letters_ += consumer.letters.size();
  consumers_[name] = std::move(consumer);
}

void Consumers::put_letter(const std::string& name, std::uint64_t sequence, Letter letter) {
  auto& letters = consumers_.at(name).letters;
  letters_ += letters.contains(sequence) ? 0 : 1;
  letters[sequence] = std::move(letter);
}

Result<Consumers::Change> Consumers::ack(const std::string& name, std::uint64_t sequence,
                                         std::uint64_t log_end) {
  TRY_VOID(get(name));
  if (sequence > log_end)
    return bad_sequence(fmt::format("there is no event {}; the log ends at {}", sequence, log_end));
  auto& consumer = consumers_.at(name);
  Change change;
  const auto forget = [&](std::map<std::uint64_t, Letter>::iterator letter) {
    change.erased.push_back(letter->first);
    --letters_;
    return consumer.letters.erase(letter);
  };
  if (sequence <= consumer.cursor) {
    // Of what was passed, only the redriven one itself is done.
    const auto letter = consumer.letters.find(sequence);
    if (letter != consumer.letters.end() && letter->second.state == Letter::State::redriven) forget(letter);
    return change;
  }
  consumer.cursor = sequence;
  change.cursor = true;
  for (auto letter = consumer.letters.begin();
       letter != consumer.letters.end() && letter->first <= sequence;) {
    letter = letter->second.state == Letter::State::failing ? forget(letter) : std::next(letter);
  }
  return change;
}

Result<Consumers::Change> Consumers::reject(const std::string& name, std::uint64_t sequence,
                                            const std::string& reason, std::uint64_t log_end) {
  TRY_VOID(get(name));
  if (sequence == 0 || sequence > log_end) {
    return bad_sequence(fmt::format("there is no event {}; the log ends at {}", sequence, log_end));
  }
  auto& consumer = consumers_.at(name);
  const auto known = consumer.letters.find(sequence);
  const bool redriven = known != consumer.letters.end() && known->second.state == Letter::State::redriven;
  if (known != consumer.letters.end() && known->second.state == Letter::State::dead) {
    return bad_sequence(fmt::format("event {} is a dead letter already", sequence));
  }
  if (sequence <= consumer.cursor && !redriven) {
    return bad_sequence(fmt::format("event {} is done: the cursor stands at {}", sequence, consumer.cursor));
  }
  if (known == consumer.letters.end() && letters_ >= limits_.letters_max) {
    return fail(Code::exhausted, "events.letters_full",
                fmt::format("{} events failed already; redrive or acknowledge some", limits_.letters_max));
  }
  Letter letter = known == consumer.letters.end() ? Letter() : known->second;
  ++letter.attempts;
  letter.reason = reason;
  if (letter.attempts >= limits_.attempts_max) letter.state = Letter::State::dead;
  put_letter(name, sequence, std::move(letter));
  return Change{.written = {sequence}};
}

Result<Consumers::Change> Consumers::redrive(const std::string& name, std::uint64_t sequence) {
  TRY_VOID(get(name));
  auto& consumer = consumers_.at(name);
  Change change;
  for (auto letter = consumer.letters.begin(); letter != consumer.letters.end();) {
    const bool wanted =
        letter->second.state == Letter::State::dead && (sequence == 0 || letter->first == sequence);
    if (!wanted) {
      ++letter;
    } else if (letter->first > consumer.cursor) {  // comes by itself when it is dead no more
      change.erased.push_back(letter->first);
      --letters_;
      letter = consumer.letters.erase(letter);
    } else {
      letter->second = {.state = Letter::State::redriven, .attempts = 0, .reason = letter->second.reason};
      change.written.push_back(letter->first);
      ++letter;
    }
  }
  if (sequence != 0 && change.written.empty() && change.erased.empty()) {
    return fail(Code::not_found, "events.no_letter",
                fmt::format("consumer '{}' has no dead letter {}", name, sequence));
  }
  return change;
}

}  // namespace troupe::events
