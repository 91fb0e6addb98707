#include "cli/parse.h"

#include <gmock/gmock.h>

#include "cli/test_server.h"

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;

struct Bad {
  std::vector<std::string> words;
  std::string problem;
};

class BadUsage : public ::testing::TestWithParam<Bad> {};

TEST_P(BadUsage, IsStatusTwoAndOneLine) {
  Screen screen;
  EXPECT_EQ(screen.run(GetParam().words), 2);
  EXPECT_EQ(screen.err.str(), "troupe: " + GetParam().problem + "\n");
  EXPECT_EQ(screen.out.str(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadUsage,
    ::testing::Values(
        Bad{{"tlak"}, "no command 'tlak'; did you mean 'talk'?"},
        Bad{{"xyzzyplugh"}, "no command 'xyzzyplugh'; see `troupe --help`"},
        Bad{{"model", "ls"}, "no command 'model'; did you mean 'models'?"},
        Bad{{"models"}, "`troupe models` wants a command; see `troupe models --help`"},
        Bad{{"models", "pul"}, "no command 'models pul'; did you mean 'pull'?"},
        Bad{{"models", "bench"}, "NAME is missing; name a model, or --all"},
        Bad{{"models", "rm", "x", "--all"}, "NAME and --all do not go together"},
        Bad{{"--json", "status"}, "the command comes first, then '--json'; see `troupe --help`"},
        Bad{{"status", "--jsno"}, "`troupe status` has no option '--jsno'; did you mean '--json'?"},
        Bad{{"status", "--frobnicate"},
            "`troupe status` has no option '--frobnicate'; see `troupe status --help`"},
        Bad{{"status", "now"}, "'now' is one argument too many; usage: troupe status [OPTIONS]"},
        Bad{{"status", "--server", "ftp://x"},
            "'ftp://x' is no server's address; one looks like http://127.0.0.1:7777"},
        Bad{{"check"}, "DIR is missing; see `troupe check --help`"},
        Bad{{"check", "a", "b"}, "'b' is one argument too many; usage: troupe check DIR [OPTIONS]"},
        Bad{{"talk"}, "NPC is missing; see `troupe talk --help`"},
        Bad{{"why"}, "EVENT-ID is missing; see `troupe why --help`"},
        Bad{{"bench"}, "NAME is missing; name a benchmark, or --all"},
        Bad{{"bench", "bus", "--all"}, "NAME and --all do not go together"},
        Bad{{"call"}, "METHOD is missing; `troupe call --list` shows them all"},
        Bad{{"call", "npc.Tlak", "{}"}, "no method 'npc.Tlak'; did you mean 'npc.Talk'?"},
        Bad{{"call", "zzzzzzzz"}, "no method 'zzzzzzzz'; `troupe call --list` shows them all"},
        Bad{{"call", "--list", "wether"}, "no service 'wether'; did you mean 'weather'?"},
        Bad{{"watch", "--type", "WetherChanged"},
            "no event type 'WetherChanged'; did you mean 'WeatherChanged'?; `troupe call events.Types` lists "
            "them"},
        Bad{{"watch", "--type", "MinuteTicked"},
            "MinuteTicked is not kept in the log, so that watch cannot show it"},
        Bad{{"watch", "--type", "DayChanged", "--ai"}, "--ai and --type do not go together"},
        Bad{{"talk", "marta", "--deadline"}, "--deadline wants a value; see `troupe talk --help`"},
        Bad{{"up", "--data", "a", "--data", "b"},
            "--data stands there more than once; see `troupe up --help`"},
        Bad{{"talk", "marta", "--deadline", "soon"},
            "--deadline: Value soon not in range 1 to 600000; see `troupe talk --help`"},
        Bad{{"world", "verfy"}, "no command 'world verfy'; did you mean 'verify'?"}));

template <class Options>
Options parsed(const std::vector<std::string>& words, std::map<std::string, std::string> environment = {}) {
  const auto result = parse(words, [&](const char* name) { return environment[name]; });
  if (const auto* answer = std::get_if<Answer>(&result)) {
    ADD_FAILURE() << answer->problem;
    return {};
  }
  return std::get<Options>(std::get<Command>(result));
}

TEST(Parse, UpKeepsWhatWasTypedAndNothingElse) {
  const auto bare = parsed<UpOptions>({"up"});
  EXPECT_EQ(bare.data + bare.db + bare.config + bare.listen + bare.seed + bare.services + bare.bus + bare.log,
            "");
  EXPECT_TRUE(bare.worlds.empty());
  EXPECT_FALSE(bare.no_models);
  const auto full = parsed<UpOptions>(
      {"up",          "--world", "w",           "--data=d",    "--db",     "postgresql://u@h/n",
       "--config",    "c.yaml",  "--listen",    "127.0.0.1:0", "--seed",   "7",
       "--log",       "json",    "--log-level", "debug",       "--models", "m",
       "--no-models", "--bus",   "nats://h:1"});
  EXPECT_EQ(full.worlds, std::vector<std::string>{"w"});
  EXPECT_EQ(parsed<UpOptions>({"up", "--world", "a", "--world", "b"}).worlds,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(full.data, "d");
  EXPECT_EQ(full.db, "postgresql://u@h/n");
  EXPECT_EQ(full.config, "c.yaml");
  EXPECT_EQ(full.listen, "127.0.0.1:0");
  EXPECT_EQ(full.seed, "7");
  EXPECT_EQ(full.log, "json");
  EXPECT_EQ(full.log_level, "debug");
  EXPECT_EQ(full.models, "m");
  EXPECT_EQ(full.bus, "nats://h:1");
  EXPECT_TRUE(full.no_models);
}

TEST(Parse, ServerComesFromTheOptionThenTheEnvironmentThenTheDefault) {
  EXPECT_EQ(parsed<StatusOptions>({"status"}).server.url, "http://127.0.0.1:7777");
  EXPECT_EQ(parsed<StatusOptions>({"status"}, {{"TROUPE_SERVER", "box:80/"}}).server.url, "http://box:80");
  EXPECT_EQ(parsed<StatusOptions>({"status", "--server", "https://a"}, {{"TROUPE_SERVER", "b"}}).server.url,
            "https://a");
}

TEST(Parse, WhoTalksIsTheOptionThenTheUserThenAStranger) {
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta"}).server.player, "stranger");
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta"}, {{"USER", "anna"}}).server.player, "anna");
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta", "--as", "ben"}, {{"USER", "anna"}}).server.player, "ben");
  // A token says who one is.
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta"}, {{"USER", "anna"}, {"TROUPE_TOKEN", "t"}}).server.player,
            "");
}

TEST(Parse, TalkTakesItsTextWithAndWithoutQuotes) {
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta"}).text, "");
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta", "hello there"}).text, "hello there");
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta", "hello", "there", "--as", "anna"}).text, "hello there");
  EXPECT_EQ(parsed<TalkOptions>({"talk", "marta", "--", "--help", "me"}).text, "--help me");
}

TEST(Parse, WatchTakesSeveralTypes) {
  const auto watch =
      parsed<WatchOptions>({"watch", "--type", "DayChanged,PhaseChanged", "--type", "NpcMoved"});
  EXPECT_EQ(watch.types, (std::vector<std::string>{"DayChanged", "PhaseChanged", "NpcMoved"}));
  EXPECT_EQ(watch.after, -1);
  EXPECT_EQ(parsed<WatchOptions>({"watch", "--after", "0"}).after, 0);
}

TEST(Parse, CallTakesAMinusForStandardInput) {
  EXPECT_EQ(parsed<CallOptions>({"call", "time.Get", "-"}).body, "-");
  EXPECT_EQ(parsed<CallOptions>({"call", "time.Get", "{\"a\":-1}"}).body, "{\"a\":-1}");
}

TEST(Parse, ARequestThatDoesNotFitItsMethodIsNotSent) {
  for (const char* body : {R"({"ncp":"marta"})", "{\"npc\":", "[]", R"({"npc":7.5.1})"}) {
    Screen screen;
    EXPECT_EQ(screen.run({"call", "npc.Talk", body}), 2) << body;
    EXPECT_THAT(screen.err.str(), ::testing::StartsWith("troupe: npc.Talk does not take this request: "))
        << body;
    EXPECT_THAT(screen.err.str(), ::testing::EndsWith("; see `troupe call --list npc.Talk`\n")) << body;
    EXPECT_EQ(std::ranges::count(screen.err.str(), '\n'), 1) << screen.err.str();
  }
}

TEST(Parse, NumbersAreCheckedBeforeAnythingIsSent) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"talk", "marta", "--deadline", "soon"},
                                                                 {"talk", "marta", "--deadline", "0"},
                                                                 {"watch", "--after", "-3"},
                                                                 {"watch", "--count"}}) {
    Screen screen;
    EXPECT_EQ(screen.run(words), 2) << words.back();
    EXPECT_THAT(screen.err.str(), HasSubstr("--help`\n"));
    EXPECT_EQ(std::ranges::count(screen.err.str(), '\n'), 1) << screen.err.str();
  }
}

TEST(Parse, EveryCommandHelpsWithAnExample) {
  for (const auto& name : command_names()) {
    Screen screen;
    auto words = split(name, ' ');
    words.emplace_back("--help");
    EXPECT_EQ(screen.run(words), 0);
    EXPECT_THAT(screen.out.str(), HasSubstr("Usage: troupe " + name)) << name;
    EXPECT_THAT(screen.out.str(), HasSubstr("\nExample\n  ")) << name;
    EXPECT_THAT(screen.out.str(), HasSubstr("troupe " + name)) << name;
    EXPECT_THAT(screen.out.str(), ::testing::Not(HasSubstr(" in ["))) << name;
    for (const auto& line : split(screen.out.str(), '\n')) EXPECT_LE(width(line), 120U) << line;
  }
}

TEST(Parse, TheOverviewNamesEveryCommand) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--help"}, {"help"}}) {
    Screen screen;
    EXPECT_EQ(screen.run(words), 0);
    for (const auto& name : command_names()) EXPECT_THAT(screen.out.str(), HasSubstr("  " + name + " "));
  }
  Screen nothing;
  EXPECT_EQ(nothing.run({}), 2);
  EXPECT_THAT(nothing.out.str(), HasSubstr("Usage: troupe COMMAND"));
  Screen group;
  EXPECT_EQ(group.run({"models", "--help"}), 0);
  EXPECT_THAT(group.out.str(), HasSubstr("models pull"));
  Screen about;
  EXPECT_EQ(about.run({"help", "talk"}), 0);
  EXPECT_THAT(about.out.str(), HasSubstr("Usage: troupe talk NPC [TEXT...] [OPTIONS]"));
}

TEST(Hooks, AreCalledWithWhatWasTypedAndTheirStatusIsTheCommands) {
  Screen screen;
  screen.hooks.up = [](const UpOptions& up) { return up.seed == "9" ? 0 : 5; };
  screen.hooks.replay = [](const ReplayOptions& replay) {
    return replay.world == "w" && replay.data == "d" ? 1 : 5;
  };
  screen.hooks.bench = [](const std::string& name, bool json) {
    return name == "bus" && json ? 0 : name.empty() ? 1 : 5;
  };
  EXPECT_EQ(screen.run({"up", "--seed", "9"}), 0);
  EXPECT_EQ(screen.run({"world", "replay", "--world", "w", "--data", "d"}), 1);
  EXPECT_EQ(screen.run({"bench", "bus", "--json"}), 0);
  EXPECT_EQ(screen.run({"bench", "--all"}), 1);
  EXPECT_EQ(screen.err.str(), "");
  Screen none;
  EXPECT_EQ(none.run({"up"}), 1);
  EXPECT_EQ(none.err.str(), "troupe: this build has no `troupe up`\n");
}

}  // namespace
}  // namespace troupe::cli
