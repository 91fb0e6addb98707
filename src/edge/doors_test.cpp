// What stands at the door of every way in: whose pages, how many connections, which tokens, what is JSON.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/log.h"
#include "edge/auth.h"
#include "edge/edge_rig.h"
#include "edge/sign_ins.h"

namespace troupe::edge {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const std::string kOrigin = "Origin: https://play.example.org";

std::string checked(const Auth& auth, const std::string& host, const std::string& origin) {
  HttpRequest request;
  request.headers = {{"host", host}};
  if (!origin.empty()) request.headers.emplace_back("origin", origin);
  const auto fine = auth.check_browser(request);
  return fine ? "" : fine.error().reason;
}

TEST(Doors, BrowsersBehindAProxyComeFromConfiguredHostsAndOrigins) {
  const std::vector<TokenEntry> tokens = {{sha256_hex("t"), pb::ROLE_PLAYER, "anna"}};
  for (const auto& with_tokens : {tokens, std::vector<TokenEntry>()}) {
    Auth auth(with_tokens, {"https://play.example.org", "http://dev.example:8080"},
              {"world.example.org", "world.example.org:8443"});
    auth.set_port(7777);
    EXPECT_EQ(checked(auth, "world.example.org", ""), "");
    EXPECT_EQ(checked(auth, "World.Example.org", "https://world.example.org"), "") << "its own pages";
    EXPECT_EQ(checked(auth, "world.example.org:8443", "https://world.example.org:8443"), "");
    EXPECT_EQ(checked(auth, "world.example.org", "https://play.example.org"), "");
    EXPECT_EQ(checked(auth, "127.0.0.1:7777", "http://dev.example:8080"), "");
    EXPECT_EQ(checked(auth, "127.0.0.1:7777", "http://127.0.0.1:7777"), "") << "this machine stays one";
    // Exactly: scheme, host and port.
    EXPECT_EQ(checked(auth, "world.example.org", "http://world.example.org"), "edge.origin");
    EXPECT_EQ(checked(auth, "world.example.org", "https://world.example.org:8443"), "edge.origin");
    EXPECT_EQ(checked(auth, "world.example.org", "https://play.example.org:444"), "edge.origin");
    EXPECT_EQ(checked(auth, "world.example.org", "https://play.example.org.evil.example"), "edge.origin");
    EXPECT_EQ(checked(auth, "world.example.org", "null"), "edge.origin");
    EXPECT_EQ(checked(auth, "world.example.org:9", ""), "edge.host");
    EXPECT_EQ(checked(auth, "evil.example", ""), "edge.host");
  }
}

TEST(Doors, PreflightAndAnswersForListedOriginsOnly) {
  RigOptions options;
  options.config.origins = {"https://play.example.org"};
  Rig rig(std::move(options));
  const std::vector<std::string> ask = {kOrigin, "Access-Control-Request-Method: POST",
                                        "Access-Control-Request-Headers: authorization, x-troupe-player"};
  auto answer = request(rig.port(), "OPTIONS", "/api/time/Get", ask);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.headers.at("access-control-allow-origin"), "https://play.example.org");
  EXPECT_EQ(answer.headers.at("access-control-allow-methods"), "GET, HEAD, POST");
  EXPECT_EQ(answer.headers.at("access-control-allow-headers"), "authorization, x-troupe-player");
  EXPECT_EQ(answer.headers.at("vary"), "origin");
  EXPECT_FALSE(answer.headers.contains("access-control-allow-credentials"));
  answer = post(rig.port(), "/api/time/Get", "{}", {kOrigin});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("access-control-allow-origin"), "https://play.example.org");
  answer = post(rig.port(), "/api/time/Gte", "{}", {kOrigin});  // a page may read what is wrong
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.headers.at("access-control-allow-origin"), "https://play.example.org");

  answer = request(rig.port(), "OPTIONS", "/api/time/Get",
                   {"Origin: https://evil.example", "Access-Control-Request-Method: POST"});
  EXPECT_EQ(answer.status, 403);
  EXPECT_FALSE(answer.headers.contains("access-control-allow-origin"));
  EXPECT_FALSE(get(rig.port(), "/healthz").headers.contains("access-control-allow-origin"));
  WsClient socket(rig.port(), "troupe.v1.json", {kOrigin});
  EXPECT_EQ(socket.upgrade().status, 101);
}

// ---- connections

std::string ask(const Rig& rig) {
  return fmt::format("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", rig.port());
}

TEST(Doors, SilentConnectionsMakeRoom) {
  RigOptions options;
  options.config.limits.connections_max = 8;
  Rig rig(std::move(options));
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(std::make_unique<Client>(rig.port()));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get(rig.port(), "/healthz").status, 200);
  EXPECT_EQ(silent.front()->read_to_end(), "") << "who waited longest has left";
  // So do those that began a request, or a socket, and say no more.
  for (int i = 0; i < 8; ++i) {
    silent.push_back(std::make_unique<Client>(rig.port()));
    silent.back()->send("GET /healthz HT");
  }
  std::vector<std::unique_ptr<WsClient>> sockets;
  for (int i = 0; i < 8; ++i) sockets.push_back(std::make_unique<WsClient>(rig.port(), "troupe.v1.json"));
  EXPECT_EQ(get(rig.port(), "/healthz").status, 200);
}

TEST(Doors, AnAddressHasAShare) {
  RigOptions options;
  options.config.limits.connections_max = 8;
  options.config.limits.loopback_connections_max = 3;
  Rig rig(std::move(options));
  std::vector<std::unique_ptr<WsClient>> sockets;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(std::make_unique<WsClient>(rig.port(), "troupe.v1.json"));
    (void)sockets.back()->hello();
  }
  Client more(rig.port());
  more.send(ask(rig));
  const auto answer = more.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["error"]["reason"], "edge.connections");
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
}

TEST(Doors, AFirstRequestHasItsTime) {
  RigOptions options;
  options.config.limits.stream.first_timeout = 60ms;
  Rig rig(std::move(options));
  EXPECT_EQ(Client(rig.port()).read_to_end(), "");
  EXPECT_EQ(StreamLimits{}.first_timeout, 10s);
  Client kept(rig.port());
  kept.send(ask(rig));
  EXPECT_EQ(kept.read_answer().status, 200);
  kept.send(ask(rig));
  EXPECT_EQ(kept.read_answer().status, 200);
}

// ---- tokens

TEST(Doors, WrongTokensAreLimitedByAddress) {
  SignIns tries({.per_second = 1, .burst = 3});
  constexpr std::int64_t kSecond = 1'000'000'000;
  tries.succeeded("10.0.0.1", "right");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(tries.admit("10.0.0.1", "wrong", kSecond));
    EXPECT_TRUE(tries.failed("10.0.0.1", kSecond)) << "worth a line";
  }
  const auto refused = tries.admit("10.0.0.1", "wrong", kSecond);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "auth.too_many_tries");
  EXPECT_NEAR(static_cast<double>(refused.error().retry_after_ms), 1000, 5);
  EXPECT_FALSE(tries.admit("10.0.0.1", "never seen from there", kSecond)) << "or a guess could be right";
  EXPECT_TRUE(tries.admit("10.0.0.1", "right", kSecond)) << "others behind one address";
  EXPECT_TRUE(tries.admit("10.0.0.2", "wrong", kSecond));
  EXPECT_TRUE(tries.admit("10.0.0.1", "wrong", 3 * kSecond));
}

TEST(Doors, WrongTokensAreLimitedOverHttpAndTheSocket) {
  RigOptions options;
  options.config.tokens = {{sha256_hex("anna's"), pb::ROLE_PLAYER, "anna"}};
  options.config.limits.wrong_tokens = {.per_second = .001, .burst = 2};
  Rig rig(std::move(options));
  log::configure(log::Format::text, log::Level::warn);  // (the next rig says otherwise)
  testing::internal::CaptureStderr();
  const std::vector<std::string> right = {"Authorization: Bearer anna's"};
  EXPECT_EQ(get(rig.port(), "/api/time/Get", right).status, 200);
  EXPECT_EQ(get(rig.port(), "/api/time/Get", {"Authorization: Bearer a"}).status, 401);
  WsClient socket(rig.port(), "troupe.v1.json");
  socket.send(Json{{"hello", {{"token", "b"}}}});
  EXPECT_EQ(socket.read_json("response")["error"]["reason"], "auth.unknown_token");
  const auto limited = get(rig.port(), "/api/time/Get", {"Authorization: Bearer c"});
  EXPECT_EQ(limited.status, 429);
  EXPECT_TRUE(limited.headers.contains("retry-after"));
  EXPECT_EQ(get(rig.port(), "/api/time/Get", right).status, 200);
  EXPECT_EQ(get(rig.port(), "/api/time/Get").status, 401) << "no token is no try";
  EXPECT_EQ(rig.metric("troupe_edge_wrong_tokens_total"), 2);
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("a wrong token from 127.0.0.1"), std::string::npos) << log;
  EXPECT_EQ(log.find("Bearer"), std::string::npos) << "not which";
}

// ---- one reader of JSON for all doors

TEST(Doors, WhatIsNotJsonIsRefusedByAllAlike) {
  Rig rig;
  for (const std::string& field : std::vector<std::string>{
           R"("a":1,)", R"('a':1)", R"("a":1,"a":2)", R"("a":NaN)", R"("a":-Infinity)", R"("a":1//c)",
           "\"a\":\"\\ud800\"", "\"a\":\"\xff\"", R"("a":01)", R"("a":123456789012345678901234567890)",
           "\"a\":" + std::string(100, '[') + std::string(100, ']')}) {
    const std::string json = "{" + field + "}";
    const auto api = post(rig.port(), "/api/time/Get", json);
    EXPECT_EQ(api.status, 400) << json;
    EXPECT_EQ(api.json()["error"]["reason"], "rpc.bad_json") << json;
    EXPECT_NE(api.body.find("the JSON is not well formed: line 1, column "), std::string::npos) << api.body;
    WsClient client(rig.port(), "troupe.v1.json");
    (void)client.hello();
    client.send(1, R"({"request":{"id":1,"method":"time.Get","json":)" + json + "}}");
    // (A text message that is not UTF-8 ends the socket before anybody reads it.)
    const auto frame = client.read();
    if (frame.opcode == 8) {
      EXPECT_EQ(frame.close_code(), 1007) << json;
    } else {
      EXPECT_NE(frame.payload.find("rpc.bad_json"), std::string::npos) << json << frame.payload;
    }
  }
}

// One frame used to end the server: a regular expression ran over protobuf's words about it.
TEST(Doors, LongNamesAndTextsCostWhatTheyWeigh) {
  Rig rig;
  const std::string name(44 * 1024, 'x');
  WsClient client(rig.port(), "troupe.v1.json");
  client.send(1, "{\"" + name + "\":1}");  // before hello
  EXPECT_NE(client.read().payload.find("rpc.bad_json"), std::string::npos);
  const auto answer =
      post(rig.port(), "/api/weather/Forecast", R"({"hours":")" + std::string(200'000, '(') + "\"}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_LT(answer.body.size(), 400U);
  EXPECT_EQ(get(rig.port(), "/healthz").status, 200);
}

TEST(Doors, MessagesNameNoFolderOfTheServer) {
  const std::vector<std::string> folders = {"/srv/troupe", "/srv/troupe/data"};
  EXPECT_EQ(without_paths("/srv/troupe/data/worlds/x.db: full; see /srv/troupe/models", folders),
            "worlds/x.db: full; see models");
  EXPECT_EQ(without_paths("/srv/troupes/x and /srv/troupe", folders), "/srv/troupes/x and ");
  RigOptions options;
  options.config.private_paths = {"/srv/troupe"};
  options.config.ready_checks = {
      {"models", [] { return fail(Code::unavailable, "x", "no file /srv/troupe/models/a.gguf"); }, false}};
  Rig rig(std::move(options));
  EXPECT_EQ(get(rig.port(), "/readyz").json()["dependencies"]["models"]["message"], "no file models/a.gguf");
}

}  // namespace
}  // namespace troupe::edge
