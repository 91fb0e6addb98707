#pragma once
// Adapter of port bus between processes: NATS carries what the port carries, under the same subjects.
//
// Owner       main; a Subscription may outlive the bus.
// Threads     The io thread, for everything but counts(). The client library has threads of its own: they check proofs and hand
//             over, and one of ours sends, so that a server that takes nothing stops nobody on the io thread.
// Wire        The body is the request, reply, troupe.v1.Error or Envelope as it is. Two NATS headers stand beside it: Troupe-Call,
//             the CallHeader in base64, and Troupe-Proof (proof.h), by which a process that shares the key is told from a stranger.
//             What has no proof, or one that is too old or was used before, reaches no handler: a call is answered
//             `unauthenticated` bus.unsigned, everything else is dropped and counted.
// Away        While NATS is away requests, publications and health() answer `unavailable` bus.away, at once. So do requests that
//             were under way: whether they were carried out is not known. It comes back by itself, with all subscriptions.
// Bounds      bus::Limits; 8,192 messages of 64 MiB that wait to be sent (then `exhausted` bus.busy), once more as much while those
//             are sent; 64 MiB that wait to be handed over; 262,144 proofs that are remembered. Waits: connect 2 s, write 2 s, close 5 s; a server that is silent for 10 s is taken to be gone.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "ports/bus.h"

namespace troupe::bus {

struct NatsConfig {
  std::string url;  // nats:// or tls://[user:password@|token@]host[:port], several with commas
  std::filesystem::path auth_file;  // instead of what stands in the URL (address.h)
  std::filesystem::path ca_file;    // whom to trust instead of the system's, for tls://
  std::string key;                  // by which processes of one cluster know each other, 32 bytes or more
  std::string alone_on = {};        // a subject that nobody may serve when we begin: `conflict` bus.taken
};

struct NatsCounts {
  std::uint64_t sent = 0;      // handed to the sending thread
  std::uint64_t received = 0;  // with a good proof
  std::uint64_t refused = 0;   // without
  std::uint64_t dropped = 0;   // by slow readers, and what could not be sent
  std::uint64_t lost = 0;      // how often NATS went away
};

class NatsBus : public Bus {
 public:
  virtual NatsCounts counts() const = 0;  // any thread
  // Answers when everything that was sent before has reached the server, and what it had for us by then has reached its handlers.
  virtual Task<void> round_trip(rt::Instant deadline) = 0;
};

// Connects; waits for it, so only before the io thread runs. Errors name the server, never a password: `unavailable` bus.away,
// `unauthenticated` bus.credentials, `invalid_argument` bus.bad_url and bus.old_server, `conflict` bus.taken.
Result<std::unique_ptr<NatsBus>> open_nats_bus(const rt::Env& env, const NatsConfig& config,
                                               Limits limits = {});

// "" or what is wrong with such a URL, without what is secret in it.
std::string nats_url_problem(const std::string& url);

}  // namespace troupe::bus
