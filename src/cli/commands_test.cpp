// What commands print, against a server that answers as the real one does.
#include <gmock/gmock.h>

#include <csignal>

#include "cli/rpc.h"
#include "cli/test_server.h"

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;

// A server with one reply per "POST /path".
TestServer::Handler table(std::map<std::string, TestReply> replies) {
  return [replies = std::move(replies)](const SeenRequest& request) {
    const auto found = replies.find(request.line);
    return found != replies.end() ? found->second
                                  : error_reply(404, "not_found", "rpc.unknown", "no " + request.line);
  };
}

constexpr const char* kReply =
    R"({"text":"Aye, I saw him.","tier":"silver","model":"m-1.5b","deadline_met":true,"first_token_ms":"210",)"
    R"("verbs":[{"verb":"light","args":{"lamp":"harbour_lamp"},"verdict":"done"}],"event_id":"lanternfall-7"})";

TestReply stream(const std::string& bytes) { return {.body = bytes, .type = "text/event-stream"}; }

std::string event(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}

const std::string kStreamed = event("delta", R"({"text":"Aye, "})") + event("delta", R"({"text":"I saw"})") +
                              event("delta", R"({"text":" him."})") + event("done", kReply);

constexpr const char* kFootnote =
    "silver, m-1.5b; first token 210 ms; deadline met; light lamp=harbour_lamp: done; troupe why "
    "lanternfall-7\n";

TEST(Talk, PrintsTheWordsAndKeepsTheRestApart) {
  TestServer server(table({{"POST /api/npc/Talk", stream(kStreamed)}}));
  Screen screen;
  EXPECT_EQ(screen.run({"talk", "marta", "Seen him?", "--as", "anna", "--deadline", "4000", "--server",
                        server.url()}),
            0);
  EXPECT_EQ(screen.out.str(), "Aye, I saw him.\n");
  EXPECT_EQ(screen.err.str(), kFootnote);
  const auto seen = server.seen().at(0);
  EXPECT_EQ(Json::parse(seen.body), (Json{{"npc", "marta"}, {"text", "Seen him?"}, {"deadline_ms", 4000}}));
  EXPECT_EQ(seen.headers.at("accept"), "text/event-stream");
  EXPECT_EQ(seen.headers.at("x-troupe-player"), "anna");
  EXPECT_EQ(seen.headers.at("x-troupe-deadline-ms"), "9000");
}

TEST(Talk, OnATerminalTheFootnoteFollows) {
  TestServer server(table({{"POST /api/npc/Talk", stream(kStreamed)}}));
  Screen screen;
  screen.out_tty = true;
  EXPECT_EQ(screen.run({"talk", "marta", "Seen him?", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str(), std::string("Aye, I saw him.\n") + kFootnote);
  EXPECT_EQ(screen.err.str(), "");
}

struct Ending {
  std::string name;
  std::string bytes;
  int status;
  std::string out;
  std::string err;
};

class TalkEnds : public ::testing::TestWithParam<Ending> {};

TEST_P(TalkEnds, Well) {
  TestServer server(table({{"POST /api/npc/Talk", stream(GetParam().bytes)}}));
  Screen screen;
  EXPECT_EQ(screen.run({"talk", "marta", "Seen him?", "--server", server.url()}), GetParam().status);
  EXPECT_EQ(screen.out.str(), GetParam().out);
  EXPECT_THAT(screen.err.str(), HasSubstr(GetParam().err));
}

INSTANTIATE_TEST_SUITE_P(
    Table, TalkEnds,
    ::testing::Values(
        Ending{"without_deltas", event("done", kReply), 0, "Aye, I saw him.\n", kFootnote},
        Ending{"with_the_end_missing", event("delta", R"({"text":"Aye,"})") + event("done", kReply), 0,
               "Aye, I saw him.\n", kFootnote},
        Ending{"otherwise_than_it_began",
               event("delta", R"({"text":"The secret is"})") + event("done", kReply), 0,
               "The secret is\n(rather:) Aye, I saw him.\n", kFootnote},
        Ending{
            "in_an_error",
            event("delta", R"({"text":"Aye"})") +
                event(
                    "error",
                    R"({"error":{"code":"exhausted","reason":"npc.busy","message":"too many talk at once"}})"),
            1, "Aye\n", "troupe: too many talk at once\n"},
        Ending{"cut_off", event("delta", R"({"text":"Aye"})"), 1, "Aye\n",
               "broke off before the answer was complete\n"},
        Ending{"with_escape_sequences_disarmed",
               event("delta", R"({"text":"A\u001b[2Jye"})") + event("done", R"({"text":"A\u001b[2Jye"})"), 0,
               "A\xEF\xBF\xBD[2Jye\n", "first token 0 ms"}),
    [](const auto& param) { return param.param.name; });

TEST(Talk, AnErrorBeforeTheStreamIsOneLine) {
  TestServer server(
      table({{"POST /api/npc/Talk",
              error_reply(404, "not_found", "npc.unknown", "no NPC 'marat' here; did you mean 'marta'?")}}));
  Screen screen;
  EXPECT_EQ(screen.run({"talk", "marat", "Hello", "--server", server.url()}), 1);
  EXPECT_EQ(screen.out.str(), "");
  EXPECT_EQ(screen.err.str(), "troupe: no NPC 'marat' here; did you mean 'marta'?\n");
}

TEST(Talk, WithoutTextIsAConversation) {
  TestServer server(
      table({{"POST /api/npc/Talk", stream(kStreamed)},
             {"POST /api/npc/Get", {.body = R"({"id":"marta","name":"Marta","role":"net mender"})"}}}));
  Screen screen;
  screen.in_tty = screen.out_tty = true;
  screen.in.str("hello\n\n  who are you?\n/quit\nnot said\n");
  EXPECT_EQ(screen.run({"talk", "marta", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str(), std::string("Marta, net mender\n/quit or Ctrl-D ends the conversation\n") +
                                  "to Marta> Marta: Aye, I saw him.\n" + kFootnote + "to Marta> " +
                                  "to Marta> Marta: Aye, I saw him.\n" + kFootnote + "to Marta> ");
  ASSERT_EQ(server.seen().size(), 3U);
  EXPECT_EQ(text_in(Json::parse(server.seen().at(2).body), "text"), "who are you?");
}

TEST(Talk, LinesFromAPipeAreSaidOneAfterTheOther) {
  TestServer server(table({{"POST /api/npc/Talk", {.body = kReply}},
                           {"POST /api/npc/Get", {.body = R"({"id":"marta","name":"Marta"})"}}}));
  Screen screen;
  screen.in.str("hello\nwho are you?");
  EXPECT_EQ(screen.run({"talk", "marta", "--json", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str(), std::string(kReply) + "\n" + kReply + "\n");
}

TEST(Server, ThatIsNotThereIsNamedWithWhatToDo) {
  const LoopbackPort nobody;
  for (const auto& command : std::vector<std::vector<std::string>>{{"status"},
                                                                   {"watch"},
                                                                   {"talk", "marta"},
                                                                   {"talk", "marta", "hi"},
                                                                   {"call", "time.Get"},
                                                                   {"why", "w-1"},
                                                                   {"why", "1"},
                                                                   {"world", "verify"}}) {
    auto words = command;
    words.insert(words.end(), {"--server", nobody.url()});
    Screen screen;
    EXPECT_EQ(screen.run(words), 1);
    EXPECT_EQ(screen.err.str(), "troupe: no server at " + nobody.url() + "; start one with `troupe up`\n")
        << words[0];
    EXPECT_EQ(screen.out.str(), "") << words[0];
  }
}

TEST(Server, ThatIsNoTroupeIsSaidToBeNone) {
  TestServer server(
      [](const SeenRequest&) { return TestReply{.status = 502, .body = "<html>", .type = "text/html"}; });
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"status"}, {"call", "time.Get"}, {"talk", "marta", "hi"}}) {
    auto words = command;
    words.insert(words.end(), {"--server", server.url()});
    Screen screen;
    EXPECT_EQ(screen.run(words), 1);
    EXPECT_THAT(screen.err.str(), HasSubstr("is it a Troupe server?\n")) << words[0];
  }
}

TEST(Call, PrintsTheReplyAndSendsWhatWasGiven) {
  TestServer server(
      table({{"POST /api/weather/Get", {.body = R"({"region":"coast","state":"rain","at_ms":"12"})"}}}));
  Screen screen;
  screen.environment = {{"TROUPE_SERVER", server.url()}, {"TROUPE_TOKEN", "t0k"}};
  screen.in.str(R"({"region": "coast"})");
  EXPECT_EQ(screen.run({"call", "weather.Get", "-", "--deadline", "800"}), 0);
  EXPECT_EQ(screen.out.str(),
            "{\n  \"region\": \"coast\",\n  \"state\": \"rain\",\n  \"at_ms\": \"12\"\n}\n");
  const auto seen = server.seen().at(0);
  EXPECT_EQ(seen.body, R"({"region": "coast"})");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer t0k");
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
  EXPECT_EQ(seen.headers.at("x-troupe-deadline-ms"), "800");
  EXPECT_FALSE(seen.headers.contains("x-troupe-player"));
  EXPECT_FALSE(seen.headers.contains("expect"));

  Screen line;
  EXPECT_EQ(line.run({"call", "weather.Get", "--json", "--server", server.url()}), 0);
  EXPECT_EQ(line.out.str(), "{\"region\":\"coast\",\"state\":\"rain\",\"at_ms\":\"12\"}\n");
}

TEST(Call, AnErrorComesWithItsReason) {
  TestServer server(
      table({{"POST /api/weather/Get", error_reply(404, "not_found", "weather.unknown", "no region 'x'")}}));
  Screen screen;
  EXPECT_EQ(screen.run({"call", "weather.Get", "{\"region\":\"x\"}", "--server", server.url()}), 1);
  EXPECT_EQ(screen.err.str(), "troupe: no region 'x' (weather.unknown)\n");
}

TEST(Call, ListsAndDescribesWithoutAServer) {
  Screen all;
  EXPECT_EQ(all.run({"call", "--list"}), 0);
  EXPECT_THAT(all.out.str(), HasSubstr("  npc.Talk                     Says something to somebody"));
  Screen one;
  EXPECT_EQ(one.run({"call", "--list", "npc.Talk"}), 0);
  EXPECT_THAT(one.out.str(), HasSubstr("For player, game_server, designer, admin\n"));
  EXPECT_THAT(one.out.str(), HasSubstr("  deadline_ms                int64\n"));
  EXPECT_THAT(one.out.str(), HasSubstr("    args                     map of string to string\n"));
  Screen json;
  EXPECT_EQ(json.run({"call", "--list", "time", "--json"}), 0);
  EXPECT_EQ(text_in(Json::parse(split(json.out.str(), '\n').at(0)), "method"), "time.Get");
}

TEST(Status, OfSeveralWorldsIsTheirList) {
  TestServer server(table(
      {{"GET /readyz", {.body = R"({"status":"ready","ready":true,"dependencies":{}})"}},
       {"POST /api/worlds/List",
        {.body =
             R"({"worlds":[{"name":"town","pack":"town","state":"awake"},{"name":"moor","pack":"moor","state":"asleep"}]})"}},
       {"POST /api/world/Get",
        {.status = 400,
         .body =
             R"({"error":{"code":"invalid_argument","reason":"world.unnamed","message":"there are several worlds"}})"}}}));
  Screen screen;
  EXPECT_EQ(screen.run({"status", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str(),
            "Troupe at " + server.url() +
                ": ready\n"
                "\n"
                "World  Pack  State   Events\n"
                "town   town  awake   0\n"
                "moor   moor  asleep  0\n"
                "\n"
                "Name one to see its clock, weather and people: troupe status --world NAME\n");
}

TEST(Status, IsOneScreen) {
  TestServer server(table(
      {{"GET /readyz",
        {.body =
             R"({"status":"degraded","ready":true,"dependencies":{"db":{"status":"ok"},"engine":{"status":"degraded","message":"no weights"}},"services":{"running":1,"of":3,"list":[{"name":"time","state":"running"},{"name":"npc","state":"left_out"},{"name":"lore","state":"not_built"}]}})"}},
       {"POST /api/worlds/List",
        {.body =
             R"({"worlds":[{"name":"lanternfall","pack":"lanternfall","state":"awake","sequence":"12"},{"name":"moor","pack":"lanternfall","state":"asleep"}]})"}},
       {"POST /api/world/Get", {.body = R"({"title":"Lanternfall"})"}},
       {"POST /api/time/Get",
        {.body =
             R"({"day":"1","clock":"07:12","phase":"day","season":"spring","scale":60,"weekday":"Netday","month":"Thaw","day_of_month":1,"year":"1"})"}},
       {"POST /api/weather/List",
        {.body =
             R"({"regions":[{"region":"coast","state":"partly_cloudy","temperature_c":9.2,"wind_kmh":31}]})"}},
       {"POST /api/npc/List",
        {.body =
             R"({"npcs":[{"id":"marta","place":"harbour","activity":"mends nets","reason":"work","mood":"calm","tier":"reflex","walking":true}]})"}}}));
  Screen screen;
  EXPECT_EQ(screen.run({"status", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str(),
            "Lanternfall at " + server.url() +
                ": degraded\n"
                "  engine degraded: no weights\n"
                "Services: 1 of 3 run; left out: npc; not built: lore\n"
                "\n"
                "World        Pack         State   Events\n"
                "lanternfall  lanternfall  awake   12\n"
                "moor         lanternfall  asleep  0\n"
                "\n"
                "Day 1, 07:12 (day, spring); Netday, 1 Thaw of year 1; 60 game seconds a second\n"
                "\n"
                "Weather\n"
                "coast    partly cloudy  9 °C  wind 31 km/h\n"
                "\n"
                "router.Status: no POST /api/router/Status\n"
                "\n"
                "Who    Where       Mood  Tier    Does\n"
                "marta  to harbour  calm  reflex  mends nets (work)\n");
  Screen json;
  EXPECT_EQ(json.run({"status", "--json", "--server", server.url()}), 0);
  const Json all = Json::parse(json.out.str());
  EXPECT_EQ(text_in(all["time"], "clock"), "07:12");
  EXPECT_EQ(text_in(all["router"]["error"], "reason"), "rpc.unknown");
}

TEST(Status, OfAServerThatIsNotReadyIsOne) {
  TestServer server(
      table({{"GET /readyz",
              {.status = 503, .body = R"({"status":"not_ready","ready":false,"dependencies":{}})"}}}));
  Screen screen;
  EXPECT_EQ(screen.run({"status", "--server", server.url()}), 1);
  EXPECT_THAT(screen.out.str(), HasSubstr(": not ready\n"));
}

std::string day_event(int n, const std::string& type = "DayChanged") {
  return R"({"id":"w-)" + std::to_string(n) + R"(","sequence":")" + std::to_string(n) + R"(","type":")" +
         type + R"(","at_ms":"86400000","payload":{"day":"2","npc":"marta","player":"anna","text":"Hi"}})";
}

TEST(Watch, BeginsWithNowAndAsksOnlyForWhatIsNew) {
  TestServer server([](const SeenRequest& request) -> TestReply {
    if (request.line != "POST /api/events/History") return table({})(request);
    const Json asked = Json::parse(request.body);
    if (flag_in(asked, "newest_first"))
      return {.body = R"({"events":[)" + day_event(7) + R"(],"last_sequence":"7"})"};
    const auto after = number_in(asked, "after_sequence");
    if (after == 7)
      return {.body = R"({"events":[)" + day_event(8) + "," + day_event(9) + R"(],"last_sequence":"9"})"};
    if (after == 9) return {.body = R"({"events":[)" + day_event(10) + R"(],"last_sequence":"10"})"};
    return error_reply(400, "invalid_argument", "test.cursor", "cursor " + std::to_string(after));
  });
  Screen screen;
  EXPECT_EQ(screen.run({"watch", "--count", "3", "--json", "--server", server.url()}), 0);
  const auto lines = split(screen.out.str(), '\n');
  ASSERT_EQ(lines.size(), 4U) << screen.err.str();
  EXPECT_EQ(text_in(Json::parse(lines[0]), "id"), "w-8");
  EXPECT_EQ(text_in(Json::parse(lines[2]), "id"), "w-10");
}

TEST(Watch, ShowsOnlyWhatWasAskedForInWords) {
  TestServer server(
      table({{"POST /api/events/History",
              {.body = R"({"events":[)" + day_event(1) + "," + day_event(2, "DialogueStarted") + "]}"}},
             {"POST /api/npc/List", {.body = R"({"npcs":[{"id":"marta","name":"Marta"}]})"}}}));
  Screen screen;
  EXPECT_EQ(screen.run({"watch", "--ai", "--after", "0", "--count", "1", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str(),
            "2       day 2 00:00   DialogueStarted                  anna to Marta: \"Hi\"\n");
}

// One thought as router.Status lists it.
Json thought(std::int64_t number, const std::string& state, const std::string& outcome, std::int64_t slack_us,
             std::int64_t preemptions = 0) {
  return {{"engine", "llama"},
          {"number", std::to_string(number)},
          {"caller", "marta"},
          {"model", "m-0.5b"},
          {"tier", "gold"},
          {"state", state},
          {"outcome", outcome},
          {"waited_us", "3200"},
          {"slack_us", std::to_string(slack_us)},
          {"new_tokens", 1},
          {"preemptions", preemptions},
          {"wasted_tokens", preemptions * 30},
          {"reason", outcome == "dropped" ? "engine.doomed" : ""}};
}

// A server that shows one list of thoughts after the other, the last again and again.
TestServer::Handler thinking(std::vector<Json> looks) {
  auto look = std::make_shared<std::size_t>(0);
  return [looks = std::move(looks), look](const SeenRequest& request) -> TestReply {
    if (request.line == "POST /api/router/Status") {
      const auto& now = looks[std::min(*look, looks.size() - 1)];
      ++*look;
      return {.body = compact({{"thoughts", now}})};
    }
    if (request.line == "POST /api/npc/List") return {.body = R"({"npcs":[{"id":"marta","name":"Marta"}]})"};
    return {.body = R"({"events":[],"last_sequence":"3"})"};
  };
}

TEST(Watch, ShowsWhoThinksAndHowItEnded) {
  TestServer server(
      thinking({Json::array({thought(1, "ended", "met", 5), thought(2, "waiting", "open", 180'000)}),
                Json::array({thought(2, "generating", "open", 90'000)}),
                Json::array({thought(2, "generating", "open", 50'000, 1)}),
                Json::array({thought(2, "ended", "met", 20'000, 1), thought(3, "ended", "late", -4'000)}),
                Json::array({thought(4, "ended", "dropped", -1'000)})}));
  Screen screen;
  EXPECT_EQ(screen.run({"watch", "--ai", "--count", "5", "--server", server.url()}), 0);
  EXPECT_EQ(
      screen.out.str(),
      "Marta            gold    waiting     180 ms left; waited 3.2 ms; 1 new token; m-0.5b\n"
      "Marta            gold    generating  50 ms left; waited 3.2 ms; 1 new token; pre-empted 1 time; "
      "30 tokens in vain; m-0.5b\n"
      "Marta            gold    met         20 ms to spare; waited 3.2 ms; 1 new token; pre-empted 1 time; "
      "30 tokens in vain; m-0.5b\n"
      "Marta            gold    late        4.0 ms late; waited 3.2 ms; 1 new token; m-0.5b\n"
      "Marta            gold    dropped     1.0 ms late; engine.doomed; waited 3.2 ms; 1 new token; "
      "m-0.5b\n");
}

TEST(Watch, ThoughtsForPrograms) {
  TestServer server(thinking({Json::array(), Json::array({thought(7, "ended", "cancelled", 0)})}));
  Screen screen;
  EXPECT_EQ(screen.run({"watch", "--ai", "--json", "--count", "1", "--server", server.url()}), 0);
  const auto line = Json::parse(screen.out.str());
  EXPECT_EQ(text_in(object_in(line, "thought"), "outcome"), "cancelled");
}

TEST(Watch, APlayerSeesWhatHappensButNotWhoThinks) {
  TestServer server([](const SeenRequest& request) -> TestReply {
    if (request.line == "POST /api/router/Status") {
      return error_reply(403, "permission_denied", "rpc.role", "router.Status is not for the role 'player'");
    }
    return {.body = R"({"events":[)" + day_event(2, "DialogueStarted") + R"(],"last_sequence":"2"})"};
  });
  Screen screen;
  EXPECT_EQ(screen.run({"watch", "--ai", "--after", "0", "--count", "2", "--server", server.url()}), 0);
  EXPECT_EQ(screen.err.str(), "troupe: router.Status is not for the role 'player'\n");
}

TEST(Watch, EndsWellWithASignal) {
  TestServer server([](const SeenRequest& request) -> TestReply {
    // As Ctrl-C would, while the command waits for an answer.
    if (Json::parse(request.body, nullptr, false).contains("after_sequence")) std::raise(SIGINT);
    return {.body = R"({"events":[],"last_sequence":"3"})"};
  });
  Screen screen;
  EXPECT_EQ(screen.run({"watch", "--server", server.url()}), 0);
  EXPECT_EQ(screen.out.str() + screen.err.str(), "");
}

TEST(Why, IsAChainWithTheDecisionsInIt) {
  const std::string chain =
      R"({"chain":[{"event_id":"w-9","type":"NpcDecided","subject":"marta","at_ms":"25920000",)"
      R"("payload":{"npc":"marta","choice":"light the lamp","tier":"gold"},)"
      R"("decision":{"output":"light the lamp","tier":"gold","model":"m-0.5b","method":"likelihood","total_us":"43210","deadline_ms":"100","deadline_met":true,)"
      R"("prompt":"You are Marta.\nIt is dark.","options":["light the lamp","go home"],"probabilities":[0.75,0.25],"choice":0,)"
      R"("verdict":"done","prompt_tokens":212,"cached_tokens":180,"new_tokens":1,"cost_microusd":"3",)"
      R"("slack_us":"60000","predicted_us":"35000","computed_us":"36100","preemptions":1,"wasted_tokens":30,"cut":"sentence","admission":"downgraded"}},)"
      R"({"event_id":"w-8","type":"TimeAdvanced","subject":"","at_ms":"25860000","payload":{"to_ms":"25860000"},)"
      R"("input":{"sequence":4,"type":"time.Advance","caller":"local","role":"admin"}}]})";
  TestServer server(table(
      {{"POST /api/world/Why", {.body = chain}}, {"POST /api/world/Get", {.body = R"({"name":"w"})"}}}));
  Screen screen;
  EXPECT_EQ(screen.run({"why", "9", "--server", server.url()}), 0);
  EXPECT_EQ(
      screen.out.str(),
      "w-9, day 1 07:12: NpcDecided of marta\n"
      "  marta chooses: light the lamp (gold)\n"
      "  gold, m-0.5b by likelihood; 43 ms of 100 ms, in time\n"
      "  212 prompt tokens (180 from the cache), 1 new; 3 micro-USD\n"
      "  began with 60 ms to spare; predicted 35 ms, took 36 ms; stopped 1 time for somebody more urgent; 30 "
      "tokens computed in vain; cut short: sentence; downgraded\n"
      "  ███████████████░░░░░  75 % > light the lamp\n"
      "  █████░░░░░░░░░░░░░░░  25 %   go home\n"
      "  verdict: done\n"
      "  prompt: You are Marta. It is dark.\n"
      "  └ because of w-8, day 1 07:11: TimeAdvanced\n"
      "      the clock was set forward to day 1 07:11\n"
      "      asked for by local (admin) with time.Advance, input 4\n");
  EXPECT_EQ(server.seen().at(1).body, R"({"event_id":"w-9"})");
  Screen full;
  EXPECT_EQ(full.run({"why", "w-9", "--full", "--server", server.url()}), 0);
  EXPECT_THAT(full.out.str(), HasSubstr("  prompt:\n    You are Marta.\n    It is dark.\n"));
}

TEST(Verify, SaysWhetherTheLogIsIntact) {
  TestServer good(
      table({{"POST /api/world/Verify",
              {.body = R"({"events":"12","inputs":"3","log_hash":"ab","state_hash":"cd","problem":""})"}}}));
  Screen screen;
  EXPECT_EQ(screen.run({"world", "verify", "--server", good.url()}), 0);
  EXPECT_EQ(screen.out.str(), "intact: 12 events from 3 inputs\nlog    ab\nstate  cd\n");
  TestServer bad(table({{"POST /api/world/Verify", {.body = R"({"problem":"event 4 was changed"})"}}}));
  Screen broken;
  EXPECT_EQ(broken.run({"world", "verify", "--server", bad.url()}), 1);
  EXPECT_EQ(broken.err.str(), "troupe: the log is not intact: event 4 was changed\n");
}

}  // namespace
}  // namespace troupe::cli
