// What `models judge` asks a server, and what it makes of the answers.
#include <gmock/gmock.h>

#include <atomic>

#include "cli/choice_scenes.h"
#include "cli/rpc.h"
#include "cli/test_server.h"

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;

// A server with a model that repeats what it hears and takes the first option, one that only chooses, and one
// that is known and not loaded.
class ParrotServer {
 public:
  ParrotServer() : server_([this](const SeenRequest& request) { return answer(request); }) {}
  const std::string& url() const { return server_.url(); }
  std::size_t count(std::string_view line) {
    return static_cast<std::size_t>(std::ranges::count(server_.seen(), line, &SeenRequest::line));
  }
  Json kept() {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  std::string tier = "gold";  // the only one whose models can be asked to choose
  bool keeps = true;
  std::atomic<int> answers = 1000;  // to choices; whoever comes later is refused

 private:
  static std::string line_of(const Json& asked) {
    std::string line = text_in(asked.at("messages").back(), "content");
    if (const auto note = line.find("[Note: "); note == 0) line = line.substr(7, line.find(']') - 7);
    return line;
  }
  TestReply answer(const SeenRequest& request) {
    const Json asked = Json::parse(request.body, nullptr, false);
    if (request.line == "POST /api/models/List")
      return {
          .body =
              R"({"models":[{"name":"parrot","loaded":true,"tiers":["silver"]},)"
              R"({"name":"picker","loaded":true,"tiers":["choice"]},{"name":"away","tiers":["silver"]}]})"};
    if (request.line == "POST /api/router/Choose") {
      if (text_in(asked, "tier") != tier)
        return error_reply(404, "not_found", "router.unknown_model", "not here");
      if (++choices_ > answers) return error_reply(503, "unavailable", "engine.doomed", "too late");
      return {.body = R"({"choice":0,"model":")" + text_in(asked, "model") + R"("})"};
    }
    if (request.line == "POST /api/models/Grade") {
      if (!keeps) return error_reply(403, "permission_denied", "rpc.role", "only an administrator may");
      const std::lock_guard lock(mutex_);
      kept_[text_in(asked, "name")] = asked.at("grade");
      return {};
    }
    if (request.line != "POST /v1/chat/completions")
      return error_reply(404, "not_found", "rpc.unknown", "no");
    if (text_in(asked, "model") != "parrot")
      return error_reply(404, "not_found", "openai.model_not_found", "no model of that name");
    Json reply;
    reply["choices"] = Json::array({{{"message", {{"role", "assistant"}, {"content", line_of(asked)}}}}});
    return {.body = compact(reply)};
  }

  std::atomic<int> choices_ = 0;
  std::mutex mutex_;
  Json kept_ = Json::object();
  TestServer server_;
};

// One that knows everything is right where something is known, and wrong where nothing is.
TEST(Judge, PutsTheExamAndTheScenesToAModelAndHasTheGradeKept) {
  ParrotServer server;
  server.tier = "silver";
  Screen screen;
  ASSERT_EQ(screen.run({"models", "judge", "--json", "--server", server.url()}), 0) << screen.err.str();
  const Json grade = Json::parse(screen.out.str());
  EXPECT_EQ(text_in(grade, "model"), "parrot") << "without a name: what is loaded and speaks";
  EXPECT_GT(real_in(grade, "ground"), .8) << "it repeats the note";
  EXPECT_LT(real_in(grade, "react"), .5) << "an echo is no answer";
  EXPECT_LT(real_in(grade, "all"), 1) << screen.out.str();
  const auto asked = server.count("POST /v1/chat/completions");
  EXPECT_EQ(asked % 2, 0U) << "each question twice";
  EXPECT_GE(asked, 40U);
  const std::string may = compact(list_in(grade, "may"));
  EXPECT_EQ(may.find("first"), std::string::npos) << may;
  EXPECT_EQ(may.find("small_talk"), std::string::npos) << may;
  const auto choices = number_in(grade, "choices");
  EXPECT_GE(choices, 50);
  EXPECT_EQ(server.count("POST /api/router/Choose"), static_cast<std::size_t>(choices) + 1)
      << "gold has no such model; then silver is asked";
  EXPECT_GT(real_in(grade, "choice_right"), .1);
  EXPECT_LT(real_in(grade, "choice_right"), .45) << "the first option is right as often as any";
  EXPECT_GT(real_in(grade, "choice_p99_ms"), 0);
  EXPECT_TRUE(flag_in(grade, "kept"));
  const Json kept = server.kept();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept.at("parrot").at("ground"), grade.at("ground"));
  EXPECT_TRUE(flag_in(kept.at("parrot"), "examined"));
}

TEST(Judge, AModelThatOnlyChoosesIsAskedToChoose) {
  ParrotServer server;
  Screen screen;
  ASSERT_EQ(screen.run({"models", "judge", "picker", "--server", server.url()}), 0) << screen.err.str();
  EXPECT_EQ(server.count("POST /v1/chat/completions"), 0U);
  EXPECT_THAT(screen.out.str(), ::testing::StartsWith("picker  choices 0."));
  EXPECT_EQ(screen.out.str().find("talk.may"), std::string::npos);
  EXPECT_FALSE(flag_in(server.kept().at("picker"), "examined"));
}

// A machine that is too busy says nothing of the model.
TEST(Judge, ScenesWithoutAnAnswerAreNoWrongChoices) {
  ParrotServer server;
  server.answers = 54;
  Screen screen;
  ASSERT_EQ(screen.run({"models", "judge", "picker", "--json", "--server", server.url()}), 0)
      << screen.err.str();
  EXPECT_EQ(number_in(Json::parse(screen.out.str()), "choices"), 54);
  ParrotServer busy;
  busy.answers = 53;
  Screen refused;
  EXPECT_EQ(refused.run({"models", "judge", "picker", "--server", busy.url()}), 1);
  EXPECT_EQ(refused.err.str(), "troupe: 6 of 59 were not answered: too late\n");
  EXPECT_EQ(busy.count("POST /api/models/Grade"), 0U);
}

TEST(Judge, WhatWasNotKeptOrNotAskedIsSaid) {
  ParrotServer server;
  server.tier = "none";
  server.keeps = false;
  Screen screen;
  EXPECT_EQ(screen.run({"models", "judge", "parrot", "--server", server.url()}), 1);
  EXPECT_THAT(screen.out.str(), HasSubstr("choices: not here"));
  EXPECT_THAT(screen.out.str(), HasSubstr("talk.may: parrot "));
  EXPECT_EQ(screen.err.str(), "troupe: parrot: its grade is not kept: only an administrator may\n");
  Screen unknown;
  EXPECT_EQ(unknown.run({"models", "judge", "nobody", "--server", server.url()}), 1);
  EXPECT_THAT(unknown.err.str(), HasSubstr("no model of that name"));
  TestServer none(
      [](const SeenRequest&) -> TestReply { return {.body = R"({"models":[{"name":"away"}]})"}; });
  Screen nothing;
  EXPECT_EQ(nothing.run({"models", "judge", "--server", none.url()}), 1);
  EXPECT_THAT(nothing.err.str(), HasSubstr("no model that speaks"));
}

TEST(Judge, ScenesAreReadWithWhatIsSensible) {
  const auto scenes = suite_scenes();
  EXPECT_EQ(scenes.size(), 59U);
  for (const auto& scene : scenes) {
    EXPECT_TRUE(scene.who.starts_with("You are ")) << scene.who;
    EXPECT_GE(scene.options.size(), 3U) << scene.scene;
    EXPECT_FALSE(scene.sensible.empty()) << scene.scene;
    EXPECT_LT(scene.sensible.size(), scene.options.size()) << scene.scene;
  }
  const auto wrong =
      load_scenes("s.yaml",
                  "people:\n  - who: You are Ada.\n    scenes: []\n  - who: You are Bo.\n    scenes:\n"
                  "      - {tag: x, scene: It rains., options: [a, b], sensible: [c]}\n");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(pack::to_string(wrong.error().front()), "s.yaml:6:64: this is none of the options");
}

}  // namespace
}  // namespace troupe::cli
