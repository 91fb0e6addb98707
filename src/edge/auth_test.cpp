// Who may call: local mode and its browsers, tokens, and where we may listen.
#include "edge/auth.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "edge/edge_rig.h"

namespace troupe::edge {
namespace {

HttpRequest with(NamedValues headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  return request;
}

std::vector<TokenEntry> tokens() {
  return {{sha256_hex("anna's"), pb::ROLE_PLAYER, "anna"},
          {sha256_hex("game's"), pb::ROLE_GAME_SERVER, "arena"},
          {sha256_hex("boss's"), pb::ROLE_ADMIN, "boss"}};
}

TEST(Auth, Loopback) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "[::1]", "::1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "10.0.0.1", "::", "example.org", "localhost.example.org",
                           "127.0.0.1.example.org", "2130706433", ""}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Auth, LocalModeKeepsForeignPagesOut) {
  Auth auth({}, {});
  auth.set_port(7777);
  struct Case {
    const char* host;
    const char* origin;
    const char* refused;  // reason, or "" where it passes
  };
  for (const auto& c :
       {Case{"127.0.0.1:7777", "", ""}, Case{"localhost:7777", "", ""}, Case{"[::1]:7777", "", ""},
        Case{"LocalHost:7777", "", ""}, Case{"127.0.0.1:7777", "http://127.0.0.1:7777", ""},
        Case{"localhost:7777", "http://localhost:7777", ""},
        Case{"evil.example:7777", "", "edge.host"},  // DNS rebinding
        Case{"127.0.0.1.evil.example:7777", "", "edge.host"}, Case{"127.0.0.1:80", "", "edge.host"},
        Case{"127.0.0.1", "", "edge.host"}, Case{"127.0.0.1:7777", "http://127.0.0.1:7778", "edge.origin"},
        Case{"127.0.0.1:7777", "https://127.0.0.1:7777", "edge.origin"},
        Case{"127.0.0.1:7777", "http://localhost:7777", "edge.origin"},
        Case{"127.0.0.1:7777", "http://evil.example", "edge.origin"},
        Case{"127.0.0.1:7777", "null", "edge.origin"}}) {
    NamedValues headers = {{"host", c.host}};
    if (*c.origin) headers.emplace_back("origin", c.origin);
    const auto checked = auth.check_browser(with(headers));
    EXPECT_EQ(checked ? "" : checked.error().reason, c.refused) << c.host << " " << c.origin;
  }
}

TEST(Auth, LocalModeHeaders) {
  const Auth auth({}, {});
  auto who = auth.identify(with({}));
  EXPECT_EQ(who->name, "local");
  EXPECT_EQ(who->role, pb::ROLE_ADMIN);
  who = auth.identify("", "anna", "");
  EXPECT_EQ(who->name, "anna");
  EXPECT_EQ(who->role, pb::ROLE_PLAYER);
  who = auth.identify("", "", "designer");
  EXPECT_EQ(who->name, "local");
  EXPECT_EQ(who->role, pb::ROLE_DESIGNER);
  EXPECT_EQ(auth.identify("", "", "service").error().reason, "auth.bad_role");
  EXPECT_EQ(auth.identify("", "", "desinger").error().message,
            "no role 'desinger'; did you mean 'designer'?");
  EXPECT_EQ(auth.identify("", std::string(65, 'a'), "").error().reason, "auth.bad_player");
  EXPECT_EQ(auth.identify("", "a\xff", "").error().reason, "auth.bad_player");
}

TEST(Auth, Tokens) {
  const Auth auth(tokens(), {});
  EXPECT_EQ(auth.identify(with({})).error().reason, "auth.missing");
  EXPECT_EQ(auth.identify(with({{"authorization", "Basic YTpi"}})).error().reason, "auth.scheme");
  EXPECT_EQ(auth.identify(with({{"authorization", "Bearer wrong"}})).error().reason, "auth.unknown_token");
  // The hash is no token.
  EXPECT_EQ(auth.identify(sha256_hex("anna's"), "", "").error().reason, "auth.unknown_token");
  EXPECT_EQ(auth.identify(with({{"authorization", "bearer anna's"}}))->name, "anna");

  EXPECT_EQ(auth.identify("anna's", "anna", "player")->name, "anna");
  EXPECT_EQ(auth.identify("anna's", "bert", "").error().reason, "auth.player");
  EXPECT_EQ(auth.identify("anna's", "", "admin").error().reason, "auth.role");
  const auto acting = auth.identify("game's", "bert", "");
  EXPECT_EQ(acting->name, "bert");
  EXPECT_EQ(acting->role, pb::ROLE_PLAYER);
  EXPECT_EQ(auth.identify("game's", "", "admin").error().reason, "auth.role");
  EXPECT_EQ(auth.identify("game's", "bert", "game_server")->role, pb::ROLE_PLAYER);
}

TEST(Auth, OriginsWithTokens) {
  const Auth auth(tokens(), {"https://play.example.org"});
  EXPECT_TRUE(auth.check_browser(with({{"host", "game.example.org"}})));
  EXPECT_TRUE(
      auth.check_browser(with({{"host", "game.example.org"}, {"origin", "https://play.example.org"}})));
  EXPECT_FALSE(auth.check_browser(
      with({{"host", "game.example.org"}, {"origin", "https://play.example.org.evil.example"}})));
  EXPECT_FALSE(
      auth.check_browser(with({{"host", "game.example.org"}, {"origin", "http://play.example.org"}})));
}

TEST(Auth, OpenBindWithoutTokensIsRefused) {
  Rig rig;
  rig.on_io([&] {
    boost::asio::io_context io;
    rt::RealClock clock(io.get_executor());
    rt::SystemIds ids;
    const rt::Env env{io.get_executor(), clock, ids};
    Metrics metrics;
    for (const char* host : {"0.0.0.0", "::"}) {
      EdgeConfig config;
      config.listen = {host, 0};
      Edge edge(env, rig.bus(), metrics, rig.worlds(), config);
      const auto listening = edge.listen();
      ASSERT_FALSE(listening);
      EXPECT_EQ(listening.error().reason, "edge.open_bind");
      EXPECT_EQ(listening.error().message.find('\n'), std::string::npos);
    }
    EdgeConfig named;
    named.listen = {"localhost", 0};
    EXPECT_EQ(Edge(env, rig.bus(), metrics, rig.worlds(), named).listen().error().reason, "edge.bad_address");
    EdgeConfig taken;
    taken.listen = {"127.0.0.1", rig.port()};
    EXPECT_EQ(Edge(env, rig.bus(), metrics, rig.worlds(), taken).listen().error().reason, "edge.bind");
    EdgeConfig open;
    open.listen = {"0.0.0.0", 0};
    open.tokens = tokens();
    EXPECT_TRUE(Edge(env, rig.bus(), metrics, rig.worlds(), open).listen());
  });
}

TEST(Auth, OverHttp) {
  RigOptions options;
  options.config.tokens = tokens();
  Rig rig(std::move(options));
  EXPECT_EQ(get(rig.port(), "/healthz").status, 200);
  auto answer = get(rig.port(), "/api/time/Get");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.headers.at("www-authenticate"), "Bearer");
  EXPECT_EQ(answer.json()["error"]["code"], "unauthenticated");
  EXPECT_EQ(get(rig.port(), "/api/time/Get?token=anna%27s").status, 401);  // never in query strings
  answer = get(rig.port(), "/api/time/Get", {"Authorization: Bearer anna's"});
  EXPECT_EQ(answer.json()["weekday"], "anna");
  EXPECT_EQ(get(rig.port(), "/metrics").status, 401);
  EXPECT_EQ(get(rig.port(), "/metrics", {"Authorization: Bearer anna's"}).status, 403);
  EXPECT_EQ(get(rig.port(), "/metrics", {"Authorization: Bearer boss's"}).status, 200);
}

TEST(Auth, RebindingOverHttp) {
  Rig rig;
  Client client(rig.port());
  client.send("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.json()["error"]["reason"], "edge.host");
  EXPECT_EQ(get(rig.port(), "/api/time/Get", {"Origin: http://evil.example"}).status, 403);
  EXPECT_EQ(get(rig.port(), "/api/time/Get", {fmt::format("Origin: http://127.0.0.1:{}", rig.port())}).status,
            200);
}

}  // namespace
}  // namespace troupe::edge
