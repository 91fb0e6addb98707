// The cluster's key, and what the configuration says of the bus.
#include "app/bus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "app/config.h"
#include "app/config_bus.h"

namespace troupe {
namespace {

namespace fs = std::filesystem;

class ClusterKeyTest : public testing::Test {
 protected:
  ClusterKeyTest() {
    std::string name = (fs::temp_directory_path() / "troupe-key-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ClusterKeyTest() override { fs::remove_all(folder_); }
  std::string read() {
    const auto key = cluster_key(ids_, file_());
    return key ? *key : key.error().reason;
  }
  void write(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(file_()) << text;
    ::chmod(file_().c_str(), mode);
  }
  fs::path file_() const { return folder_ / "cluster.key"; }
  fs::path folder_;
  rt::SystemIds ids_;
};

TEST_F(ClusterKeyTest, IsMadeOnceAndForItsOwner) {
  const std::string key = read();
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(read(), key);
  struct stat found{};
  ASSERT_EQ(::stat(file_().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1)
      << "nothing is left beside it";
  fs::remove(file_());
  EXPECT_NE(read(), key);
}

TEST_F(ClusterKeyTest, OneThatIsNoneIsRefused) {
  write(std::string(31, 'k') + "\n");
  EXPECT_EQ(read(), "cluster.key_bad");
  write(std::string(32, 'k') + "\n");
  EXPECT_EQ(read(), std::string(32, 'k'));
  write(std::string(32, 'k') + "\n", 0640);
  EXPECT_EQ(read(), "cluster.key_readable");
  folder_ /= "nowhere";
  EXPECT_EQ(read(), "cluster.key_missing");
  folder_ = folder_.parent_path();
}

TEST(BusConfig, IsLocalOrNats) {
  Config config;
  EXPECT_TRUE(config.server.bus.is_local());
  EXPECT_TRUE(set_config(config, "bus", "nats://127.0.0.1:4222"));
  EXPECT_FALSE(config.server.bus.is_local());
  EXPECT_TRUE(set_config(config, "bus", "local"));
  EXPECT_TRUE(config.server.bus.is_local());
  for (const char* wrong : {"", "remote", "http://a", "nats://", "nats://anna:s3cret@:x", "tls://s3cret@"}) {
    const auto set = set_config(config, "bus", wrong);
    ASSERT_FALSE(set.has_value()) << wrong;
    EXPECT_THAT(set.error().message, testing::HasSubstr("nats://HOST:PORT"));
    EXPECT_THAT(set.error().message, testing::Not(testing::HasSubstr("s3cret")));
  }
}

TEST(BusConfig, ALoginIsNotShown) {
  EXPECT_EQ(without_login("nats://anna:s3cret@a:1,nats://b"), "nats://...@a:1,nats://b");
  EXPECT_EQ(without_login("nats://a@b@c"), "nats://...@c");
  EXPECT_EQ(without_login("local"), "local");
  EXPECT_EQ(without_login("anna@example.org"), "anna@example.org");
}

}  // namespace
}  // namespace troupe
