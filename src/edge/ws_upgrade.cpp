// From an HTTP request for /ws to a game socket.
#include <algorithm>

#include "base/text.h"
#include "edge/edge_core.h"
#include "edge/ws_session.h"

namespace troupe::edge {

namespace {

std::unexpected<Error> bad_upgrade(std::string why) {
  return fail(Code::invalid_argument, "ws.bad_upgrade", std::move(why));
}

// The header's comma-separated values, over all its lines, in lower case where `lower`.
std::vector<std::string> list_of(const HttpRequest& request, std::string_view name) {
  std::vector<std::string> all;
  for (const auto& [header, value] : request.headers) {
    if (header != name) continue;
    for (const auto& part : split(value, ',')) all.push_back(trim(part));
  }
  return all;
}

// The first of ours that the client offers.
Result<Wire> choose_wire(const HttpRequest& request) {
  for (const auto& offered : list_of(request, "sec-websocket-protocol")) {
    for (const Wire wire : {Wire::binary, Wire::json}) {
      if (offered == wire_name(wire)) return wire;
    }
  }
  return bad_upgrade("offer the sub-protocol troupe.v1 (binary) or troupe.v1.json (text)");
}

Result<void> check_upgrade(const HttpRequest& request) {
  const auto connection = list_of(request, "connection");
  const bool wants =
      std::ranges::any_of(connection, [](const auto& part) { return lower_ascii(part) == "upgrade"; });
  const std::string* version = request.header("sec-websocket-version");
  const std::string* key = request.header("sec-websocket-key");
  if (request.method != "GET" || request.http_1_0 || !wants ||
      lower_ascii(*request.header("upgrade")) != "websocket" || version == nullptr || *version != "13" ||
      key == nullptr || key->size() != 24) {
    return bad_upgrade("not a WebSocket upgrade of version 13");
  }
  return {};
}

}  // namespace

boost::asio::awaitable<Result<void>> serve_socket(std::shared_ptr<EdgeCore> core,
                                                  std::shared_ptr<HttpStream> stream, HttpRequest request) {
  CO_TRY_VOID(core->auth.check_browser(request));
  CO_TRY_VOID(check_upgrade(request));
  CO_TRY(const Wire wire, choose_wire(request));
  if (core->stopping) co_return fail(Code::unavailable, "edge.stopping", "the server stops", 1000);

  UpgradeIdentity upgrade{.connection = request.connection, .address = request.address};
  CO_TRY(upgrade.bearer, bearer_of(request));
  CO_TRY(upgrade.player, named(request, "x-troupe-player"));
  CO_TRY(upgrade.role, named(request, "x-troupe-role"));
  CO_TRY(upgrade.world, named(request, "x-troupe-world"));
  // A bad token is refused here; browsers, which cannot send one here, say it in hello.
  if (!upgrade.bearer.empty()) {
    CO_TRY([[maybe_unused]] const Identity who,
           core->sign_in(request.address, upgrade.bearer, upgrade.player, upgrade.role));
  }
  if (!stream->read_nothing_ahead())
    co_return bad_upgrade("nothing may follow the upgrade before its answer");

  const auto& limits = core->config.limits;
  auto socket = co_await accept_websocket(core->env, stream->release(), std::move(request),
                                          std::string(wire_name(wire)),
                                          {.message_bytes_max = limits.socket.frame_bytes_max,
                                           .send_buffer_bytes = limits.socket.send_buffer_bytes,
                                           .handshake_timeout = limits.stream.header_timeout,
                                           .idle_timeout = limits.stream.idle_timeout,
                                           .write_timeout = limits.stream.write_timeout},
                                          core->counters.bytes());
  // Beast has answered where it refused.
  core->counters.request("ws", socket ? 101 : 400, 0);
  if (!socket) co_return Result<void>();
  co_await std::make_shared<WsSession>(core, *std::move(socket), wire, std::move(upgrade))->run();
  co_return Result<void>();
}

}  // namespace troupe::edge
