#pragma once
// Who asks. Local mode (no tokens configured): everybody on this machine is the admin `local`, unless headers
// say otherwise; browsers are kept to pages of our own. With tokens: `Authorization: Bearer`, never in query
// strings. Pure; owned by the edge.
#include <string>
#include <string_view>

#include "base/error.h"
#include "edge/edge_config.h"
#include "edge/http_types.h"

namespace troupe::edge {

struct Identity {
  std::string name;
  pb::Role role = pb::ROLE_UNSPECIFIED;
  bool gateway = false;  // a token that may act for others: what comes over its connections are many players
};

// Whether `host` is an address of this machine only.
bool is_loopback(std::string_view host);

class Auth {
 public:
  Auth(const std::vector<TokenEntry>& tokens, std::vector<std::string> origins,
       std::vector<std::string> hosts = {});

  bool local_mode() const { return tokens_.empty(); }
  // Known once we listen: what Host and Origin are held against.
  void set_port(std::uint16_t port) { port_ = port; }

  // `permission_denied` edge.host, edge.origin: a page of somebody else, or DNS rebinding.
  Result<void> check_browser(const HttpRequest& request) const;
  // Whether `origin` is one of the configured: its pages get CORS headers.
  bool is_listed(const std::string& origin) const;
  // Whether names of a proxy are configured.
  bool behind_proxy() const { return !hosts_.empty(); }
  // `unauthenticated` auth.missing, auth.unknown_token; `permission_denied` auth.player, auth.role.
  Result<Identity> identify(const HttpRequest& request) const;
  // The same from the parts: of a hello frame. `bearer` without its scheme, "" = none.
  Result<Identity> identify(std::string_view bearer, std::string_view player, std::string_view role) const;

 private:
  Result<Identity> base(std::string_view bearer) const;
  Result<void> check_host(const std::string& authority, bool named) const;

  std::vector<TokenEntry> tokens_;
  std::vector<std::string> origins_;  // "https://play.example.org"
  std::vector<std::string> hosts_;    // "play.example.org", "play.example.org:8443"
  std::uint16_t port_ = 0;
};

// The token of `Authorization: Bearer ...`, or "".
Result<std::string> bearer_of(const HttpRequest& request);
// A header that says who or what the caller is; "" where it is left out. `invalid_argument` auth.bad_player
// where it is there and empty.
Result<std::string> named(const HttpRequest& request, std::string_view header);

}  // namespace troupe::edge
