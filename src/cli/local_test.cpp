// Commands that work on files and on programs of this machine.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/rpc.h"
#include "cli/test_server.h"

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;

// A folder of a test's own.
class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "troupe-cli-XXXXXX").string();
    TROUPE_CHECK(::mkdtemp(path.data()) != nullptr, "a folder is made");
    path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_.string(); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  std::filesystem::path path_;
};

TEST(Check, CountsWhatIsInAGoodWorld) {
  Screen screen;
  EXPECT_EQ(screen.run({"check", "worlds/lanternfall"}), 0) << screen.out.str();
  EXPECT_THAT(screen.out.str(), HasSubstr("worlds/lanternfall: ok: "));
  EXPECT_THAT(screen.out.str(), HasSubstr("hint: worlds/lanternfall/npcs/")) << "who has few lines";
  EXPECT_THAT(screen.out.str(), HasSubstr(" people, "));
}

TEST(Check, PrintsEveryProblemWhereItIs) {
  const Folder folder;
  folder.write("world.yaml", "name: w\ntitel: W\n");
  Screen screen;
  EXPECT_EQ(screen.run({"check", folder.path()}), 1);
  EXPECT_THAT(screen.out.str(), HasSubstr(folder.path() + "/world.yaml:2:1: "));
  EXPECT_THAT(screen.out.str(), HasSubstr("titel"));
  EXPECT_THAT(screen.err.str(), ::testing::MatchesRegex("troupe: [0-9]+ problems in .*\n"));
  Screen json;
  EXPECT_EQ(json.run({"check", folder.path(), "--json"}), 1);
  const Json report = Json::parse(json.out.str());
  EXPECT_FALSE(flag_in(report, "ok"));
  EXPECT_GT(list_in(report, "problems").size(), 1U);
}

TEST(Check, AFolderThatIsNotThereIsOneLine) {
  Screen screen;
  EXPECT_EQ(screen.run({"check", "worlds/nowhere"}), 1);
  EXPECT_EQ(screen.err.str(),
            "troupe: no folder 'worlds/nowhere'; a world pack is a folder with a world.yaml\n");
}

// Stands for tools/models.py: tells how it was called, then what the real one would.
constexpr const char* kFakeTool = R"(#!/bin/sh
echo '{"model":"small","step":"called","done_bytes":0,"total_bytes":0,"message":"'"$*"'"}'
echo '{"model":"small","step":"download","done_bytes":0,"total_bytes":2097152}'
echo '{"model":"small","step":"download","done_bytes":1048576,"total_bytes":2097152}'
echo '{"model":"small","step":"error","done_bytes":0,"total_bytes":0,"message":"the disk is full"}'
exit 1
)";

TEST(Models, PullRunsTheToolAndTellsHowFarItIs) {
  const Folder folder;
  folder.write("tools/models.py", kFakeTool);
  Screen screen;
  screen.environment = {{"TROUPE_HOME", folder.path()}, {"TROUPE_PYTHON", "sh"}};
  EXPECT_EQ(screen.run({"models", "pull", "small", "--models", "/w"}), 1);
  EXPECT_EQ(screen.out.str(), "small: --json --dest /w -- pull small\n");
  EXPECT_EQ(screen.err.str(),
            "small: download [........................] 0/2 MB\n"
            "small: download [############............] 1/2 MB\n"
            "troupe: small: the disk is full\n");
}

TEST(Models, PullSaysWhenEverythingIsThere) {
  const Folder folder;
  folder.write("tools/models.py", "exit 0\n");
  Screen screen;
  screen.environment = {{"TROUPE_HOME", folder.path()}, {"TROUPE_PYTHON", "sh"}};
  EXPECT_EQ(screen.run({"models", "pull", "--all"}), 0);
  EXPECT_EQ(screen.out.str(), "nothing to do\n");
}

TEST(Models, AToolThatIsNotThereIsOneLine) {
  Screen screen;
  screen.environment = {{"TROUPE_HOME", "/nowhere"}};
  EXPECT_EQ(screen.run({"models", "rm", "small"}), 1);
  EXPECT_EQ(screen.err.str(), "troupe: TROUPE_HOME is '/nowhere', but there is no tools/models.py\n");
}

// The tool knows no hash of what is only listed: the program asks its publisher.
TEST(Models, WhatIsOnlyListedIsTheProgramsOwnWork) {
  const Folder folder;
  folder.write("tools/models.py", kFakeTool);
  std::vector<std::string> done;
  Screen screen;
  screen.environment = {{"TROUPE_HOME", folder.path()}, {"TROUPE_PYTHON", "sh"}};
  screen.hooks.models = [&](const ModelsWork& work, const auto& tell) {
    if (work.verb == "ls") {
      tell(R"({"name":"better","listed":true})");
      tell(R"({"name":"small","listed":false})");
    } else {
      done.push_back(work.verb + " " + join(work.names, " "));
      tell(R"({"model":"better","step":"done","message":"here"})");
    }
    return 0;
  };
  EXPECT_EQ(screen.run({"models", "pull", "better"}), 0);
  EXPECT_EQ(done, std::vector<std::string>{"pull better"});
  EXPECT_EQ(screen.run({"models", "pull", "small"}), 1);
  EXPECT_EQ(screen.run({"models", "pull", "better", "small"}), 1);
  EXPECT_EQ(done.size(), 1U) << "the tool's, which hands on what is listed";
  EXPECT_EQ(screen.out.str(),
            "better: here\nsmall: --json -- pull small\nsmall: --json -- pull better small\n");
}

TEST(Models, PullWithoutANameSaysWhatWouldFit) {
  Screen screen;
  bool fits = true;
  screen.hooks.models = [&](const ModelsWork& work, const auto& tell) {
    EXPECT_EQ(work.verb, "fit");
    if (fits) tell(R"({"model":"better","step":"fits","message":"better would fit"})");
    return 0;
  };
  EXPECT_EQ(screen.run({"models", "pull"}), 0);
  EXPECT_EQ(screen.out.str(), "better would fit\n");
  fits = false;
  Screen program;
  program.hooks = screen.hooks;
  EXPECT_EQ(program.run({"models", "pull", "--json"}), 0);
  EXPECT_EQ(program.out.str(), "") << "set-up prints nothing then";
  EXPECT_EQ(screen.run({"models", "pull"}), 0);
  EXPECT_THAT(screen.out.str(), HasSubstr("no listed model that fits"));
  Screen bare;
  EXPECT_EQ(bare.run({"models", "pull"}), 1);
  EXPECT_EQ(bare.err.str(), "troupe: NAME is missing; name a model, or --all\n");
}

TEST(Models, TheListSaysWhatAModelMayAndWhatWasFound) {
  TestServer server([](const SeenRequest&) -> TestReply {
    return {
        .body =
            R"({"models":[{"name":"big","state":"listed","listed":true,"parameters":"2530000000",)"
            R"("memory_bytes":"2518000000","size_bytes":"0","tiers":["silver"],"licence":"MIT"},)"
            R"({"name":"own","state":"current","size_bytes":"1048576","tiers":["silver"],"licence":"MIT",)"
            R"("may":["small_talk"],"may_by":"grade","grade":{"examined":true,"ground":0.9,"told":0.75,)"
            R"("none":0.5,"react":1,"all":0.8,"choices":59,"choice_right":0.8,"choice_p50_ms":45.1,)"
            R"("choice_p99_ms":120}},)"
            R"({"name":"mute","state":"current","size_bytes":"1048576","tiers":["silver"],"licence":"MIT",)"
            R"("may":[],"may_by":"catalogue"}]})"};
  });
  Screen screen;
  EXPECT_EQ(screen.run({"models", "ls", "--server", server.url()}), 0);
  EXPECT_EQ(
      screen.out.str(),
      "Name  State    Size  Tiers   May say              Licence  Measured\n"
      "big   listed   -     silver                       MIT      never tried here; 2.5 B parameters, about "
      "2.5 GB of memory\n"
      "own   current  1 MB  silver  small_talk (grade)   MIT      ground 0.90  told 0.75  none 0.50  react "
      "1.00  all 0.80  choices 0.80 of 59, 45 ms, p99 120 ms\n"
      "mute  current  1 MB  silver  nothing (catalogue)  MIT\n");
}

TEST(Models, ListComesFromTheServerOrFromTheTool) {
  TestServer server([](const SeenRequest&) -> TestReply {
    return {.body =
                R"({"models":[{"name":"small","state":"pulling","pull_progress":0.5,"size_bytes":"2097152",)"
                R"("tiers":["gold"],"licence":"MIT"}]})"};
  });
  Screen asked;
  EXPECT_EQ(asked.run({"models", "ls", "--server", server.url()}), 0);
  EXPECT_EQ(asked.out.str(),
            "Name   State         Size  Tiers  May say  Licence  Measured\n"
            "small  pulling 50 %  2 MB  gold            MIT\n");

  const Folder folder;
  folder.write(
      "tools/models.py",
      R"(echo '{"model":"tiny","state":"ready","size_bytes":1048576,"tiers":["test"],"licence":"MIT","measured":"fast"}')");
  const LoopbackPort nobody;
  Screen looked;
  looked.environment = {{"TROUPE_HOME", folder.path()}, {"TROUPE_PYTHON", "sh"}};
  EXPECT_EQ(looked.run({"models", "ls", "--json", "--server", nobody.url()}), 0);
  EXPECT_EQ(
      looked.out.str(),
      R"({"name":"tiny","state":"ready","size_bytes":1048576,"tiers":["test"],"licence":"MIT","measured":"fast"})"
      "\n");
}

}  // namespace
}  // namespace troupe::cli
