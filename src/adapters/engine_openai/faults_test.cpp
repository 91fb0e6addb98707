// An upstream that misbehaves in every way we thought of: the caller has an answer or an error within its
// deadline and 50 ms, nothing is left open, and the next call works.
#include "adapters/engine_openai/openai_fixture.h"

namespace troupe::engine {
namespace {

constexpr auto kGrace = std::chrono::milliseconds(50);

struct Fault {
  std::string name;
  FaultUpstream::Script script;
  std::string reason;  // of the error; "" = an answer
  Finish finish = Finish::stop;
  std::string text = {};
  std::chrono::milliseconds within{600};
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::string bytes_of_chunks(const std::string& text) {
  return "data: " + nlohmann::json{{"choices", {{{"delta", {{"content", text}}}}}}}.dump() + "\n\n";
}

std::vector<Fault> faults() {
  const std::string end = R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}]})"
                          "\n\ndata: [DONE]\n\n";
  return {
      {"hangs_before_it_answers", [](Peer& p) { p.gone(); }, "engine.silent"},
      {"hangs_after_the_headers", [](Peer& p) { p.chunked_head() && p.gone(); }, "engine.silent"},
      {"hangs_in_the_headers",
       [](Peer& p) {
         p.send("HTTP/1.1 200 OK\r\nContent-");
         p.gone();
       },
       "engine.silent"},
      {"hangs_in_mid_stream", [](Peer& p) { p.chunked_head() && p.word("It is") && p.gone(); }, "",
       Finish::deadline, "It is"},
      {"hangs_after_the_last_token",
       [](Peer& p) {
         p.chunked_head() && p.word("It is.") &&
             p.event(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})") && p.gone();
       },
       "", Finish::stop, "It is.", std::chrono::milliseconds(5'000)},
      {"keeps_alive_without_a_word",
       [](Peer& p) {
         p.chunked_head();
         while (!p.broken() && p.chunk(": still here\n\n")) p.gone(20);
       },
       "engine.silent"},
      {"trickles_a_byte_a_second_of_headers",
       [](Peer& p) {
         for (const char c : std::string("HTTP/1.1 200 OK\r\n")) {
           if (p.broken() || !p.send(std::string(1, c))) return;
           p.gone(1000);
         }
       },
       "engine.silent", Finish::stop, "", std::chrono::milliseconds(1'500)},
      {"trickles_a_byte_a_second_of_text",
       [](Peer& p) {
         p.chunked_head() && p.word("It ");
         for (const char c : bytes_of_chunks("never ends")) {
           if (p.broken() || !p.chunk(std::string(1, c))) return;
           p.gone(1000);
         }
       },
       "", Finish::deadline, "It ", std::chrono::milliseconds(1'500)},
      {"resets_at_once", [](Peer& p) { p.reset(); }, "engine.cut_off"},
      {"resets_in_mid_stream",
       [](Peer& p) {
         p.chunked_head() && p.word("It is");
         p.reset();
       },
       "engine.cut_off"},
      {"closes_at_once", [](Peer& p) { p.close(); }, "engine.cut_off"},
      {"closes_early",
       [](Peer& p) {
         p.head() && p.send(bytes_of_chunks("It is"));
         p.close();
       },
       "engine.cut_off"},
      {"ends_the_chunks_early", [](Peer& p) { p.chunked_head() && p.word("It is") && p.send("0\r\n\r\n"); },
       "engine.cut_off"},
      {"says_more_bytes_than_come",
       [=](Peer& p) {
         p.head("text/event-stream", "Content-Length: 9999\r\n") && p.send(bytes_of_chunks("It is"));
         p.close();
       },
       "engine.cut_off"},
      {"says_more_bytes_than_come_and_hangs",
       [=](Peer& p) {
         p.head("text/event-stream", "Content-Length: 9999\r\n") && p.send(bytes_of_chunks("It is.") + end) &&
             p.gone();
       },
       "", Finish::stop, "It is.", std::chrono::milliseconds(5'000)},
      {"says_fewer_bytes_than_come",
       [=](Peer& p) {
         p.head("text/event-stream", "Content-Length: 20\r\n") && p.send(bytes_of_chunks("It is.") + end);
       },
       "engine.cut_off"},
      {"says_a_negative_length",
       [=](Peer& p) {
         p.head("text/event-stream", "Content-Length: -5\r\n") && p.send(end);
         p.close();
       },
       "engine.cut_off"},
      {"breaks_its_chunks",
       [](Peer& p) {
         p.chunked_head() && p.send("zzz\r\nwhat\r\n");
         p.close();
       },
       "engine.cut_off"},
      {"speaks_no_http",
       [](Peer& p) {
         p.send("220 mail.example ESMTP\r\n");
         p.close();
       },
       "engine.cut_off"},
      {"sends_bytes_that_are_no_utf8",
       [=](Peer& p) {
         p.head() &&
             p.send("data: {\"choices\":[{\"delta\":{\"content\":\"a\xff\xc3(\xed\xa0\x80z\"}}]}\n\n" + end);
         p.close();
       },
       "", Finish::stop, "a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBDz"},
      {"sends_json_that_is_none", [](Peer& p) { p.chunked_head() && p.event("{\"choices\":[{") && p.gone(); },
       "engine.bad_reply"},
      {"sends_half_a_surrogate",
       [](Peer& p) {
         p.chunked_head() && p.event(R"({"choices":[{"delta":{"content":"\ud83d"}}]})") && p.gone();
       },
       "engine.bad_reply"},
      {"sends_json_of_another_shape",
       [](Peer& p) { p.chunked_head() && p.event(R"([1,2,{"choices":7}])") && p.gone(); },
       "engine.bad_reply"},
      {"nests_its_json", [](Peer& p) { p.chunked_head() && p.event(std::string(100'000, '[')) && p.gone(); },
       "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"nests_its_json_and_closes_it",
       [](Peer& p) {
         p.chunked_head() && p.event(std::string(100'000, '[') + std::string(100'000, ']')) && p.gone();
       },
       "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"answers_200_with_an_error",
       [](Peer& p) { p.whole(R"({"error":{"message":"out of memory","type":"server_error"}})"); },
       "engine.failed"},
      {"answers_200_with_an_error_in_the_stream",
       [](Peer& p) { p.chunked_head() && p.event(R"({"error":{"message":"no","code":400}})") && p.gone(); },
       "engine.refused"},
      {"answers_200_with_a_web_page", [](Peer& p) { p.whole("<html>It works!</html>"); }, "engine.bad_reply"},
      {"does_not_stream",
       [](Peer& p) {
         p.whole(R"({"choices":[{"message":{"content":"It is Odo."},"finish_reason":"length"}]})");
       },
       "", Finish::length, "It is Odo."},
      {"is_busy_without_saying_for_how_long",
       [](Peer& p) { p.whole(R"({"error":{"message":"slow down"}})", "429 Busy"); }, "engine.upstream_busy"},
      {"is_busy_for_an_hour",
       [](Peer& p) { p.whole(R"({"error":{"message":"slow down"}})", "429 Busy", "Retry-After: 3600\r\n"); },
       "engine.upstream_busy"},
      {"fails", [](Peer& p) { p.whole("oh no", "500 No"); }, "engine.failed"},
      {"is_away", [](Peer& p) { p.whole("", "503 Away", "Retry-After: 1\r\n"); }, "engine.failed"},
      {"wants_another_key", [](Peer& p) { p.whole(R"({"error":{"message":"bad key sk-1234"}})", "401 No"); },
       "engine.bad_key"},
      {"leads_elsewhere", [](Peer& p) { p.whole("", "302 Found", "Location: http://127.0.0.1:1/v1\r\n"); },
       "engine.redirected"},
      {"sends_a_line_of_a_gigabyte",
       [](Peer& p) {
         p.chunked_head() && p.send("40000000\r\ndata: ");
         const std::string much(1 << 20, 'x');
         for (int i = 0; i < 1024 && p.send(much); ++i) {
         }
       },
       "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"sends_events_without_end",
       [](Peer& p) {
         p.chunked_head();
         while (p.chunk(": " + std::string(1000, 'x') + "\n\n")) {
         }
       },
       "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"sends_headers_without_end",
       [](Peer& p) {
         p.send("HTTP/1.1 200 OK\r\n");
         for (int i = 0; i < 100'000 && p.send("X-More: " + std::string(1000, 'x') + "\r\n"); ++i) {
         }
       },
       "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"sends_informational_heads_without_end",
       [](Peer& p) {
         while (p.send("HTTP/1.1 102 Processing\r\n\r\n")) {
         }
       },
       "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"refuses_at_great_length",
       [](Peer& p) {
         p.head("text/plain", "", "500 No");
         while (p.send(std::string(4096, 'x'))) {
         }
       },
       "engine.failed", Finish::stop, "", std::chrono::milliseconds(10'000)},
      {"counts_wrongly",
       [](Peer& p) {
         p.chunked_head() && p.word("It is.") &&
             p.event(
                 R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":-7,"completion_tokens":1e300}})") &&
             p.event("[DONE]") && p.send("0\r\n\r\n");
       },
       "", Finish::stop, "It is."},
      {"is_cut_off_by_a_filter",
       [](Peer& p) { p.chunked_head() && p.word("It is. And") && p.end_of_stream("content_filter"); }, "",
       Finish::length, "It is. And"},
      {"finishes_in_an_unknown_way",
       [](Peer& p) { p.chunked_head() && p.word("It is.") && p.end_of_stream("eos_or_so"); }, "",
       Finish::stop, "It is."},
  };
}

class Faults : public OpenAiFixture, public testing::WithParamInterface<Fault> {};

TEST_P(Faults, TheCallerHasAnAnswerInTimeAndNothingIsLeft) {
  const auto& fault = GetParam();
  upstream_.script(fault.script);
  open();
  // What a timer at the deadline does on this machine, now, is what "in time" can mean.
  const auto request = talk(fault.within);
  std::optional<rt::Instant> bell, answered;
  auto timer = clock_.call_at(request.deadline, [&] { bell = env_.now(); });
  const auto call = start<GenerateReply>([&](CallPtr<GenerateReply> c) -> Task<GenerateReply> {
    auto reply =
        co_await engine_->generate(request, [c](std::string_view piece) { c->pieces.emplace_back(piece); });
    answered = env_.now();
    co_return reply;
  });
  const auto reply = wait(call);
  EXPECT_LE(*answered, std::max(request.deadline, bell.value_or(request.deadline)) + kGrace);
  if (fault.within > std::chrono::milliseconds(1'500)) {
    EXPECT_FALSE(bell) << "it waits for a deadline where it could know better";
  }
  if (fault.reason.empty()) {
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text, fault.text);
    EXPECT_EQ(finish_name(reply->finish), finish_name(fault.finish));
    EXPECT_EQ(joined(call->pieces), reply->text);
    EXPECT_GE(reply->usage.prompt_tokens, 0);
    EXPECT_LE(reply->usage.new_tokens, 100'000'000);
  } else {
    ASSERT_FALSE(reply) << reply->text;
    EXPECT_EQ(reply.error().reason, fault.reason) << reply.error().message;
    EXPECT_EQ(reply.error().message.find("sk-1234"), std::string::npos) << "the key is nobody's business";
    EXPECT_EQ(reply.error().message.find('\n'), std::string::npos);
  }
  // Nothing under way, and what the fault has left half done is closed.
  ASSERT_TRUE(idle());
  EXPECT_LE(upstream_.open(), 1);
  const auto before = seen_state().problem;
  if (fault.name.starts_with("is_busy_for")) return;  // it has asked to be left alone
  upstream_.script(good);
  const auto after = generate(talk());
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->text, "It is Odo.");
  EXPECT_EQ(seen_state().problem, "") << before;
}

INSTANTIATE_TEST_SUITE_P(Upstream, Faults, testing::ValuesIn(faults()),
                         [](const auto& param) { return param.param.name; });

// The same for replies in one piece.
class ChoiceFaults : public OpenAiFixture, public testing::WithParamInterface<Fault> {};

TEST_P(ChoiceFaults, TheCallerHasAnAnswerInTime) {
  upstream_.script(GetParam().script);
  open();
  const auto request = question(GetParam().within);
  std::optional<rt::Instant> bell;
  auto timer = clock_.call_at(request.deadline, [&] { bell = env_.now(); });
  const auto reply = choose(request);
  EXPECT_LE(env_.now(), std::max(request.deadline, bell.value_or(request.deadline)) + kGrace);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, GetParam().reason) << reply.error().message;
  EXPECT_TRUE(idle());
}

INSTANTIATE_TEST_SUITE_P(
    Upstream, ChoiceFaults,
    testing::Values(
        Fault{"hangs", [](Peer& p) { p.gone(); }, "engine.silent"},
        Fault{
            "hangs_in_the_body",
            [](Peer& p) { p.head("application/json", "Content-Length: 99\r\n") && p.send("{") && p.gone(); },
            "engine.silent"},
        Fault{"sends_no_json", [](Peer& p) { p.whole("{"); }, "engine.bad_reply"},
        Fault{"has_no_choices", [](Peer& p) { p.whole("{}"); }, "engine.bad_reply"},
        Fault{"chooses_nothing", [](Peer& p) { p.whole(R"({"choices":[{"message":{"content":"both"}}]})"); },
              "engine.no_choice"},
        Fault{"chooses_what_is_not_there",
              [](Peer& p) { p.whole(R"({"choices":[{"message":{"content":"{\"choice\":\"Z\"}"}}]})"); },
              "engine.no_choice"},
        Fault{"sends_without_end",
              [](Peer& p) {
                p.head("application/json");
                while (p.send(std::string(4096, ' '))) {
                }
              },
              "engine.bad_reply", Finish::stop, "", std::chrono::milliseconds(10'000)}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace troupe::engine
