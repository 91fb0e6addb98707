// The game's socket: upgrade, hello, calls, input, frames that make no sense.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "edge/edge_rig.h"
#include "edge/ws_codec.h"
#include "troupe/v1/state.pb.h"

namespace troupe::edge {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr const char* kJson = "troupe.v1.json";
constexpr const char* kBinary = "troupe.v1";

Json call(int id, const std::string& method, Json body = Json::object()) {
  return {{"request", {{"id", id}, {"method", method}, {"json", std::move(body)}}}};
}

TEST(Ws, Upgrade) {
  Rig rig;
  const WsClient ok(rig.port(), "other, troupe.v1.json, troupe.v1");
  EXPECT_EQ(ok.upgrade().status, 101);
  EXPECT_EQ(ok.upgrade().headers.at("sec-websocket-protocol"), "troupe.v1.json");
  EXPECT_EQ(ok.upgrade().headers.at("sec-websocket-accept"), "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
  EXPECT_EQ(WsClient(rig.port(), "").upgrade().status, 400);
  EXPECT_EQ(WsClient(rig.port(), "graphql-ws").upgrade().json()["error"]["reason"], "ws.bad_upgrade");
  EXPECT_EQ(WsClient(rig.port(), kJson, {"Origin: http://evil.example"}).upgrade().status, 403);
  Client old(rig.port());
  old.send(
      fmt::format("GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                  "Sec-WebSocket-Protocol: troupe.v1\r\n\r\n",
                  rig.port()));
  EXPECT_EQ(old.read_answer().status, 400);
}

TEST(Ws, HelloIsWelcomed) {
  Rig rig;
  rig.emit(3, "near");
  WsClient client(rig.port(), kJson);
  const auto welcome = client.hello({{"player", "anna"}});
  EXPECT_EQ(welcome["player"], "anna");
  EXPECT_EQ(welcome["role"], "player");
  EXPECT_EQ(welcome["world"], "testland");
  EXPECT_EQ(welcome["server_version"], "0.1.0");
  EXPECT_EQ(welcome["cursor"], "3");
  EXPECT_EQ(welcome["resumed"], false);
  EXPECT_EQ(welcome["limits"]["frame_bytes_max"], 65536);
}

TEST(Ws, AsManyPlayersAsAreSetWithTheMessageOfTheDay) {
  RigOptions options;
  options.config.welcome = []() -> Task<Welcome> {
    co_return Welcome{.players_max = 1, .message_of_the_day = "Mind the fog."};
  };
  Rig rig(std::move(options));
  WsClient anna(rig.port(), kJson);
  EXPECT_EQ(anna.hello({{"player", "anna"}})["message_of_the_day"], "Mind the fog.");
  WsClient again(rig.port(), kJson);
  EXPECT_EQ(again.hello({{"player", "anna"}})["player"], "anna") << "another socket of one who is here";
  WsClient ben(rig.port(), kJson);
  ben.send(Json{{"hello", {{"player", "ben"}}}});
  EXPECT_EQ(ben.read_json("response")["error"]["reason"], "world.full");
  EXPECT_EQ(ben.read_json("goaway")["reason"], "full");
  WsClient designer(rig.port(), kJson);
  EXPECT_EQ(designer.hello({{"role", "designer"}})["role"], "designer") << "players are counted";
}

TEST(Ws, HelloComesFirstAndOnce) {
  Rig rig;
  WsClient early(rig.port(), kJson);
  early.send(call(1, "time.Get"));
  EXPECT_EQ(early.read_json("response")["error"]["reason"], "ws.no_hello");
  EXPECT_EQ(early.read_json("goaway")["reason"], "hello");
  EXPECT_EQ(early.read().close_code(), 1008);

  WsClient twice(rig.port(), kJson);
  (void)twice.hello();
  twice.send(Json{{"hello", Json::object()}});
  EXPECT_EQ(twice.read_json("response")["error"]["message"], "hello comes once");
}

TEST(Ws, HelloHasATime) {
  RigOptions options;
  options.config.limits.socket.hello_timeout = 50ms;
  Rig rig(std::move(options));
  WsClient client(rig.port(), kJson);
  EXPECT_EQ(client.read_json("goaway")["reason"], "hello");
  EXPECT_EQ(client.read().close_code(), 1008);
}

TEST(Ws, Tokens) {
  RigOptions options;
  options.config.tokens = {{sha256_hex("anna's"), pb::ROLE_PLAYER, "anna"},
                           {sha256_hex("game's"), pb::ROLE_GAME_SERVER, "arena"}};
  Rig rig(std::move(options));
  WsClient none(rig.port(), kJson);
  none.send(Json{{"hello", Json::object()}});
  EXPECT_EQ(none.read_json("response")["error"]["reason"], "auth.missing");
  EXPECT_EQ(none.read_json("goaway")["reason"], "hello");
  WsClient other(rig.port(), kJson);
  other.send(Json{{"hello", {{"token", "anna's"}, {"player", "bert"}}}});
  EXPECT_EQ(other.read_json("response")["error"]["reason"], "auth.player");
  WsClient header(rig.port(), kJson, {"Authorization: Bearer anna's"});
  EXPECT_EQ(header.hello()["player"], "anna");
  EXPECT_EQ(WsClient(rig.port(), kJson, {"Authorization: Bearer wrong"}).upgrade().status, 401);
  WsClient frame(rig.port(), kJson);
  EXPECT_EQ(frame.hello({{"token", "game's"}, {"player", "bert"}})["role"], "player");
}

TEST(Ws, JsonCalls) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"player", "anna"}});
  client.send(call(1, "time.Get"));
  auto response = client.read_json("response");
  EXPECT_EQ(response["id"], "1");
  EXPECT_EQ(response["json"]["weekday"], "anna");
  EXPECT_EQ(response["json"]["now_ms"], "1");
  // `payload` as an object does too.
  client.send(
      Json{{"request",
            {{"id", 2}, {"method", "weather.Forecast"}, {"payload", {{"region", "x"}, {"hours", 2}}}}}});
  response = client.read_json("response");
  EXPECT_EQ(response["json"]["region"], "x");
  EXPECT_EQ(response["json"]["hours"].size(), 2U);

  client.send(call(3, "weather.Get", {{"region", "busy"}}));
  response = client.read_json("response");
  EXPECT_EQ(response["error"], (Json{{"code", "exhausted"},
                                     {"reason", "weather.busy"},
                                     {"message", "too many ask"},
                                     {"retry_after_ms", "2500"}}));
  client.send(call(4, "weather.Gt"));
  EXPECT_EQ(client.read_json("response")["error"]["message"],
            "no method 'weather.Gt'; did you mean 'weather.Get'?");
  client.send(call(5, "weather.Get", {{"regon", "x"}}));
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "rpc.bad_json");
  client.send(call(6, "time.SetScale", {{"scale", 2}}));
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "rpc.role");
  client.send(call(0, "time.Get"));
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "ws.bad_request");
}

TEST(Ws, BinaryCallsAndDeltas) {
  Rig rig;
  WsClient client(rig.port(), kBinary);
  pb::Frame frame;
  frame.mutable_hello()->set_player("anna");
  client.send(frame);
  EXPECT_EQ(client.read_frame().welcome().player(), "anna");

  pb::NpcTalkRequest talk;
  talk.set_npc("marta");
  talk.set_text("hello");
  frame.mutable_request()->set_id(7);
  frame.mutable_request()->set_method("npc.Talk");
  frame.mutable_request()->set_payload(talk.SerializeAsString());
  client.send(frame);
  std::string deltas;
  pb::Frame got = client.read_frame();
  for (; got.has_delta(); got = client.read_frame()) {
    EXPECT_EQ(got.delta().id(), 7U);
    deltas += got.delta().text();
  }
  EXPECT_EQ(deltas, "a b c");
  ASSERT_TRUE(got.has_response());
  pb::NpcTalkReply reply;
  ASSERT_TRUE(reply.ParseFromString(got.response().payload()));
  EXPECT_EQ(reply.text(), "a b c");

  frame.mutable_request()->set_payload("\xff\xff");
  client.send(frame);
  EXPECT_EQ(client.read_frame().response().error().reason(), "rpc.bad_payload");
}

TEST(Ws, CancelDeadlineAndLeaving) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello();
  client.send(call(1, "npc.Talk", {{"npc", "marta"}, {"text", "hang"}}));
  ASSERT_TRUE(rig.notes().wait_for("talk begun"));
  client.send(call(1, "npc.Talk", {{"npc", "marta"}, {"text", "hang"}}));
  EXPECT_EQ(client.read_json("response")["error"]["message"], "a call with this id is under way");
  client.send(Json{{"cancel", {{"id", 1}}}});
  auto response = client.read_json("response");
  EXPECT_EQ(response["id"], "1");
  EXPECT_EQ(response["error"]["code"], "cancelled");
  ASSERT_TRUE(rig.notes().wait_for("talk cancelled"));

  auto late = call(1, "npc.Talk", {{"npc", "marta"}, {"text", "hang"}});
  late["request"]["deadline_ms"] = 30;
  client.send(late);
  EXPECT_EQ(client.read_json("response")["error"]["code"], "deadline_exceeded");
  late["request"]["deadline_ms"] = -5;
  client.send(late);
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "rpc.bad_deadline");

  client.send(call(9, "npc.Talk", {{"npc", "marta"}, {"text", "hang"}}));
  while (rig.notes().count("talk begun") < 3) std::this_thread::yield();
  const auto left = std::chrono::steady_clock::now();
  client.raw().close();
  while (rig.notes().count("talk cancelled") < 3) std::this_thread::yield();
  EXPECT_LT(std::chrono::steady_clock::now() - left, 100ms);
}

TEST(Ws, CallsInFlightAreBounded) {
  RigOptions options;
  options.config.limits.socket.requests_in_flight_max = 2;
  Rig rig(std::move(options));
  WsClient client(rig.port(), kJson);
  (void)client.hello();
  for (int id = 1; id <= 3; ++id) client.send(call(id, "npc.Talk", {{"npc", "marta"}, {"text", "hang"}}));
  const auto response = client.read_json("response");
  EXPECT_EQ(response["id"], "3");
  EXPECT_EQ(response["error"]["reason"], "ws.busy");
  EXPECT_EQ(response["error"]["retry_after_ms"], "100");
}

TEST(Ws, FramesThatMakeNoSense) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello();
  client.send(1, "{\"requst\":{}}");
  EXPECT_EQ(client.read_json("response")["error"]["message"],
            "no field 'requst' in Frame; did you mean 'request'?");
  client.send(1, "nonsense");
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "rpc.bad_json");
  client.send(1, "{}");
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "ws.bad_frame");
  client.send(2, "{}");
  EXPECT_EQ(client.read_json("response")["error"]["message"], "troupe.v1.json takes text messages");
  client.send(Json{{"welcome", Json::object()}});
  EXPECT_EQ(client.read_json("response")["error"]["message"], "this frame is for servers to send");
  EXPECT_EQ(client.read_json("goaway")["reason"], "bad_frames");
  EXPECT_EQ(client.read().close_code(), 1007);
}

TEST(Ws, BinaryNonsenseClosesWith1002) {
  Rig rig;
  WsClient client(rig.port(), kBinary);
  pb::Frame hello;
  hello.mutable_hello();
  client.send(hello);
  EXPECT_TRUE(client.read_frame().has_welcome());
  for (int i = 0; i < 5; ++i) {
    client.send(2, "\xff\xff\xff");
    EXPECT_EQ(client.read_frame().response().error().reason(), "ws.bad_frame");
  }
  EXPECT_EQ(client.read_frame().goaway().reason(), "bad_frames");
  EXPECT_EQ(client.read().close_code(), 1002);
}

TEST(Ws, ProtocolErrors) {
  Rig rig;
  WsClient large(rig.port(), kJson);
  (void)large.hello();
  large.send(1, std::string(64 * 1024 + 1, ' '));
  EXPECT_EQ(large.read().close_code(), 1009);
  WsClient utf8(rig.port(), kJson);
  (void)utf8.hello();
  utf8.send(1, "{\"\xff\"}");
  EXPECT_EQ(utf8.read().close_code(), 1007);
  WsClient opcode(rig.port(), kJson);
  (void)opcode.hello();
  opcode.send(5, "x");
  EXPECT_EQ(opcode.read().close_code(), 1002);
  WsClient ping(rig.port(), kJson);
  (void)ping.hello();
  ping.send(9, "are you there");
  const auto pong = ping.read();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "are you there");
}

TEST(Ws, DeepNestingIsRefused) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello();
  std::string deep = R"({"request":{"id":1,"method":"time.Get","json":)";
  for (int i = 0; i < 5000; ++i) deep += R"({"a":)";
  deep += "1" + std::string(5002, '}');
  client.send(1, deep);
  EXPECT_EQ(client.read_json("response")["error"]["message"],
            "the JSON is not well formed: line 1, column 357: nested deeper than 64 levels");
}

TEST(Ws, InputBecomesACall) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"player", "anna"}});
  client.send(Json{{"input", {{"id", 5}, {"typing_to", "marta"}}}});
  EXPECT_EQ(client.read_json("response")["error"]["message"], "the first input says where the player is");
  client.send(Json{{"input", {{"position", {{"x", 1.5}, {"y", -2}}}}}});
  EXPECT_TRUE(rig.notes().wait_for("input anna 1.5 -2 "));
  client.send(Json{{"input", {{"typing_to", "marta"}}}});  // stays where it was
  EXPECT_TRUE(rig.notes().wait_for("input anna 1.5 -2 marta"));
  client.send(Json{{"input", {{"id", 6}, {"action", "wave"}}}});
  const auto response = client.read_json("response");
  EXPECT_EQ(response["id"], "6");
  EXPECT_EQ(response["json"]["verdict"]["doing"], "wave");
  client.send(Json{{"input", {{"place", "quay"}, {"looked_at", "bell"}}}});  // instead of a position
  EXPECT_TRUE(rig.notes().wait_for("input anna 0 0  at quay sees bell"));
  client.send(Json{{"input", {{"id", 7}, {"place", "quay"}, {"position", {{"x", 1}, {"y", 1}}}}}});
  EXPECT_EQ(client.read_json("response")["error"]["message"], "'position' and 'place' exclude each other");
  client.send(1, R"({"input":{"id":8,"position":{"x":"NaN","y":0}}})");
  EXPECT_EQ(client.read_json("response")["error"]["message"],
            "'input.position.x' must be a finite number, not \"NaN\"");
}

// One wrong input does not spoil those after it: whoever was refused is where they were before.
TEST(Ws, ARefusedInputIsForgotten) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"player", "anna"}});
  const auto input = [&](Json fields) {
    fields["id"] = 9;
    client.send(Json{{"input", std::move(fields)}});
    const auto response = client.read_json("response");
    return response.contains("error") ? response["error"]["reason"].get<std::string>() : std::string("taken");
  };
  EXPECT_EQ(input({{"place", "nowhere"}, {"action", "wave"}}), "npc.unknown_place");
  EXPECT_EQ(input({{"action", "wave"}}), "ws.bad_request") << "nobody knows where she is";
  EXPECT_EQ(input({{"position", {{"x", 3}, {"y", 4}}}, {"action", "wave"}}), "taken");
  EXPECT_EQ(input({{"place", "nowhere"}, {"action", "wave"}}), "npc.unknown_place");
  EXPECT_EQ(input({{"typing_to", "marta"}, {"action", "wave"}}), "taken");
  EXPECT_EQ(rig.notes().count("input anna 3 4 marta"), 1U) << "where she was";
  EXPECT_EQ(input({{"place", "rush"}, {"action", "wave"}}), "rpc.rate");
  EXPECT_EQ(input({{"action", "wave"}}), "rpc.rate") << "too fast is not wrong: it stands";
  EXPECT_EQ(input({{"place", "quay"}, {"action", "wave"}}), "taken");
  EXPECT_EQ(input({{"action", "bow"}}), "taken");
  EXPECT_EQ(rig.notes().count("input anna 0 0  at quay"), 2U);
}

// Loses every race.
class Loser {
 public:
  explicit Loser(Host& host) { host.serve(&Loser::put, this); }
  Result<pb::StateDocument> put(Turn&, const Caller&, const pb::StatePutRequest&) {
    return std::unexpected(Error{Code::conflict, "state.version", "now at version 7", 0, 7});
  }
};

TEST(Ws, ALostRaceSaysTheVersionThatWonByEachDoor) {
  RigOptions options;
  options.world = [](Host& host) { return std::make_shared<Loser>(host); };
  Rig rig(std::move(options));
  const auto answer = post(rig.port(), "/api/state/Put", "{}");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.json()["error"]["current_version"], "7") << answer.body;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"role", "designer"}});
  client.send(call(1, "state.Put"));
  EXPECT_EQ(client.read_json("response")["error"]["current_version"], "7");
  WsClient binary(rig.port(), kBinary);
  pb::Frame frame;
  frame.mutable_hello()->set_role("designer");
  binary.send(frame);
  (void)binary.read_frame();
  frame.Clear();
  frame.mutable_request()->set_id(1);
  frame.mutable_request()->set_method("state.Put");
  binary.send(frame);
  EXPECT_EQ(binary.read_frame().response().error().current_version(), 7U);
}

TEST(Ws, WhoStaysAwayHasLeft) {
  RigOptions options;
  options.config.limits.socket.leave_grace = 50ms;
  Rig rig(std::move(options));
  {
    WsClient anna(rig.port(), kJson);
    (void)anna.hello({{"player", "anna"}});
    WsClient game(rig.port(), kJson);
    (void)game.hello({{"role", "game_server"}});
  }
  EXPECT_TRUE(rig.notes().wait_for("event EntityGone player anna"));
  EXPECT_EQ(rig.notes().count("event EntityGone player local"), 0U) << "a game server is no player";
}

TEST(Ws, GoodbyeAtShutdown) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello();
  std::thread stopping([&] { rig.stop(); });
  EXPECT_EQ(client.read_json("goaway")["reason"], "shutdown");
  const auto close = client.read();
  EXPECT_EQ(close.close_code(), 1001);
  client.send(8, close.payload);
  client.raw().close();
  stopping.join();
}

TEST(WsCodec, EventsStaySmallOnTheWire) {
  pb::Envelope envelope;
  envelope.set_world("lanternfall");
  envelope.set_sequence(1'000'000);
  envelope.set_type("PhaseChanged");
  envelope.set_subject("harbour");
  envelope.set_game_ms(86'400'000LL * 100);
  envelope.set_wall_ms(1'790'000'000'000);
  envelope.set_payload("\x08\x01\x10\x02");
  EXPECT_LT(encode_event(Wire::binary, envelope, 0).size(), 100U);
}

}  // namespace
}  // namespace troupe::edge
