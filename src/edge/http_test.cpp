// HTTP from outside: routes, errors, bodies, streams, slow and vanishing clients.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "edge/edge_rig.h"

namespace troupe::edge {
namespace {

using namespace std::chrono_literals;

constexpr const char* kStream = "Accept: text/event-stream";

std::string error_body(const char* code, const char* reason, const std::string& message) {
  return fmt::format(R"({{"error":{{"code":"{}","reason":"{}","message":"{}"}}}})", code, reason, message);
}

TEST(Http, Alive) {
  Rig rig;
  const auto answer = get(rig.port(), "/healthz");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"status":"ok"})");
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
}

TEST(Http, ReadyNamesEachDependency) {
  std::atomic<int> state = 0;  // 0 fine, 1 degraded, 2 not ready
  RigOptions options;
  options.config.ready_checks = {{"db",
                                  [&]() -> Result<void> {
                                    if (state == 2) return fail(Code::unavailable, "db.full", "no room");
                                    return {};
                                  }},
                                 {"engine",
                                  [&]() -> Result<void> {
                                    if (state >= 1)
                                      return fail(Code::unavailable, "engine.no_model", "no model yet");
                                    return {};
                                  },
                                  false}};
  Rig rig(std::move(options));
  auto answer = get(rig.port(), "/readyz");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.body,
      R"({"status":"ready","ready":true,"dependencies":{"db":{"status":"ok"},"engine":{"status":"ok"}}})");
  state = 1;
  answer = get(rig.port(), "/readyz");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["status"], "degraded");
  EXPECT_EQ(answer.json()["dependencies"]["engine"]["reason"], "engine.no_model");
  state = 2;
  answer = get(rig.port(), "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["status"], "not_ready");
  EXPECT_EQ(answer.json()["dependencies"]["db"]["status"], "failed");
}

TEST(Http, Metrics) {
  Rig rig;
  (void)get(rig.port(), "/healthz");
  const auto answer = get(rig.port(), "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("troupe_edge_requests_total{route=\"healthz\",status=\"200\"} 1"),
            std::string::npos);
  EXPECT_NE(answer.body.find("troupe_edge_bytes_total{direction=\"in\"}"), std::string::npos);
}

TEST(Http, PostCallsAndWritesDefaults) {
  Rig rig;
  const auto answer = post(rig.port(), "/api/time/Get", "{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["clock"], "07:00");
  EXPECT_EQ(answer.json()["now_ms"], "1");  // 64-bit numbers are strings in proto3 JSON
  EXPECT_EQ(answer.json()["paused"], false);
  EXPECT_EQ(answer.json()["weekday"], "local");
  EXPECT_EQ(answer.json()["month"], "admin");
  EXPECT_EQ(post(rig.port(), "/api/time/Get", "").status, 200);
}

TEST(Http, GetMapsTheQuery) {
  Rig rig;
  auto answer = get(rig.port(), "/api/weather/Forecast?region=old%20harbour&hours=3&certainty=.5");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["region"], "old harbour");
  EXPECT_EQ(answer.json()["hours"].size(), 3U);

  answer = get(rig.port(), "/api/weather/Forecast?hours=many");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, error_body("invalid_argument", "rpc.bad_query",
                                    "'hours' must be a whole number in range, not 'many'"));
  answer = get(rig.port(), "/api/weather/Forecast?certainty=nan");
  EXPECT_EQ(answer.json()["error"]["reason"], "rpc.bad_query");
  answer = get(rig.port(), "/api/weather/Forecast?hours=1&hours=2");
  EXPECT_EQ(answer.json()["error"]["message"], "'hours' is given twice");
  answer = get(rig.port(), "/api/weather/Forecast?regon=x");
  EXPECT_EQ(answer.body, error_body("invalid_argument", "rpc.unknown_field",
                                    "no field 'regon' in WeatherForecastRequest; did you mean 'region'?"));
}

TEST(Http, ErrorsAreExact) {
  Rig rig;
  auto answer = post(rig.port(), "/api/weather/Get", R"({"region":"harbor"})");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            error_body("not_found", "weather.unknown_region", "no region 'harbor'; did you mean 'harbour'?"));

  answer = post(rig.port(), "/api/weather/Get", R"({"region":"busy"})");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.headers.at("retry-after"), "3");
  EXPECT_EQ(answer.body, R"({"error":{"code":"exhausted","reason":"weather.busy","message":"too many ask",)"
                         R"("retry_after_ms":2500}})");

  answer = post(rig.port(), "/api/wether/Get", "{}");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            error_body("not_found", "rpc.unknown", "no method 'wether.Get'; did you mean 'weather.Get'?"));

  answer = post(rig.port(), "/api/weather/Get", R"({"regoin":"x"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, error_body("invalid_argument", "rpc.bad_json",
                                    "no field 'regoin' in WeatherGetRequest; did you mean 'region'?"));

  answer = get(rig.port(), "/healtz");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            error_body("not_found", "http.not_found", "nothing at '/healtz'; did you mean '/healthz'?"));

  answer = post(rig.port(), "/api/time/SetScale", R"({"scale":-1})");
  EXPECT_EQ(answer.body, error_body("invalid_argument", "time.bad_scale", "scale is 0 to 86400, not -1"));

  // Nobody serves it in this test.
  answer = post(rig.port(), "/api/weather/List", "{}");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  EXPECT_EQ(answer.json()["error"]["reason"], "service.away");
}

TEST(Http, MethodsThatDoNotFit) {
  Rig rig;
  auto answer = get(rig.port(), "/api/time/SetScale?scale=2");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.json()["error"]["reason"], "http.method_not_allowed");
  EXPECT_EQ(rig.notes().count("scale"), 0U);
  answer = request(rig.port(), "DELETE", "/healthz");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.at("allow"), "GET, HEAD");
  EXPECT_EQ(get(rig.port(), "/ws").status, 426);
}

TEST(Http, RolesAreForThePlayersHeader) {
  Rig rig;
  auto answer = post(rig.port(), "/api/time/Get", "{}", {"X-Troupe-Player: anna"});
  EXPECT_EQ(answer.json()["weekday"], "anna");
  EXPECT_EQ(answer.json()["month"], "player");
  answer = post(rig.port(), "/api/time/SetScale", R"({"scale":2})", {"X-Troupe-Player: anna"});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body,
            error_body("permission_denied", "rpc.role", "time.SetScale is not for the role 'player'"));
}

TEST(Http, IdempotencyKeyAppliesOnce) {
  Rig rig;
  for (int i = 0; i < 2; ++i) {
    const auto answer = post(rig.port(), "/api/time/SetScale", R"({"scale":5})", {"Idempotency-Key: k1"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.json()["scale"], 5);
  }
  EXPECT_EQ(rig.notes().count("scale"), 1U);
  EXPECT_EQ(post(rig.port(), "/api/time/SetScale", "{}", {"Idempotency-Key: with space"}).status, 400);
}

TEST(Http, DeadlineHeader) {
  Rig rig;
  const auto answer =
      post(rig.port(), "/api/npc/Talk", R"({"npc":"marta","text":"hang"})", {"X-Troupe-Deadline-Ms: 50"});
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.json()["error"]["code"], "deadline_exceeded");
  EXPECT_TRUE(rig.notes().wait_for("talk cancelled"));
  for (const char* bad : {"0", "-1", "600001", "5s", "99999999999999999999", ""}) {
    EXPECT_EQ(post(rig.port(), "/api/time/Get", "{}", {std::string("X-Troupe-Deadline-Ms: ") + bad}).status,
              400)
        << bad;
  }
}

TEST(Http, TraceIsTakenOrMade) {
  Rig rig;
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  auto answer = get(rig.port(), "/api/time/Get", {"traceparent: 00-" + trace + "-b7ad6b7169203331-01"});
  EXPECT_EQ(answer.headers.at("traceresponse").substr(0, 36), "00-" + trace + "-");
  EXPECT_EQ(answer.json()["day_of_month"], 24);  // the handler got it
  for (const std::string& bad : std::vector<std::string>{
           "00-00000000000000000000000000000000-b7ad6b7169203331-01", "ff-" + trace + "-b7ad6b7169203331-01",
           "00-" + trace + "-b7ad6b7169203331-01-x", std::string("nonsense")}) {
    answer = get(rig.port(), "/api/time/Get", {"traceparent: " + bad});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("traceresponse").size(), 55U);
    EXPECT_EQ(answer.headers.at("traceresponse").find(trace), std::string::npos);
  }
}

TEST(Http, KeepAliveAndPipelining) {
  Rig rig;
  Client client(rig.port());
  const std::string one = fmt::format("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", rig.port());
  client.send(one);
  EXPECT_EQ(client.read_answer().status, 200);
  client.send(
      one +
      fmt::format("POST /api/time/Get HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 2\r\n\r\n{{}}",
                  rig.port()) +
      one);
  EXPECT_EQ(client.read_answer().body, R"({"status":"ok"})");
  EXPECT_EQ(client.read_answer().json()["clock"], "07:00");
  EXPECT_EQ(client.read_answer().body, R"({"status":"ok"})");
}

TEST(Http, HeadHasNoBody) {
  Rig rig;
  Client client(rig.port());
  client.send(
      fmt::format("HEAD /healthz HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\n\r\nGET /healthz HTTP/1.1\r\nHost: "
                  "127.0.0.1:{0}\r\n\r\n",
                  rig.port()));
  const auto head = client.read_answer(true);
  EXPECT_EQ(head.headers.at("content-length"), "15");
  EXPECT_EQ(client.read_answer().body, R"({"status":"ok"})");
}

TEST(Http, Http10ClosesAfterTheAnswer) {
  Rig rig;
  Client client(rig.port());
  client.send(fmt::format("GET /healthz HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n\r\n", rig.port()));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, R"({"status":"ok"})");
  EXPECT_TRUE(answer.closed);
}

TEST(Http, ChunkedBodyAndContinue) {
  Rig rig;
  Client client(rig.port());
  client.send(fmt::format(
      "POST /api/weather/Forecast HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nTransfer-Encoding: chunked\r\n"
      "Expect: 100-continue\r\n\r\n",
      rig.port()));
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("5;ext=1\r\n{\"hou\r\n");
  client.send("7\r\nrs\": 2}\r\n0\r\nX-Troupe-Player: mallory\r\n\r\n");
  const auto answer = client.read_answer();
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["hours"].size(), 2U);
}

TEST(Http, TrailersAreNoHeaders) {
  Rig rig;
  Client client(rig.port());
  client.send(
      fmt::format("POST /api/time/Get HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2\r\n{{}}\r\n0\r\nX-Troupe-Player: mallory\r\n\r\n",
                  rig.port()));
  EXPECT_EQ(client.read_answer().json()["weekday"], "local");
}

TEST(Http, TooLarge) {
  Rig rig;
  auto answer = get(rig.port(), "/healthz", {"X-Long: " + std::string(17'000, 'a')});
  EXPECT_EQ(answer.status, 431);
  EXPECT_EQ(answer.json()["error"]["reason"], "http.header_too_large");
  answer = post(rig.port(), "/api/time/Get", std::string(256 * 1024 + 1, ' '));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body,
            error_body("invalid_argument", "http.body_too_large", "the body is larger than 262144 bytes"));
  EXPECT_EQ(post(rig.port(), "/api/time/Get", std::string(256 * 1024, ' ')).status, 200);

  Client chunks(rig.port());
  chunks.send(fmt::format(
      "POST /api/time/Get HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nTransfer-Encoding: chunked\r\n\r\n", rig.port()));
  const std::string chunk = "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
  for (int i = 0; i < 9; ++i) chunks.send(chunk);
  EXPECT_EQ(chunks.read_answer().status, 413);
}

TEST(Http, SlowClientsAreCut) {
  RigOptions options;
  options.config.limits.stream.header_timeout = 60ms;
  options.config.limits.stream.body_timeout = 60ms;
  options.config.limits.stream.first_timeout = 60ms;
  Rig rig(std::move(options));
  Client header(rig.port());
  header.send("GET /healthz HTTP/1.1\r\nHo");
  EXPECT_EQ(header.read_answer().status, 408);
  Client body(rig.port());
  body.send(fmt::format("POST /api/time/Get HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 9\r\n\r\n{{",
                        rig.port()));
  EXPECT_EQ(body.read_answer().status, 408);
  Client idle(rig.port());
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST(Http, TooManyConnections) {
  RigOptions options;
  options.config.limits.connections_max = 2;
  Rig rig(std::move(options));
  // Under way, both: those that wait for a request would make room.
  const std::string body = R"({"npc":"marta","text":"hang"})";
  const std::string talk =
      fmt::format("POST /api/npc/Talk HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n\r\n{}",
                  rig.port(), body.size(), body);
  Client a(rig.port());
  a.send(talk);
  Client b(rig.port());
  b.send(talk);
  while (rig.notes().count("talk begun") < 2) ASSERT_TRUE(rig.notes().wait_for("talk begun"));
  Client c(rig.port());
  c.send(fmt::format("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", rig.port()));
  const auto answer = c.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  EXPECT_EQ(answer.json()["error"]["reason"], "edge.connections");
}

TEST(Http, EventStream) {
  Rig rig;
  auto answer = post(rig.port(), "/api/npc/Talk", R"({"npc":"marta","text":"hello"})", {kStream});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "text/event-stream");
  const std::string deltas =
      "event: delta\ndata: {\"text\":\"a \"}\n\nevent: delta\ndata: {\"text\":\"b \"}\n\n"
      "event: delta\ndata: {\"text\":\"c\"}\n\n";
  ASSERT_TRUE(answer.body.starts_with(deltas + "event: done\ndata: {")) << answer.body;
  const auto done = nlohmann::json::parse(answer.body.substr(deltas.size() + 18));
  EXPECT_EQ(done["text"], "a b c");
  EXPECT_EQ(done["deadline_met"], false);  // defaults are written out

  answer = post(rig.port(), "/api/weather/Get", R"({"region":"x"})", {kStream});
  EXPECT_EQ(answer.status, 404) << "nothing was said yet";
  EXPECT_EQ(answer.body,
            error_body("not_found", "weather.unknown_region", "no region 'x'; did you mean 'harbour'?"));
  EXPECT_EQ(post(rig.port(), "/api/npc/Tlk", "{}", {kStream}).status, 404);
}

void expect_cancelled_fast(Rig& rig, const std::vector<std::string>& headers) {
  Client client(rig.port());
  const std::string body = R"({"npc":"marta","text":"hang"})";
  std::string text = fmt::format(
      "POST /api/npc/Talk HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n", rig.port(), body.size());
  for (const auto& header : headers) text += header + "\r\n";
  client.send(text + "\r\n" + body);
  ASSERT_TRUE(rig.notes().wait_for("talk begun"));
  const auto left = std::chrono::steady_clock::now();
  client.close();
  ASSERT_TRUE(rig.notes().wait_for("talk cancelled"));
  EXPECT_LT(std::chrono::steady_clock::now() - left, 100ms);
}

TEST(Http, ClientThatLeavesCancelsItsCall) {
  Rig rig;
  expect_cancelled_fast(rig, {});
}

TEST(Http, ClientThatLeavesCancelsItsStream) {
  Rig rig;
  expect_cancelled_fast(rig, {kStream});
}

TEST(Http, StopEndsWhatHangs) {
  RigOptions options;
  options.config.limits.drain = 50ms;
  Rig rig(std::move(options));
  Client idle(rig.port());
  Client busy(rig.port());
  const std::string body = R"({"npc":"marta","text":"hang"})";
  busy.send(fmt::format("POST /api/npc/Talk HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n\r\n{}",
                        rig.port(), body.size(), body));
  ASSERT_TRUE(rig.notes().wait_for("talk begun"));
  rig.stop();
  EXPECT_TRUE(rig.notes().wait_for("talk cancelled"));
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST(Http, ConsoleAndOwnRoutes) {
  RigOptions options;
  options.config.console = [](const std::string& path) -> std::optional<ConsoleFile> {
    if (path == "/index.html") return ConsoleFile{"<p>hi", "text/html", "v1"};
    return std::nullopt;
  };
  options.before_listen = [](Edge& edge) {
    edge.add_route({.label = "own",
                    .path = "/own/",
                    .methods = {"GET"},
                    .handler = [](HttpCall call) -> Task<HttpReply> {
                      if (call.request.path == "/own/throws") throw std::runtime_error("on purpose");
                      co_return json_reply(json_string(call.request.path + " " + call.caller.name));
                    }});
  };
  Rig rig(std::move(options));
  auto answer = get(rig.port(), "/");
  EXPECT_EQ(answer.body, "<p>hi");
  EXPECT_EQ(answer.headers.at("etag"), "\"v1\"");
  EXPECT_NE(answer.headers.at("content-security-policy").find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(get(rig.port(), "/", {"If-None-Match: \"v1\""}).status, 304);
  EXPECT_EQ(get(rig.port(), "/nothing.js").status, 404);
  EXPECT_EQ(get(rig.port(), "/own/x").body, "\"/own/x local\"");
  answer = get(rig.port(), "/own/throws");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, error_body("internal", "rpc.bug", "the server made a mistake; see its log"));
}

}  // namespace
}  // namespace troupe::edge
