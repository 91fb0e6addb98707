#include "edge/auth.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "host/registry.h"
#include "host/word_guard.h"

namespace troupe::edge {

namespace {

constexpr std::size_t kNameBytesMax = 64;

bool same_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

// "127.0.0.1:7777" -> host and port; port "" where there is none.
std::pair<std::string_view, std::string_view> split_authority(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return {authority, {}};
  }
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

bool is_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  (void)boost::asio::ip::make_address(std::string(host), error);
  return !error;
}

std::unexpected<Error> refused(std::string reason, std::string message) {
  return fail(Code::permission_denied, std::move(reason), std::move(message));
}

Result<void> check_name(std::string_view name) {
  if (const auto named = check_player_name(std::string(name)); !named)
    return fail(Code::invalid_argument, "auth.bad_player", named.error().message);
  return {};
}

}  // namespace

std::string Address::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

bool is_loopback(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (lower_ascii(host) == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  return !error && address.is_loopback();
}

Auth::Auth(const std::vector<TokenEntry>& tokens, std::vector<std::string> origins,
           std::vector<std::string> hosts)
    : tokens_(tokens), origins_(std::move(origins)), hosts_(std::move(hosts)) {
  for (auto& token : tokens_) token.sha256_hex = lower_ascii(token.sha256_hex);
  for (auto& origin : origins_) origin = lower_ascii(origin);
  for (auto& host : hosts_) host = lower_ascii(host);
}

// Our own names, or in local mode those of this machine. With tokens and no names of a proxy any name will
// do: a page that was rebound to us has no token.
Result<void> Auth::check_host(const std::string& authority, bool named) const {
  if (named || (!local_mode() && hosts_.empty())) return {};
  const auto [name, port] = split_authority(authority);
  const std::string wanted = std::to_string(port_);
  const bool ours = port.empty() ? wanted == "80" : port == wanted;
  if (ours && (is_loopback(name) || (!local_mode() && is_address(name)))) return {};
  if (local_mode() && hosts_.empty()) {
    return refused("edge.host", "this server is for this machine only: the Host must be 127.0.0.1:" + wanted +
                                    " or localhost:" + wanted);
  }
  return refused("edge.host", "the Host is not among the configured `hosts`");
}

bool Auth::is_listed(const std::string& origin) const {
  return std::ranges::find(origins_, lower_ascii(origin)) != origins_.end();
}

Result<void> Auth::check_browser(const HttpRequest& request) const {
  const std::string* host = request.header("host");
  const std::string authority = host ? lower_ascii(*host) : std::string();
  const bool named = std::ranges::find(hosts_, authority) != hosts_.end();
  TRY_VOID(check_host(authority, named));
  const std::string* origin = request.header("origin");
  if (origin == nullptr) return {};
  // A proxy for which names are configured speaks TLS; where one does not, its origin is listed.
  const std::string own = (named ? "https://" : "http://") + authority;
  if (lower_ascii(*origin) == own || is_listed(*origin)) return {};
  return refused("edge.origin",
                 "pages of another origin may not call this server; its `origins` are in the configuration");
}

Result<std::string> bearer_of(const HttpRequest& request) {
  const std::string* header = request.header("authorization");
  if (header == nullptr) return std::string();
  if (lower_ascii(header->substr(0, 7)) != "bearer ") {
    return fail(Code::unauthenticated, "auth.scheme", "the Authorization header is 'Bearer' and a token");
  }
  return trim(header->substr(7));
}

// A game that hands on an empty name would otherwise act with its own, higher right.
Result<std::string> named(const HttpRequest& request, std::string_view header) {
  const std::string* value = request.header(header);
  if (value == nullptr) return std::string();
  if (!trim(*value).empty()) return *value;
  return fail(Code::invalid_argument, "auth.bad_player", fmt::format("the header {} names nobody", header));
}

Result<Identity> Auth::identify(const HttpRequest& request) const {
  TRY(const std::string bearer, bearer_of(request));
  TRY(const std::string player, named(request, "x-troupe-player"));
  TRY(const std::string role, named(request, "x-troupe-role"));
  return identify(bearer, player, role);
}

Result<Identity> Auth::base(std::string_view bearer) const {
  if (local_mode()) return Identity{"local", pb::ROLE_ADMIN};
  if (bearer.empty()) {
    return fail(Code::unauthenticated, "auth.missing",
                "this server wants a token: Authorization: Bearer ...");
  }
  const std::string hash = sha256_hex(bearer);
  const TokenEntry* found = nullptr;
  for (const auto& token : tokens_) {
    if (same_in_constant_time(token.sha256_hex, hash)) found = &token;
  }
  if (found == nullptr)
    return fail(Code::unauthenticated, "auth.unknown_token", "the token is not known here");
  return Identity{found->name, found->role, Caller{.role = found->role}.acts_for_others()};
}

Result<Identity> Auth::identify(std::string_view bearer, std::string_view player,
                                std::string_view role) const {
  TRY(Identity who, base(bearer));
  TRY_VOID(check_name(player));
  pb::Role wanted = pb::ROLE_UNSPECIFIED;
  if (!role.empty()) {
    wanted = role_from_name(role);
    if (wanted == pb::ROLE_UNSPECIFIED || wanted == pb::ROLE_SERVICE) {
      static const std::vector<std::string> kRoles = {"player", "npc", "game_server", "designer", "admin"};
      return fail(Code::invalid_argument, "auth.bad_role",
                  fmt::format("no role '{}'{}", role.substr(0, kNameBytesMax), near_or_all(role, kRoles)));
    }
  }
  if (player.empty() && wanted == pb::ROLE_UNSPECIFIED) return who;

  if (!local_mode()) {
    const bool for_others = Caller{.role = who.role}.acts_for_others();
    if (wanted != pb::ROLE_UNSPECIFIED && wanted != who.role && !(for_others && wanted == pb::ROLE_PLAYER)) {
      return refused("auth.role", "this token stands for the role '" + role_name(who.role) + "'");
    }
    if (!player.empty() && player != who.name && !for_others) {
      return refused("auth.player", "this token stands for '" + who.name + "' only");
    }
    // Acting for a player never leaves more rights than that player has.
    if (!player.empty() && for_others) return Identity{std::string(player), pb::ROLE_PLAYER, true};
    if (wanted != pb::ROLE_UNSPECIFIED) who.role = wanted;
    return who;
  }
  who.role = wanted != pb::ROLE_UNSPECIFIED ? wanted : pb::ROLE_PLAYER;
  if (!player.empty()) who.name = player;
  return who;
}

}  // namespace troupe::edge
