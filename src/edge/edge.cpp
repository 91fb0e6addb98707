#include "edge/edge.h"

#include <fmt/core.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>

#include "base/log.h"
#include "edge/edge_core.h"
#include "edge/ws_session.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe::edge {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kRefusedMax = 64;  // clients that are being told so

}  // namespace

Edge::Edge(const rt::Env& env, bus::Bus& bus, Metrics& metrics, Worlds& worlds, EdgeConfig config)
    : core_(std::make_shared<EdgeCore>(env, bus, metrics, worlds, std::move(config))) {}

Edge::~Edge() = default;

void Edge::add_route(Route route) { core_->routes.add(std::move(route)); }

void Edge::serve_openai(OpenAiBackend& backend) {
  core_->openai = std::make_unique<OpenAiApi>(
      core_->env, backend, core_->group, core_->config.limits.stream_queue_bytes_max, core_->config.openai);
  core_->openai->add_routes(core_->routes);
}

Result<Address> Edge::listen() {
  Address& at = core_->config.listen;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(at.host, error);
  if (error) {
    return fail(Code::invalid_argument, "edge.bad_address",
                fmt::format("'{}' is not an address to listen on; write 127.0.0.1 or [::1]", at.host));
  }
  if (core_->auth.local_mode() && !address.is_loopback()) {
    return fail(
        Code::invalid_argument, "edge.open_bind",
        fmt::format(
            "refusing to listen on {} without authentication: configure tokens, or listen on 127.0.0.1",
            at.text()));
  }
  auto& acceptor = core_->acceptor;
  const tcp::endpoint endpoint(address, at.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    return fail(Code::unavailable, "edge.bind",
                fmt::format("cannot listen on {}: {}", at.text(), error.message()));
  }
  at.port = acceptor.local_endpoint().port();
  core_->auth.set_port(at.port);
  return at;
}

namespace {

// Whoever waits longest for a request makes room: of the same address where that has its share already.
bool has_room(EdgeCore& core, const std::string& address, bool loopback) {
  const auto& limits = core.config.limits;
  const auto known = core.by_address.find(address);
  const std::size_t share = loopback ? limits.loopback_connections_max : limits.address_connections_max;
  if (known != core.by_address.end() && known->second >= share) return core.waiting.drop_oldest(address);
  return core.connections < limits.connections_max || core.waiting.drop_oldest();
}

asio::awaitable<void> accept_connections(std::shared_ptr<EdgeCore> core) {
  for (;;) {
    boost::system::error_code error;
    auto socket = co_await core->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!core->acceptor.is_open()) co_return;
    if (error) {
      // Out of descriptors, most likely: the ones that end free some.
      log::warn("edge", "a connection could not be taken: {}", error.message());
      co_await rt::sleep_for(core->env, rt::milliseconds(100));
      continue;
    }
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto peer = socket.remote_endpoint(ignored).address();
    const auto shared = std::make_shared<TcpSocket>(std::move(socket));
    const std::string address = peer.to_string();
    if (!has_room(*core, address, peer.is_loopback())) {
      core->counters.connection_refused();
      if (core->refused >= kRefusedMax) continue;  // closes it
      core->group.spawn("refuse", [core, shared] { return refuse_connection(core, std::move(*shared)); });
      continue;
    }
    core->group.spawn("connection", [core, shared, address] {
      return serve_connection(core, std::move(*shared), address);
    });
  }
}

}  // namespace

void Edge::start(rt::Group& group) {
  auto closing = core_->bus.subscribe(kWorldClosing, [core = core_.get()](const bus::Event& event) {
    pb::WorldClosing said;
    if (said.ParseFromString(event.payload)) core->drop_sockets(said.world(), "world", said.why());
  });
  auto came = core_->bus.subscribe(kPlayerCame, [core = core_.get()](const bus::Event& event) {
    pb::PlayerCame said;
    if (!said.ParseFromString(event.payload) || said.door() == core->name) return;
    if (const auto door = core->doors.find(said.world()); door != core->doors.end())
      door->second.presence.came_elsewhere(said.player());
  });
  if (came) core_->came = *std::move(came);
  if (closing) core_->closing = *std::move(closing);
  if (!closing) log::error("edge", "it is not heard when worlds are closed: {}", closing.error().message);
  group.spawn("edge accept", [core = core_] { return accept_connections(core); });
}

asio::awaitable<void> Edge::stop() {
  const auto core = core_;
  co_await rt::shield();
  core->stopping = true;
  for (auto& [world, door] : core->doors) door.presence.stop();
  boost::system::error_code ignored;
  core->acceptor.close(ignored);
  for (auto* socket : core->sockets) socket->goaway("shutdown", "the server stops");
  const rt::Instant until = core->env.now() + core->config.limits.drain;
  while ((core->busy > 0 || !core->sockets.empty()) && core->env.now() < until) {
    co_await rt::sleep_for(core->env, rt::milliseconds(5));
  }
  core->group.cancel();
  co_await core->group.join();
}

void Edge::drop_sockets(const std::string& world, const std::string& reason, const std::string& message) {
  core_->drop_sockets(world, reason, message);
}

void EdgeCore::drop_sockets(const std::string& world, const std::string& reason, const std::string& message) {
  for (auto* socket : sockets) {
    if (socket->world() == world) socket->goaway(reason, message);
  }
}

}  // namespace troupe::edge
