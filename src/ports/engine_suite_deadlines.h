#pragma once
// What ports/engine.h promises about time. Part of the contract suite: include it beside engine_suite.h.
#include "ports/engine_suite.h"

namespace troupe::engine {

TEST_P(EngineSuite, PassedDeadlineIsAnsweredAtOnce) {
  auto request = talk();
  request.deadline = env_.now() + std::chrono::milliseconds(-1);
  const auto reply = generate(request);
  if (!GetParam().has_model) {
    EXPECT_TRUE(reply) << "a reflex answers when it is too late for everything else";
    return;
  }
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::deadline_exceeded);
  EXPECT_TRUE(idle());
}

TEST_P(EngineSuite, AtTheDeadlineWhatWasStreamedIsTheAnswer) {
  if (!GetParam().has_model) {
    EXPECT_TRUE(generate(talk()));
    return;
  }
  // How long a text takes here and now decides what "in the middle" is.
  auto request = talk("Tell a very long story of a lighthouse, a storm and a ship. Do not stop.", 400);
  request.sampling.temperature = 0;
  auto probe = request;
  probe.tokens_max = 12;
  const auto measured = generate(probe);
  ASSERT_TRUE(measured) << measured.error().message;
  request.deadline = env_.now() + std::chrono::microseconds(2 * measured->usage.total_us);
  const auto call = start_generate(request);
  const auto reply = wait(call);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->finish, Finish::deadline);
  EXPECT_FALSE(reply->text.empty());
  EXPECT_EQ(reply->text, joined(call->pieces));
  EXPECT_TRUE(idle()) << "the engine still works for a caller whose deadline has passed";
}

TEST_P(EngineSuite, TheFirstTokenHasADeadlineOfItsOwn) {
  if (!GetParam().has_model) {
    EXPECT_TRUE(generate(talk()));
    return;
  }
  // Longer than any engine reads at once: it is between steps that they look at the time.
  std::string text = "Tell a very long story of all this. Do not stop.";
  for (int i = 0; i < 60; ++i)
    text += " There was a lighthouse with " + std::to_string(i) + " lamps in a storm.";
  auto request = talk(text, 100);
  request.sampling.temperature = 0;
  request.first_token_by = env_.now() + std::chrono::milliseconds(1);
  const auto late = generate(request);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::deadline_exceeded);
  EXPECT_TRUE(idle());

  // The same text twice: a time half way between its first token and its end is far from both, however busy
  // the machine is.
  request.first_token_by = rt::Instant::never();
  auto read = request;
  read.tokens_max = 1;
  ASSERT_TRUE(generate(read)) << "so that the prompt is read for both";
  const auto measured = generate(request);
  ASSERT_TRUE(measured) << measured.error().message;
  const auto& took = measured->usage;
  const auto within = std::chrono::microseconds((took.first_token_us + took.total_us) / 2);
  request.first_token_by = env_.now() + within;
  const auto begun = generate(request);
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_NE(begun->finish, Finish::deadline);
  EXPECT_GT(begun->usage.total_us, within.count()) << "it went on, since it had begun in time";
}

TEST_P(EngineSuite, JsonIsWholeOrAnErrorWhateverTheDeadline) {
  if (!GetParam().has_model || !GetParam().constrains) {
    EXPECT_TRUE(generate(talk()));
    return;
  }
  auto request = talk("Tell a very long story of a lighthouse as JSON.", 400);
  request.json_schema =
      R"({"type":"object","properties":{"story":{"type":"string"},"sad":{"type":"boolean"}},)"
      R"("required":["story","sad"],"additionalProperties":false})";
  auto probe = talk("Tell a very long story.", 12);
  const auto measured = generate(probe);
  ASSERT_TRUE(measured) << measured.error().message;
  for (const int times : {1, 2, 4, 8}) {
    request.deadline = env_.now() + std::chrono::microseconds(times * measured->usage.total_us);
    const auto reply = generate(request, times % 4 == 0);
    if (reply) {
      const auto end = reply->text.find_last_not_of(" \n\t");
      ASSERT_NE(end, std::string::npos);
      EXPECT_EQ(reply->text[end], '}') << reply->text;
      EXPECT_NE(reply->text.find("\"sad\""), std::string::npos) << reply->text;
    } else {
      EXPECT_EQ(reply.error().code, Code::deadline_exceeded) << reply.error().reason;
    }
  }
  EXPECT_TRUE(idle());
}

TEST_P(EngineSuite, WhatIsCutAtASentenceEndsWithOne) {
  auto request = talk("Tell a very long story of a lighthouse, a storm and a ship. Do not stop.", 400);
  auto probe = request;
  probe.tokens_max = 12;
  const auto measured = generate(probe);
  ASSERT_TRUE(measured) << measured.error().message;
  for (const int times : {2, 4, 6}) {
    request.deadline = env_.now() + std::chrono::microseconds(times * measured->usage.total_us + 100'000);
    const auto call = start_generate(request);
    const auto reply = wait(call);
    if (!reply) {
      EXPECT_EQ(reply.error().code, Code::deadline_exceeded);
      continue;
    }
    EXPECT_EQ(joined(call->pieces), reply->text);
    if (reply->usage.cut != Cut::sentence) continue;
    EXPECT_EQ(reply->finish, Finish::deadline);
    ASSERT_FALSE(reply->text.empty());
    EXPECT_EQ(reply->text, trim(reply->text)) << "ends where a sentence ends";
  }
}

}  // namespace troupe::engine
