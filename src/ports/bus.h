#pragma once
// Port: carries bytes between services.
//
// Requests    svc.<room>.<service>.<Method>: one server answers. No server: `unavailable` bus.no_server. The reply is a Result:
//             errors travel too. A request is delivered at most once and nobody retries on their own: `unavailable` bus.away and
//             a deadline leave open whether it was carried out, so who wants to try again sends an idempotency key. Requests of
//             one caller may be answered in any order.
// Groups      share() puts several servers under one subject: each request goes to one of them, and none is passed over for
//             long. One that ends takes no more; what it was at is answered bus.no_server.
// Events      evt.<room>.<service>.<Event>: every subscriber whose pattern matches gets each event at most once, in the order of
//             publication of one publisher. `*` matches one token, a last `>` all that follow. Delivery is live only: who was
//             away, was too slow, or subscribed a moment too late reads the event log from a cursor (see host/event_log.h).
// Signals     fleet.<service>.<Name>: what processes tell each other of themselves. As events, but no Envelope and in no log.
// Parts       of an answer are events on CallHeader.stream. What a server publishes before it answers comes before the answer.
//             One may be lost as any event may; the answer is whole by itself.
// Away        health() is `unavailable` bus.away while nothing gets through. So are, at once, requests, those under way too, and
//             publications: nothing is kept for later. Subscriptions and servers stay, and go on when it is back.
// Threads     Call on the io thread; handlers run on the io thread.
// Deadline    request() answers `deadline_exceeded` at its deadline and cancels the handler's task.
// Cancel      Cancelling the caller cancels the handler. Between processes a notice does, and it may be lost; the deadline holds.
// Bounds      Subjects of 255 bytes, payloads of Limits::payload_max, Limits::requests_max in flight (then
//             `exhausted` bus.busy), Limits::backlog_max undelivered events per subscriber (then the oldest
//             are dropped and Subscription::dropped() counts them: a slow reader never slows the world).
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "rt/task.h"

namespace troupe::bus {

struct Limits {
  std::size_t subject_max = 255;
  std::size_t payload_max = 1U << 20;  // what NATS takes by default
  std::size_t requests_max = 4096;
  std::size_t backlog_max = 4096;
};

struct Request {
  std::string subject;
  std::string header;   // a serialised troupe.v1.CallHeader: who asks, world, deadline, trace
  std::string payload;  // a serialised request message
};

struct Event {
  std::string subject;
  std::string payload;  // a serialised troupe.v1.Envelope
};

// Ends the registration when destroyed.
class Subscription {
 public:
  struct Impl {
    virtual ~Impl() = default;
    virtual std::uint64_t dropped() const = 0;
  };
  Subscription() = default;
  explicit Subscription(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::uint64_t dropped() const { return impl_ ? impl_->dropped() : 0; }

 private:
  std::unique_ptr<Impl> impl_;
};

using RequestHandler = std::function<Task<std::string>(Request)>;
using EventHandler = std::function<void(const Event&)>;

class Bus {
 public:
  virtual ~Bus() = default;
  // One server per subject: the second of this process is `conflict` bus.taken.
  virtual Result<Subscription> serve(std::string subject, RequestHandler handler) = 0;
  // One of several: beside a server that does not share it is `conflict` bus.taken.
  virtual Result<Subscription> share(std::string subject, RequestHandler handler) = 0;
  virtual Task<std::string> request(Request request, rt::Instant deadline) = 0;
  virtual Result<Subscription> subscribe(std::string pattern, EventHandler handler) = 0;
  virtual Result<void> publish(Event event) = 0;
  virtual Result<void> health() const = 0;
};

// Whether `subject` matches `pattern` ("evt.*.weather.>").
bool subject_matches(std::string_view pattern, std::string_view subject);

}  // namespace troupe::bus
