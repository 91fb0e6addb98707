#pragma once
// The inside of Edge: what its connections and sockets share. Private to this room; io thread.
#include <map>
#include <set>

#include "edge/auth.h"
#include "edge/edge_config.h"
#include "edge/edge_metrics.h"
#include "edge/event_hub.h"
#include "edge/openai_api.h"
#include "edge/presence.h"
#include "edge/routes.h"
#include "edge/rpc_api.h"
#include "edge/sign_ins.h"
#include "edge/waiting.h"
#include "host/worlds.h"

namespace troupe::edge {

class WsSession;

// Doors tell each other who came, so that who changes the door has not left.
inline constexpr const char* kPlayerCame = "fleet.players.Came";

// What sockets into one world share.
struct WorldDoor {
  EventHub hub;
  Presence presence;
};

struct EdgeCore {
  EdgeCore(const rt::Env& e, bus::Bus& b, Metrics& m, Worlds& w, EdgeConfig c);

  // Answers everything but upgrades. Errors become replies in the route's shape.
  boost::asio::awaitable<HttpReply> answer(HttpRequest request);
  Task<HttpReply> run(const Route& route, HttpRequest request, std::string trace);
  // Who asks: the peer, or whom a proxy on this machine names.
  std::string address_of(const std::string& peer, const HttpRequest& request) const;
  // auth.identify() with a limit on wrong tokens by address.
  Result<Identity> sign_in(const std::string& address, const std::string& bearer, std::string_view player,
                           std::string_view role);
  Result<Identity> sign_in(const HttpRequest& request);
  Task<Caller> caller_of(const HttpRequest& request, const Identity& who, std::string trace) const;
  void add_server_routes();
  WorldDoor& door(const std::string& world);
  void say_left(const std::string& world, const std::string& player);
  void say_came(const std::string& world, const std::string& player);  // to other doors
  void drop_sockets(const std::string& world, const std::string& reason, const std::string& message);
  HttpReply ready() const;
  std::string services_json() const;
  Result<HttpReply> console_file(const HttpRequest& request) const;

  rt::Env env;
  bus::Bus& bus;
  Metrics& metrics;
  Worlds& worlds;
  EdgeConfig config;
  Auth auth;
  SignIns sign_ins;
  EdgeMetrics counters;
  Routes routes;
  rt::Group group;                         // connections, sockets and what they started
  std::map<std::string, WorldDoor> doors;  // by world, made when somebody comes; one of each world at most
  RpcApi api;
  std::unique_ptr<OpenAiApi> openai;
  std::string openapi;  // made once

  boost::asio::ip::tcp::acceptor acceptor;
  Waiting waiting;  // connections without a request under way
  std::size_t connections = 0;
  std::map<std::string, std::size_t> by_address;  // connections
  std::size_t refused = 0;                        // being told so
  std::size_t busy = 0;                           // requests under way
  bool stopping = false;
  std::set<WsSession*> sockets;
  std::string name;           // among the doors of a fleet
  bus::Subscription closing;  // of worlds
  bus::Subscription came;     // players, through other doors
};

// One client from its first byte to its last.
boost::asio::awaitable<void> serve_connection(std::shared_ptr<EdgeCore> core, TcpSocket socket,
                                              std::string address);
// One that came when there were too many.
boost::asio::awaitable<void> refuse_connection(std::shared_ptr<EdgeCore> core, TcpSocket socket);
// A request for /ws that came on `stream`; the reply where it is refused, else it returns when the socket has
// closed.
boost::asio::awaitable<Result<void>> serve_socket(std::shared_ptr<EdgeCore> core,
                                                  std::shared_ptr<HttpStream> stream, HttpRequest request);

}  // namespace troupe::edge
