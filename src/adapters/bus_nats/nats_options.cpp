#include "adapters/bus_nats/nats_options.h"

#include <fmt/core.h>

#include <vector>

#include "adapters/bus_nats/nkey.h"

namespace troupe::bus {

namespace {

constexpr rt::milliseconds kWriteMax{2'000};
constexpr rt::milliseconds kReconnectEvery{200};
constexpr rt::milliseconds kReconnectJitter{100};
constexpr rt::milliseconds kPingEvery{5'000};
constexpr int kPingsOut = 2;  // a server that is silent for twice that is gone

}  // namespace

Result<NatsOptions> nats_options(const NatsAddress& address, const NatsLogin& login,
                                 const std::filesystem::path& ca_file, const NatsCallbacks& callbacks) {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  NatsOptions options(made);
  const auto set = [&](natsStatus next) {
    if (status == NATS_OK) status = next;
  };
  std::vector<std::string> urls;
  for (const auto& server : address.servers)
    urls.push_back((address.tls ? "tls://" : "nats://") + server.text());
  std::vector<const char*> pointers;
  for (const auto& url : urls) pointers.push_back(url.c_str());
  set(natsOptions_SetServers(made, pointers.data(), static_cast<int>(pointers.size())));
  set(natsOptions_SetName(made, "troupe"));
  set(natsOptions_SetTimeout(made, kNatsConnectMax.count()));
  set(natsOptions_SetWriteDeadline(made, kWriteMax.count()));
  set(natsOptions_SetSendAsap(made, true));
  set(natsOptions_SetMaxReconnect(made, -1));
  set(natsOptions_SetReconnectWait(made, kReconnectEvery.count()));
  set(natsOptions_SetReconnectJitter(made, kReconnectJitter.count(), kReconnectJitter.count()));
  set(natsOptions_SetReconnectBufSize(made, 1));  // nothing is kept for later: it was refused
  set(natsOptions_SetPingInterval(made, kPingEvery.count()));
  set(natsOptions_SetMaxPingsOut(made, kPingsOut));
  set(natsOptions_UseGlobalMessageDelivery(made, true));
  set(natsOptions_SetErrorHandler(made, callbacks.error, callbacks.closure));
  set(natsOptions_SetDisconnectedCB(made, callbacks.disconnected, callbacks.closure));
  set(natsOptions_SetReconnectedCB(made, callbacks.reconnected, callbacks.closure));
  set(natsOptions_SetClosedCB(made, callbacks.closed, callbacks.closure));
  if (!login.user.empty()) set(natsOptions_SetUserInfo(made, login.user.c_str(), login.password.c_str()));
  if (!login.token.empty()) set(natsOptions_SetToken(made, login.token.c_str()));
  if (!login.seed.empty()) {
    TRY(const std::string name, nkey_public(login.seed));
    set(natsOptions_SetNKey(made, name.c_str(), callbacks.sign, callbacks.closure));
  }
  if (address.tls) {
    set(natsOptions_SetSecure(made, true));
    set(natsOptions_SetExpectedHostname(made, address.servers.front().host.c_str()));
    if (!ca_file.empty() && status == NATS_OK &&
        natsOptions_LoadCATrustedCertificates(made, ca_file.c_str()) != NATS_OK)
      return fail(Code::invalid_argument, "bus.bad_ca",
                  ca_file.string() + " holds no certificates that can be read");
  }
  if (status == NATS_OK) return options;
  return fail(Code::internal, "bus.options", fmt::format("NATS's client: {}", natsStatus_GetText(status)));
}

Error why_no_nats(const std::string& where, natsStatus status) {
  const std::string said = natsStatus_GetText(status);
  if (status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED)
    return {Code::unauthenticated, "bus.credentials",
            where + " refuses these credentials; see nats.auth_file"};
  if (status == NATS_SSL_ERROR || status == NATS_SECURE_CONNECTION_REQUIRED ||
      status == NATS_SECURE_CONNECTION_WANTED)
    return {
        Code::unavailable, "bus.tls",
        fmt::format(
            "no TLS with {}: {}; tls:// wants a server with a certificate that the system or nats.ca_file trusts",
            where, said)};
  return {Code::unavailable, "bus.away",
          fmt::format("no NATS at {}: {}; start one there, or name another with --bus", where, said), 1000};
}

}  // namespace troupe::bus
