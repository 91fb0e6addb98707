// Weights that are not what they say are never loaded: every way in which a file can differ from what it
// should be.
#include "services/models/catalogue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/hash.h"
#include "services/models/weight_hash.h"

namespace troupe::models {
namespace {

namespace fs = std::filesystem;

class Weights : public ::testing::Test {
 protected:
  Weights() {
    std::string pattern = (fs::temp_directory_path() / "troupe-weights-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    fs::create_directories(dir_ / "small");
    write("small.gguf", kShipped);
  }
  ~Weights() override { fs::remove_all(dir_); }

  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_ / "small" / name) << bytes;
  }
  void measured(const std::string& use, const std::string& sha256 = "") {
    write("small.measured.json",
          R"({"use":")" + use + R"(","tried":[{"file":"small.gguf"},{"file":"small-q4_0.gguf","sha256":")" +
              sha256 + R"("}]})");
  }
  // In place, at the same size, and with the time it had before.
  void flip(const std::string& name) {
    const auto file = dir_ / "small" / name;
    struct stat before{};
    ASSERT_EQ(::stat(file.c_str(), &before), 0);
    {
      std::fstream io(file, std::ios::in | std::ios::out | std::ios::binary);
      io.seekp(3);
      io.put('!');
    }
    const timespec times[] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }
  Installed look() const { return find_verified(entry_, dir_); }

  static constexpr const char* kShipped = "weights as shipped";
  fs::path dir_;
  CatalogueEntry entry_{.name = "small",
                        .file = "small.gguf",
                        .sha256 = sha256_hex(kShipped),
                        .size = 18,
                        .licence = "MIT",
                        .tiers = {"silver"}};
};

TEST_F(Weights, TheHashIsTheFilesOwn) {
  EXPECT_EQ(find_installed(entry_, dir_).sha256, "") << "nobody has read it";
  const auto found = look();
  EXPECT_EQ(found.state, FileState::ready) << found.problem;
  EXPECT_EQ(found.sha256, entry_.sha256);
  EXPECT_EQ(find_installed(entry_, dir_).sha256, entry_.sha256) << "remembered";
}

TEST_F(Weights, AFlippedByteIsFoundAtTheFirstLoadAndLater) {
  for (const bool known : {false, true}) {
    if (known) EXPECT_EQ(look().state, FileState::ready);
    flip("small.gguf");
    const auto found = look();
    EXPECT_EQ(found.state, FileState::damaged);
    EXPECT_TRUE(found.problem.contains("small.gguf is not what it says it is")) << found.problem;
    EXPECT_TRUE(found.problem.contains("`troupe models pull small`")) << found.problem;
    EXPECT_EQ(find_installed(entry_, dir_).state, FileState::damaged) << "List says so, too";
    write("small.gguf", kShipped);
    EXPECT_EQ(look().state, FileState::ready) << "whoever mends it can go on";
  }
}

TEST_F(Weights, AFileThatTookItsPlaceIsReadAgain) {
  EXPECT_EQ(look().state, FileState::ready);
  write("other", "weights of others!");
  struct stat before{};
  ASSERT_EQ(::stat((dir_ / "small" / "small.gguf").c_str(), &before), 0);
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / "small" / "other").c_str(), times, 0), 0);
  fs::rename(dir_ / "small" / "other", dir_ / "small" / "small.gguf");
  EXPECT_EQ(look().state, FileState::damaged);
}

TEST_F(Weights, AWrongRequantisedFileGivesWayToTheOneAsShipped) {
  write("small-q4_0.gguf", "requantised");
  for (const auto& sha256 : {sha256_hex("requantised"), std::string()}) {
    measured("small-q4_0.gguf", sha256);
    auto found = look();
    EXPECT_EQ(found.file.filename(), "small-q4_0.gguf");
    EXPECT_EQ(found.sha256, sha256_hex("requantised"));
    flip("small-q4_0.gguf");
    found = look();
    EXPECT_EQ(found.state, FileState::ready);
    EXPECT_EQ(found.file.filename(), "small.gguf");
    EXPECT_EQ(found.sha256, entry_.sha256);
    EXPECT_TRUE(found.problem.contains("small-q4_0.gguf is not what it says it is")) << found.problem;
    write("small-q4_0.gguf", "requantised");
  }
}

TEST_F(Weights, AMeasurementChoosesOnlyAmongWhatItTried) {
  write("evil.gguf", "something else");
  for (const char* use : {"evil.gguf", "../small/evil.gguf", "", "missing.gguf"}) {
    measured(use);
    EXPECT_EQ(look().file.filename(), "small.gguf") << use;
  }
  for (const char* damaged : {"", "[", R"({"use":7})", R"({"use":"small.gguf","tried":7})",
                              R"({"use":"small.gguf","tried":[7]})"}) {
    write("small.measured.json", damaged);
    EXPECT_EQ(look().state, FileState::ready) << damaged;
    write(".hashes.json", damaged);
    EXPECT_EQ(look().state, FileState::ready) << damaged;
  }
}

}  // namespace
}  // namespace troupe::models
