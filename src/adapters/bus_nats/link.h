#pragma once
// One connection to NATS: messages out through a thread of its own, messages in through the io thread, in the order in which they
// came. Knows subjects and proofs; requests, servers and deadlines are nats_bus.cpp's.
//
// Owner       NatsBus, and Ears for as long as they hear. close() before the io thread's executor goes.
// Threads     open(), listen(), mute(), close(): the io thread. send(), health(), counts(): any. Handlers run on the io thread.
// Bounds      8,192 messages of 64 MiB that wait to be sent, and as many that are being sent. What waits to be heard: arrivals.h; a
//             call that finds no room is answered bus.busy.
#include <functional>
#include <memory>

#include "adapters/bus_nats/arrivals.h"
#include "adapters/bus_nats/nats_bus.h"

namespace troupe::bus {

class Link {
 public:
  struct Told {
    std::function<void()> lost;                                       // NATS went away
    std::function<void(const std::string& nonce, Error why)> unsent;  // a call could not be sent
  };
  static Result<std::shared_ptr<Link>> open(const rt::Env& env, const NatsConfig& config,
                                            const Limits& limits, Told told);
  virtual ~Link() = default;

  // False: too many wait to be sent.
  virtual bool send(Message message) = 0;
  virtual Result<void> listen(const std::shared_ptr<Ear>& ear) = 0;
  virtual void mute(const std::shared_ptr<Ear>& ear) = 0;
  virtual Result<void> health() const = 0;    // `unavailable` bus.away
  virtual std::size_t bytes_max() const = 0;  // of a message with its headers, as the server has it
  virtual NatsCounts counts() const = 0;
  virtual void close() = 0;
};

// The headers that stand beside a body take at most so much, besides the call header itself.
inline constexpr std::size_t kHeadersMax = 512;

Error bus_away();
Error no_server(std::string_view subject);

std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

// The body of an error that travels, and back.
std::string encode_error(const Error& error);
Error decode_error(const std::string& bytes);

}  // namespace troupe::bus
