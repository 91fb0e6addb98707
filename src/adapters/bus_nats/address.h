#pragma once
// Where NATS is and who we are to it: from the URL or from a file. Pure but for reading the file.
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace troupe::bus {

inline constexpr std::size_t kServersMax = 8;
inline constexpr std::uint16_t kNatsPort = 4222;

struct NatsHost {
  std::string host;  // without brackets
  std::uint16_t port = kNatsPort;
  std::string text() const;  // "127.0.0.1:4222", "[::1]:4222"
};

struct NatsLogin {
  std::string user;
  std::string password;
  std::string token;
  std::string seed;  // of an nkey: "SU..."
  bool empty() const { return user.empty() && token.empty() && seed.empty(); }
};

struct NatsAddress {
  std::vector<NatsHost> servers;
  NatsLogin login;
  bool tls = false;
  std::string text() const;  // for people: no login
};

// `invalid_argument` bus.bad_url; the message does not repeat the URL.
Result<NatsAddress> parse_nats_url(const std::string& url);

// A file that only its owner may read, with lines `user NAME`, `password WORDS`, `token WORDS` or `nkey SEED`; `#` begins a
// comment. `permission_denied` bus.auth_readable, `not_found` bus.auth_missing, `invalid_argument` bus.auth_bad.
Result<NatsLogin> load_nats_login(const std::filesystem::path& file);

}  // namespace troupe::bus
