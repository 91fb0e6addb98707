// What is written holds players' words, and whose browsers may call is said exactly.
#include "app/private_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "app/config.h"
#include "app/databases.h"
#include "app/kept_packs.h"
#include "app/paths.h"

namespace troupe {
namespace {

namespace fs = std::filesystem;

int mode(const fs::path& path) { return static_cast<int>(fs::status(path).permissions()) & 0777; }

class PrivateFiles : public testing::Test {
 protected:
  PrivateFiles() {
    std::string pattern = (fs::temp_directory_path() / "troupe-private-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    before_ = ::umask(022);
  }
  ~PrivateFiles() override {
    ::umask(before_);
    fs::remove_all(folder_);
  }
  fs::path folder_;
  mode_t before_;
};

TEST_F(PrivateFiles, WhatIsWrittenIsForNobodyElse) {
  write_privately();
  ASSERT_TRUE(open_data_folder(folder_ / "data"));
  std::ofstream(folder_ / "data" / "worlds" / "w.db") << "x";
  fs::create_directories(folder_ / "data" / "prefixes");
  EXPECT_EQ(mode(folder_ / "data"), 0700);
  EXPECT_EQ(mode(folder_ / "data" / "worlds"), 0700);
  EXPECT_EQ(mode(folder_ / "data" / "worlds" / "w.db"), 0600);
  EXPECT_EQ(mode(folder_ / "data" / "prefixes"), 0700);
}

TEST_F(PrivateFiles, WhatAnEarlierVersionLeftOpenIsClosed) {
  const fs::path data = folder_ / "data";
  fs::create_directories(data / "worlds");
  fs::create_directories(data / "prefixes" / "a");
  for (const char* file : {"troupe.db", "worlds/w.db", "worlds/w.db-wal", "prefixes/a/p.bin", "notes.txt"})
    std::ofstream(data / file) << "x";
  ASSERT_TRUE(open_data_folder(data));
  for (const char* path : {"", "worlds", "prefixes", "prefixes/a"})
    EXPECT_EQ(mode(data / path), 0700) << path;
  for (const char* path : {"troupe.db", "worlds/w.db", "worlds/w.db-wal", "prefixes/a/p.bin"})
    EXPECT_EQ(mode(data / path), 0600) << path;
  EXPECT_EQ(mode(data / "notes.txt"), 0644) << "not ours";
  // A folder that holds no data of ours is left as it is, whatever else is in it.
  fs::create_directories(folder_ / "other" / "worlds");
  ASSERT_TRUE(open_data_folder(folder_ / "other"));
  EXPECT_EQ(mode(folder_ / "other"), 0755);
}

// A world whose name changes in its pack is not lost in silence.
TEST_F(PrivateFiles, AWorldThatBeginsBesideOthersSaysSo) {
  const auto files = databases_at(folder_, "sqlite");
  const auto beginning = [&](const std::string& world, const std::set<std::string>& known) {
    return beginning_beside(*files->worlds(), files->keeper(), world, known);
  };
  EXPECT_EQ(beginning("lanternfall", {"lanternfall"}), "") << "nothing is there";
  fs::create_directories(folder_ / "worlds");
  EXPECT_EQ(beginning("lanternfall", {"lanternfall"}), "");
  for (const char* file : {"lanternfall.db", "lanternfall.db.lock", "lanternfall.replay.db", "ferry.db"})
    std::ofstream(folder_ / "worlds" / file) << "x";
  EXPECT_EQ(beginning("lanternfall", {"lanternfall"}), "") << "it goes on";
  EXPECT_EQ(beginning("lanternfal", {"lanternfal"}),
            "'lanternfal' begins; " + folder_.string() +
                " keeps ferry, lanternfall, too, and a world goes on under its own name only");
  EXPECT_EQ(beginning("lanternfal", {"lanternfal", "ferry", "lanternfall"}), "")
      << "worlds that were created";
}

TEST_F(PrivateFiles, AKeptPackIsForNobodyElse) {
  write_privately();
  const auto pack = pack::load_pack("tests/packs/minimal");
  ASSERT_TRUE(pack);
  ASSERT_TRUE(KeptPacks(folder_).keep(*pack));
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "packs")) {
    EXPECT_EQ(mode(entry.path()), entry.is_directory() ? 0700 : 0600) << entry.path();
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_GT(files, 3U);
}

TEST(ConfigDoors, NamesAreExact) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"origins", "https://play.example.org"},
           {"origins", "https://play.example.org, http://localhost:5173,https://[2001:db8::1]:8443"},
           {"hosts", "play.example.org,Play.example.org:8443,192.0.2.7:80,[::1]:9"},
           {"hosts", ""}}) {
    Config config;
    const auto set = set_config(config, key, value);
    EXPECT_TRUE(set) << value << ": " << set.error().message;
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"origins", "play.example.org"},
                                                        {"origins", "https://play.example.org/"},
                                                        {"origins", "https://*.example.org"},
                                                        {"origins", "*"},
                                                        {"origins", "null"},
                                                        {"origins", "https://play.example.org:0"},
                                                        {"origins", "ftp://play.example.org"},
                                                        {"origins", "https://user@play.example.org"},
                                                        {"hosts", "https://play.example.org"},
                                                        {"hosts", "play.example.org:99999"},
                                                        {"hosts", "play.example.org,"}}) {
    Config config;
    const auto set = set_config(config, key, value);
    ASSERT_FALSE(set) << value;
    EXPECT_EQ(set.error().reason, "config.bad_value");
    EXPECT_NE(set.error().message.find("such as"), std::string::npos);
  }
  Config config;
  ASSERT_TRUE(set_config(config, "origins", "https://A.example, http://b.example:81"));
  EXPECT_EQ(config.server.origins, (std::vector<std::string>{"https://a.example", "http://b.example:81"}));
}

}  // namespace
}  // namespace troupe
