#include "adapters/engine_openai/places.h"

#include <fmt/format.h>

namespace troupe::engine {

namespace {

std::unexpected<Error> stopping() { return fail(Code::unavailable, "engine.stopping", "the engine stops"); }

}  // namespace

Result<Places::Call> Places::enter() {
  if (closed_) return stopping();
  if (calls_ >= calls_max_) {
    return fail(Code::exhausted, "engine.busy", fmt::format("{} calls are waiting already", calls_max_),
                1'000);
  }
  ++calls_;
  return Call(shared_from_this());
}

Task<Places::Place> Places::wait(std::shared_ptr<Places> places, Tier tier, rt::Instant deadline) {
  if (places->closed_) co_return stopping();
  const Key key{static_cast<int>(tier), deadline, places->number_++};
  rt::OneShot<Place> turn(places->env_);
  places->waiting_.emplace(key, turn);
  // However this ends: a cancelled coroutine leaves the line too.
  struct Leave {
    std::shared_ptr<Places> places;
    Key key;
    ~Leave() { places->waiting_.erase(key); }
  } leave{places, key};
  places->next();
  co_return co_await turn.wait(deadline);
}

void Places::leave() {
  --taken_;
  next();
}

void Places::next() {
  while (taken_ < parallel_ && !waiting_.empty()) {
    const auto turn = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    ++taken_;
    turn.set(Place(shared_from_this()));
  }
}

void Places::close() {
  closed_ = true;
  for (const auto& [key, turn] : std::exchange(waiting_, {})) turn.set(stopping());
}

}  // namespace troupe::engine
