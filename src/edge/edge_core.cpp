#include "edge/edge_core.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>

#include "base/log.h"
#include "base/text.h"
#include "edge/call_header.h"
#include "edge/cors.h"
#include "edge/openapi.h"
#include "host/host.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe::edge {

namespace {

constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
constexpr const char* kDocsPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

HttpReply text_reply(std::string type, std::string body) {
  HttpReply reply;
  reply.content_type = std::move(type);
  reply.body = std::move(body);
  return reply;
}

HttpReply page_reply(std::string type, std::string body, const char* policy) {
  HttpReply reply = text_reply(std::move(type), std::move(body));
  reply.headers.emplace_back("content-security-policy", policy);
  reply.headers.emplace_back("referrer-policy", "no-referrer");
  return reply;
}

const std::vector<std::string> kReads = {"GET", "HEAD"};

}  // namespace

EdgeCore::EdgeCore(const rt::Env& e, bus::Bus& b, Metrics& m, Worlds& w, EdgeConfig c)
    : env(e),
      bus(b),
      metrics(m),
      worlds(w),
      config(std::move(c)),
      auth(config.tokens, config.origins, config.hosts),
      sign_ins(config.limits.wrong_tokens),
      counters(m),
      group(e, "edge"),
      api(e, b, group, w, config),
      openapi(openapi_json(config.version)),
      acceptor(e.executor),
      name(fmt::format("{:016x}", e.ids.bits())) {
  add_server_routes();
}

WorldDoor& EdgeCore::door(const std::string& world) {
  const auto known = doors.find(world);
  if (known != doors.end()) return known->second;
  const auto left = [this, world](const std::string& player) { say_left(world, player); };
  auto& made = doors
                   .try_emplace(world, EventHub(env, bus, world),
                                Presence(env, config.limits.socket.leave_grace, left))
                   .first->second;
  if (const auto subscribed = made.hub.start(); !subscribed) {
    log::error("edge", "no live events of {} for sockets: {}", world, subscribed.error().message);
  }
  return made;
}

// What is thought for them may stop.
void EdgeCore::say_left(const std::string& world, const std::string& player) {
  pb::EventsPublishRequest request;
  request.set_type(pb::EntityGone::descriptor()->name());
  request.set_subject(player);
  auto& fields = *request.mutable_payload()->mutable_fields();
  fields["kind"].set_string_value("player");
  fields["id"].set_string_value(player);
  fields["reason"].set_string_value("left");
  group.spawn("player left", [this, request, world, player]() -> boost::asio::awaitable<void> {
    const Caller caller{
        .role = pb::ROLE_GAME_SERVER, .world = world, .deadline = env.now() + kDefaultDeadline};
    const auto told = co_await call_over_bus(env, bus, find_method(pb::EventsPublishRequest::descriptor()),
                                             caller, request.SerializeAsString());
    if (!told) log::warn("edge", "nobody was told that {} has left: {}", player, told.error().message);
  });
}

void EdgeCore::say_came(const std::string& world, const std::string& player) {
  pb::PlayerCame said;
  said.set_world(world);
  said.set_player(player);
  said.set_door(name);
  (void)bus.publish({kPlayerCame, said.SerializeAsString()});  // else they have left there, and are here
}

void EdgeCore::add_server_routes() {
  const auto fixed = [this](std::string label, std::string path, Access access,
                            std::function<HttpReply()> make) {
    routes.add({.label = std::move(label),
                .path = std::move(path),
                .methods = kReads,
                .access = access,
                .handler = [make = std::move(make)](HttpCall) -> Task<HttpReply> { co_return make(); }});
  };
  fixed("healthz", "/healthz", Access::open, [] { return json_reply(R"({"status":"ok"})"); });
  fixed("readyz", "/readyz", Access::open, [this] { return ready(); });
  // With tokens not for everybody: it tells how busy the world is.
  fixed("metrics", "/metrics", Access::operators,
        [this] { return text_reply("text/plain; version=0.0.4; charset=utf-8", metrics.text()); });
  if (!config.doors) return;
  fixed("openapi", "/openapi.json", Access::open, [this] { return json_reply(openapi); });
  fixed("docs", "/docs", Access::open,
        [] { return page_reply("text/html; charset=utf-8", std::string(docs_page()), kDocsPolicy); });
  routes.add({.label = "api",
              .path = "/api/",
              .methods = {"GET", "HEAD", "POST"},
              .access = Access::callers,
              .handler = [this](HttpCall call) { return api.answer(std::move(call)); }});
  // The answer to a request for /ws that does not ask for an upgrade.
  routes.add({.label = "ws",
              .path = "/ws",
              .methods = {"GET"},
              .access = Access::open,
              .handler = [](HttpCall) -> Task<HttpReply> {
                auto reply = error_reply({Code::invalid_argument, "http.upgrade_required",
                                          "this is the game's socket: ask for an upgrade to websocket"});
                reply.headers.emplace_back("upgrade", "websocket");
                co_return reply;
              }});
}

std::string EdgeCore::services_json() const {
  if (!config.services) return {};
  std::string list;
  std::size_t running = 0;
  const auto all = config.services();
  for (const auto& service : all) {
    running += service.state == "running";
    list += fmt::format(R"({}{{"name":{},"room":{},"process":{},"state":{}}})", list.empty() ? "" : ",",
                        json_string(service.name), json_string(service.room), json_string(service.process),
                        json_string(service.state));
  }
  return fmt::format(R"(,"services":{{"running":{},"of":{},"list":[{}]}})", running, all.size(), list);
}

HttpReply EdgeCore::ready() const {
  bool unready = stopping;
  bool degraded = false;
  std::string dependencies;
  for (const auto& check : config.ready_checks) {
    const auto outcome = check.check();
    std::string state = R"({"status":"ok"})";
    if (!outcome) {
      (check.required ? unready : degraded) = true;
      state = fmt::format(R"({{"status":"{}","reason":{},"message":{}}})",
                          check.required ? "failed" : "degraded", json_string(outcome.error().reason),
                          json_string(without_paths(outcome.error().message, config.private_paths)));
    }
    dependencies += fmt::format("{}{}:{}", dependencies.empty() ? "" : ",", json_string(check.name), state);
  }
  const char* status = stopping ? "stopping" : unready ? "not_ready" : degraded ? "degraded" : "ready";
  auto reply = json_reply(fmt::format(R"({{"status":"{}","ready":{},"dependencies":{{{}}}{}}})", status,
                                      !unready, dependencies, services_json()));
  if (unready) reply.status = 503;
  return reply;
}

Result<HttpReply> EdgeCore::console_file(const HttpRequest& request) const {
  std::optional<ConsoleFile> file;
  if (config.console && config.doors)
    file = config.console(request.path == "/" ? "/index.html" : request.path);
  if (!file) {
    TRY([[maybe_unused]] const Route* none, routes.find(request.path));  // names the nearest path
    return fail(Code::not_found, "http.not_found", "nothing at '" + request.path + "'");
  }
  HttpReply reply = page_reply(std::move(file->content_type), std::move(file->bytes), kPagePolicy);
  reply.headers.emplace_back("cache-control", "no-cache");
  if (!file->etag.empty()) {
    const std::string tag = "\"" + file->etag + "\"";
    reply.headers.emplace_back("etag", tag);
    const std::string* known = request.header("if-none-match");
    if (known != nullptr && known->find(tag) != std::string::npos) {
      reply.status = 304;
      reply.body.clear();
    }
  }
  return reply;
}

std::string EdgeCore::address_of(const std::string& peer, const HttpRequest& request) const {
  const std::string* forwarded = request.header("x-forwarded-for");
  if (forwarded == nullptr || !auth.behind_proxy() || !is_loopback(peer)) return peer;
  // The last entry is the proxy's own; those before are the client's word.
  const std::string last = trim(forwarded->substr(forwarded->rfind(',') + 1));
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(last, error);
  return error ? peer : address.to_string();
}

Result<Identity> EdgeCore::sign_in(const std::string& address, const std::string& bearer,
                                   std::string_view player, std::string_view role) {
  const bool tries = !bearer.empty() && !auth.local_mode();
  const std::int64_t now_ns = env.now().ns;
  if (tries) TRY_VOID(sign_ins.admit(address, bearer, now_ns));
  auto who = auth.identify(bearer, player, role);
  if (!tries) return who;
  if (who) {
    sign_ins.succeeded(address, bearer);
  } else if (who.error().reason == "auth.unknown_token") {
    counters.wrong_token();
    if (sign_ins.failed(address, now_ns)) log::warn("edge", "a wrong token from {}", address);
  }
  return who;
}

Result<Identity> EdgeCore::sign_in(const HttpRequest& request) {
  TRY(const std::string bearer, bearer_of(request));
  TRY(const std::string player, named(request, "x-troupe-player"));
  TRY(const std::string role, named(request, "x-troupe-role"));
  return sign_in(request.address, bearer, player, role);
}

Task<Caller> EdgeCore::caller_of(const HttpRequest& request, const Identity& who, std::string trace) const {
  Caller caller{.name = who.name, .role = who.role, .trace = std::move(trace)};
  if (!who.gateway) caller.connection = request.connection;
  CO_TRY(caller.deadline, deadline_from(request, env.now()));
  CO_TRY(caller.idempotency_key, idempotency_key_from(request));
  const std::string* named = request.header("x-troupe-world");
  CO_TRY(caller.world, co_await worlds.meant(named == nullptr ? std::nullopt : std::optional(*named)));
  co_return caller;
}

Task<HttpReply> EdgeCore::run(const Route& route, HttpRequest request, std::string trace) {
  if (std::ranges::find(route.methods, request.method) == route.methods.end()) {
    co_return fail(Code::invalid_argument, "http.method_not_allowed",
                   fmt::format("{} is for {}", route.path, fmt::join(route.methods, ", ")));
  }
  if (route.access == Access::open) co_return co_await route.handler({std::move(request), Caller{}});
  CO_TRY(const Identity who, sign_in(request));
  if (route.access == Access::operators) {  // of this process, whether there is a world or not
    Caller caller{.name = who.name, .role = who.role};
    if (!caller.acts_for_others())
      co_return fail(Code::permission_denied, "rpc.role", route.path + " is not for players");
    co_return co_await route.handler({std::move(request), std::move(caller)});
  }
  CO_TRY(Caller caller, co_await caller_of(request, who, std::move(trace)));
  co_return co_await route.handler({std::move(request), std::move(caller)});
}

boost::asio::awaitable<HttpReply> EdgeCore::answer(HttpRequest request) {
  const auto started = env.now();
  const std::string trace = trace_from(request.header("traceparent"), env.ids);
  std::string label = "other";
  auto shape = error_reply;
  Result<HttpReply> reply = std::unexpected(Error{});
  const auto found = routes.find(request.path);
  if (found) {
    label = (*found)->label;
    shape = (*found)->error;
  }
  const std::string* from = request.header("origin");
  const std::string listed = from != nullptr && auth.is_listed(*from) ? *from : std::string();
  if (auto fine = auth.check_browser(request); !fine) {
    reply = std::unexpected(fine.error());
  } else if (!listed.empty() && is_preflight(request)) {
    reply = preflight_reply(request, found ? *found : nullptr);
  } else if (!found) {
    const bool reads = std::ranges::find(kReads, request.method) != kReads.end();
    reply = reads ? console_file(request) : Result<HttpReply>(std::unexpected(found.error()));
    if (reply) label = "console";
  } else {
    const Route& route = **found;
    try {
      reply = co_await run(route, std::move(request), trace);
    } catch (const boost::system::system_error&) {
      throw;  // cancelled: whoever asked is gone
    } catch (const std::exception& e) {
      log::error("edge", "{} threw: {}", label, e.what());
      reply = fail(Code::internal, "rpc.bug", "the server made a mistake; see its log");
    }
  }
  if (!reply) reply.error().message = without_paths(std::move(reply.error().message), config.private_paths);
  HttpReply answered = reply ? *std::move(reply) : shape(reply.error());
  if (answered.status == 405 && found) {
    answered.headers.emplace_back("allow", fmt::format("{}", fmt::join((*found)->methods, ", ")));
  }
  if (found && (*found)->access != Access::open) {
    answered.headers.emplace_back("traceresponse", traceresponse(trace));
    answered.headers.emplace_back("x-request-id", request_id(trace));
  }
  if (!listed.empty()) add_cors(listed, answered);
  if (answered.status == 401) answered.headers.emplace_back("www-authenticate", "Bearer");
  counters.request(label, answered.status, std::chrono::duration<double>(env.now() - started).count());
  co_return answered;
}

}  // namespace troupe::edge
