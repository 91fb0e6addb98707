#include "adapters/bus_nats/address.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/text.h"

namespace troupe::bus {

namespace {

std::unexpected<Error> bad_url(const std::string& what) {
  return fail(
      Code::invalid_argument, "bus.bad_url",
      what + "; a bus is `local` or such as nats://127.0.0.1:4222 or tls://user:password@nats.example.org");
}

// "%40" is "@": in a password.
Result<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const std::string byte = from_hex(text.substr(i + 1, 2));
    if (byte.size() != 1 || byte[0] == '\0') return bad_url("a % in the login is followed by two hex digits");
    out += byte;
    i += 2;
  }
  return out;
}

Result<NatsHost> parse_server(std::string_view text) {
  NatsHost server;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return bad_url("an IPv6 address ends with ]");
    server.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return bad_url("behind ] stands :port or nothing");
  } else {
    const auto colon = text.find(':');
    server.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? "" : text.substr(colon);
  }
  const bool fine =
      !server.host.empty() && server.host.size() <= 253 && std::ranges::all_of(server.host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == '_' || c == ':';
      });
  if (!fine) return bad_url("the URL names no host");
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), server.port);
    if (error != std::errc() || end != port.data() + port.size() || server.port == 0)
      return bad_url("the port is a number from 1 to 65535");
  }
  return server;
}

Result<NatsLogin> parse_login(std::string_view text) {
  NatsLogin login;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    TRY(login.token, unescaped(text));
  } else {
    TRY(login.user, unescaped(text.substr(0, colon)));
    TRY(login.password, unescaped(text.substr(colon + 1)));
  }
  if (login.empty()) return bad_url("in front of @ stands user:password or a token");
  return login;
}

}  // namespace

std::string NatsHost::text() const {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string NatsAddress::text() const {
  std::string out;
  for (const auto& server : servers) out += (out.empty() ? "" : ",") + server.text();
  return (tls ? "tls://" : "nats://") + out;
}

Result<NatsAddress> parse_nats_url(const std::string& url) {
  NatsAddress address;
  for (const auto& one : split(url, ',')) {
    std::string_view rest = one;
    const bool tls = rest.starts_with("tls://");
    if (!tls && !rest.starts_with("nats://")) return bad_url("the URL begins with nats:// or tls://");
    if (!address.servers.empty() && tls != address.tls)
      return bad_url("all servers are nats:// or all are tls://");
    address.tls = tls;
    rest.remove_prefix(tls ? 6 : 7);
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
      if (!address.login.empty()) return bad_url("the login stands in the first server's URL alone");
      TRY(address.login, parse_login(rest.substr(0, at)));
      rest.remove_prefix(at + 1);
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);
    TRY(auto server, parse_server(rest));
    if (address.servers.size() >= kServersMax) return bad_url(fmt::format("{} servers at most", kServersMax));
    address.servers.push_back(std::move(server));
  }
  return address;
}

Result<NatsLogin> load_nats_login(const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto mode = fs::status(file, error).permissions();
  std::ifstream in(file);
  if (error || !in)
    return fail(Code::not_found, "bus.auth_missing",
                file.string() + ": " + (error ? error.message() : "cannot be read"));
  if ((mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
    return fail(Code::permission_denied, "bus.auth_readable",
                file.string() + " can be read by others; chmod 600 it");
  NatsLogin login;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string text = trim(line);
    if (text.empty() || text.starts_with('#')) continue;
    const auto space = text.find(' ');
    const std::string key = text.substr(0, space);
    std::string value = space == std::string::npos ? "" : trim(text.substr(space));
    std::string* const to = key == "user"       ? &login.user
                            : key == "password" ? &login.password
                            : key == "token"    ? &login.token
                            : key == "nkey"     ? &login.seed
                                                : nullptr;
    if (to == nullptr || value.empty() || !to->empty())
      return fail(Code::invalid_argument, "bus.auth_bad",
                  fmt::format("{}:{}: a line is user, password, token or nkey, each once, and its value",
                              file.string(), number));
    *to = std::move(value);
  }
  const int ways =
      (login.user.empty() ? 0 : 1) + (login.token.empty() ? 0 : 1) + (login.seed.empty() ? 0 : 1);
  if (ways != 1 || login.user.empty() != login.password.empty())
    return fail(Code::invalid_argument, "bus.auth_bad",
                file.string() + ": user and password, or a token, or an nkey, and one of these ways only");
  return login;
}

}  // namespace troupe::bus
