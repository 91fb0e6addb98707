#pragma once
// The server's front door: HTTP, the game's socket, the OpenAI paths and the console on one port. Turns bytes
// from outside into calls over the bus, and events of the world into frames. Owned by app; everything on the
// io thread.
//
//   Edge edge(env, bus, metrics, worlds, config);
//   edge.serve_openai(backend);              optional; before start()
//   TRY(const Address address, edge.listen());
//   edge.start(group);  ...  co_await edge.stop();
//
// Bounds      EdgeLimits: connections (then 503 at once), bytes and seconds of everything that a client
// sends, what
//             waits for a slow one. A client that leaves cancels its call.
#include <memory>
#include <string>

#include "edge/edge_config.h"
#include "host/metrics.h"
#include "host/worlds.h"
#include "ports/bus.h"
#include "rt/task.h"

namespace troupe::edge {

class OpenAiBackend;
struct EdgeCore;
struct Route;

class Edge {
 public:
  // `worlds` outlives the edge.
  Edge(const rt::Env& env, bus::Bus& bus, Metrics& metrics, Worlds& worlds, EdgeConfig config);
  ~Edge();

  // Another path, before start(). See routes.h.
  void add_route(Route route);
  // /v1/...; `backend` outlives the edge.
  void serve_openai(OpenAiBackend& backend);

  // Binds. `invalid_argument` edge.open_bind: not loopback and no tokens; edge.bad_address; `unavailable`
  // edge.bind.
  Result<Address> listen();
  // Takes connections until stop().
  void start(rt::Group& group);
  // Refuses new connections, says goodbye to sockets, gives requests under way `limits.drain`, ends the rest.
  boost::asio::awaitable<void> stop();

  // Closes every game socket of `world` with goaway `reason`: before it sleeps or goes, and after a roll-back, since
  // sequences start over.
  void drop_sockets(const std::string& world, const std::string& reason, const std::string& message);

 private:
  std::shared_ptr<EdgeCore> core_;
};

}  // namespace troupe::edge
