#pragma once
// Everything that the edge is told at start: plain values with defaults, filled by app from its config table.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/token_bucket.h"
#include "edge/http_stream.h"
#include "edge/http_types.h"
#include "edge/openai_door.h"

namespace troupe::edge {

struct Address {
  std::string host = "127.0.0.1";  // an address, not a name
  std::uint16_t port = 7777;       // 0 picks one
  std::string text() const;        // "127.0.0.1:7777", "[::1]:7777"
};

struct SocketLimits {
  std::size_t frame_bytes_max = 64 * 1024;
  std::size_t requests_in_flight_max = 64;
  std::size_t queue_frames_max = 1024;  // waiting to be sent; beyond, goaway `slow`
  std::size_t queue_bytes_max = 4 * 1024 * 1024;
  std::size_t resume_events_max = 10'000;  // further behind takes a snapshot instead
  std::size_t resume_page = 500;
  std::size_t live_buffer_max = 4096;     // live events kept while missed ones are read
  std::size_t coalesced_keys_max = 1024;  // (type, subject) pairs that a rate limit holds back
  std::size_t bad_frames_max = 5;
  std::size_t send_buffer_bytes = 256 * 1024;  // of the operating system, per socket
  rt::milliseconds hello_timeout{10'000};
  rt::milliseconds close_timeout{2'000};  // for goaway and the closing handshake
  rt::milliseconds leave_grace{60'000};   // a player without a socket for so long has left the game
};

struct EdgeLimits {
  std::size_t connections_max = 1024;
  std::size_t address_connections_max = 256;   // of one address
  std::size_t loopback_connections_max = 896;  // of this machine: where a proxy is, it speaks for everybody
  Rate wrong_tokens{.per_second = 1, .burst = 30};  // of one address
  StreamLimits stream;
  SocketLimits socket;
  rt::milliseconds drain{3'000};                     // at stop: for requests under way
  std::size_t stream_queue_bytes_max = 1024 * 1024;  // server-sent text that waits for a slow client
};

// Who a bearer token stands for. Only the hash is kept.
struct TokenEntry {
  std::string sha256_hex;
  pb::Role role = pb::ROLE_PLAYER;
  std::string name;
};

// A dependency under /readyz. `required` = false: a failure makes the server `degraded`, not unready.
struct ReadyCheck {
  std::string name;
  std::function<Result<void>()> check;
  bool required = true;
};

// A service as /readyz lists it.
struct ServiceState {
  std::string name;  // "weather"
  std::string room;  // "lanternfall", or "shared"; "" where it is not built
  std::string process = "all";
  std::string state;  // running, stalled (its room cannot be written now), left_out, not_built
};

struct ConsoleFile {
  std::string bytes;
  std::string content_type;
  std::string etag;  // without quotes; "" = none
};

// What is set now for whoever comes into a world.
struct Welcome {
  std::optional<std::size_t> players_max;
  std::string message_of_the_day;
};

struct EdgeConfig {
  std::function<Task<Welcome>()> welcome;  // empty: no bound and no message
  bool doors = true;  // false: /healthz, /readyz and /metrics alone, of a process that players do not come to
  Address listen;
  EdgeLimits limits;
  std::vector<TokenEntry> tokens;    // empty = local mode: loopback only, no authentication
  std::vector<std::string> origins;  // whose pages may call us besides our own: "https://play.example.org"
  std::vector<std::string> hosts;    // names under which a proxy reaches us: "play.example.org"
  std::vector<std::string> private_paths;  // absolute folders that no message to a client may name
  OpenAiRules openai;
  std::vector<ReadyCheck> ready_checks;
  std::function<std::vector<ServiceState>()>
      services;  // each there is, running or not; empty: none is listed
  std::function<std::optional<ConsoleFile>(const std::string& path)>
      console;  // "/index.html", "/assets/app.js"
  std::string version = "0.1.0";
};

}  // namespace troupe::edge
