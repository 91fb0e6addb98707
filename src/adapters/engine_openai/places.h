#pragma once
// Who may ask an upstream now: at most `parallel` requests at once, the others wait in the order of the
// port's contract (gold before silver before bronze, earliest deadline first). io thread; shared by the
// engine and its calls.
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>

#include "ports/engine.h"

namespace troupe::engine {

class Places : public std::enable_shared_from_this<Places> {
 public:
  Places(const rt::Env& env, int parallel, std::size_t calls_max)
      : env_(env), parallel_(parallel), calls_max_(calls_max) {}

  // One call in the engine, until it goes. `exhausted` engine.busy when `calls_max` are.
  class Call {
   public:
    explicit Call(std::shared_ptr<Places> places) : places_(std::move(places)) {}
    Call(Call&&) = default;
    ~Call() {
      if (places_) --places_->calls_;
    }

   private:
    std::shared_ptr<Places> places_;
  };
  Result<Call> enter();

  // One request at the upstream, until it goes.
  class Place {
   public:
    explicit Place(std::shared_ptr<Places> places) : places_(std::move(places)) {}
    Place(Place&&) = default;
    ~Place() {
      if (places_) places_->leave();
    }

   private:
    std::shared_ptr<Places> places_;
  };
  // `deadline_exceeded`; `unavailable` engine.stopping after close().
  static Task<Place> wait(std::shared_ptr<Places> places, Tier tier, rt::Instant deadline);

  void close();

 private:
  using Key = std::tuple<int, rt::Instant, std::uint64_t>;

  void leave();
  void next();

  rt::Env env_;
  int parallel_;
  std::size_t calls_max_;
  std::size_t calls_ = 0;
  int taken_ = 0;
  bool closed_ = false;
  std::uint64_t number_ = 0;
  std::map<Key, rt::OneShot<Place>> waiting_;
};

}  // namespace troupe::engine
