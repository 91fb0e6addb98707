#pragma once
// HTTP requests that never block the io thread: one `curl` thread owns every connection (a libcurl multi
// handle) and hands bytes to receivers as they come. Connections stay open between requests and are closed to
// stop one.
//
// Owner    The engine. The destructor ends the thread; what is under way hears `stopped`.
// Threads  start(), stop(), shut_down(): io thread. Receivers: the curl thread, never two calls at once.
// Bounds   Its users bound the requests (one place each, kept until on_end). Per request: kHeadBytesMax of
//          headers, `ends` at the latest, `connect_ms` for a connection; bodies are bounded by their
//          receiver.
// Safety   TLS is verified; no proxy. The address is judged before a connection is made, and again before
//          each request that uses one (it may be somebody else's, kept open), for every redirect. A redirect
//          keeps method and body (307, 308) or ends the request; it never leaves https; another host never
//          sees the key.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/engine_openai/address.h"
#include "rt/task.h"

namespace troupe::engine {

inline constexpr std::size_t kHeadBytesMax = 64 * 1024;

struct HttpHead {
  int status = 0;
  bool is_event_stream = false;
  std::int64_t retry_after_ms = 0;  // 0 = not said
};

// How a request ended, as far as HTTP goes.
enum class HttpEnd {
  complete,         // the whole reply came
  stopped,          // by stop(), shut_down() or the receiver
  late,             // `ends` came first
  unreachable,      // no such host, nobody listens, no connection in time
  not_trusted,      // TLS: no valid certificate for this host
  address_refused,  // the rules do not allow where it leads to
  redirected,       // further, or in another way, than allowed
  cut_off,          // the connection ended before the reply did
  too_long,         // headers
};

// What comes of one request. Called on the curl thread.
class HttpReceiver {
 public:
  enum class Then {
    more,
    stop,  // close the connection now
  };
  virtual ~HttpReceiver() = default;
  virtual Then on_head(const HttpHead& head) = 0;
  virtual Then on_body(std::string_view bytes) = 0;
  // Once, last. `detail` is for people.
  virtual void on_end(HttpEnd end, const std::string& detail) = 0;
  // Looked at between bytes: the request ends (`late`) here if this is earlier than `ends`.
  virtual rt::Instant ends_by() const { return rt::Instant::never(); }
};

struct HttpRequest {
  std::string url;
  std::string body;  // "" = GET
  std::string key;   // "" = none; sent as a bearer token
  std::string ca_file;
  std::shared_ptr<const AddressRules> rules;
  int redirects_max = 0;
  std::int64_t connect_ms = 2'000;
  rt::Instant ends = rt::Instant::never();
  std::shared_ptr<HttpReceiver> receiver;
};

struct TransportStats {
  std::uint64_t requests = 0;
  std::uint64_t connections = 0;  // made
  std::uint64_t in_flight = 0;    // requests that have not ended
};

class Transport {
 public:
  explicit Transport(const rt::Env& env);
  ~Transport();
  Transport(const Transport&) = delete;

  std::uint64_t start(HttpRequest request);
  void stop(std::uint64_t number);  // unknown and ended ones are ignored
  void shut_down();                 // waits for the thread
  TransportStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::engine
