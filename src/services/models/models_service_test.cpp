// What models.* reads from the disk may take its time: nobody else waits for it.
#include "services/models/models_service.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

namespace fs = std::filesystem;

// A file that nobody gets open before the test says so; then it is empty.
class Slow {
 public:
  explicit Slow(fs::path path) : path_(std::move(path)) {
    fs::create_directories(path_.parent_path());
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    fd_ = ::open(path_.c_str(), O_PATH | O_CLOEXEC);
  }
  ~Slow() {
    if (ender_.joinable()) {
      ender_.request_stop();
      const int reader =
          ::open(held().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);  // lets the last open() go on
      ender_.join();
      ::close(reader);
    }
    ::close(fd_);
  }
  void ends() {
    if (ender_.joinable()) return;
    ender_ = std::jthread([path = held()](const std::stop_token& stop) {
      while (!stop.stop_requested())
        ::close(::open(path.c_str(), O_WRONLY | O_CLOEXEC));  // waits for a reader
    });
  }

 private:
  const fs::path path_;
  // Also when another file has taken its place, or its folder is gone.
  std::string held() const { return "/proc/self/fd/" + std::to_string(fd_); }
  int fd_ = -1;
  std::jthread ender_;
};

class ModelsServiceTest : public testing::Test {
 protected:
  ModelsServiceTest() {
    std::string pattern = (fs::temp_directory_path() / "troupe-models-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  ~ModelsServiceTest() override { fs::remove_all(dir_); }

  fs::path dir_;
};

TEST_F(ModelsServiceTest, NoneOfItsMethodsKeepsOthersWaiting) {
  const std::map<std::string, std::string> requests = {{"models.Grade", "slow"},
                                                       {"models.List", ""},
                                                       {"models.Measure", "slow"},
                                                       {"models.Pull", "slow"},
                                                       {"models.Remove", "slow"}};
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      if (!method->name.starts_with("models.")) continue;
      SCOPED_TRACE(method->name);
      ASSERT_TRUE(requests.contains(method->name))
          << "say of which model, and see that it waits for the disk";
      const auto dir = dir_ / method->name;
      Slow said(dir / "slow" / "publisher.json");
      Slow grades(dir / "grades.json");
      test::World world({[&](Host& host) -> std::shared_ptr<void> {
        auto made = std::make_shared<ModelsService>(
            host, ModelsConfig{.catalogue = {{.name = "slow",
                                              .file = "slow.gguf",
                                              .sha256 = "",
                                              .licence = "MIT",
                                              .tiers = {"silver"},
                                              .listed = true}},
                               .models_dir = dir,
                               .tool = dir / "none",
                               .voices = {{"slow", models::Voice{.key = "a key"}}}});
        made->mount();
        return made;
      }});
      const auto request = new_message(method->request);
      if (const auto* name = method->request->FindFieldByName("name"))
        request->GetReflection()->SetString(request.get(), name, requests.at(method->name));
      // Were the disk waited for here, the files would have to end for the test to go on.
      std::jthread watch([&](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop, std::chrono::seconds(5), [] { return false; });
        if (stop.stop_requested()) return;
        ADD_FAILURE() << method->name << " reads on the io thread";
        said.ends();
        grades.ends();
      });
      auto caller = test::designer();
      caller.role = pb::ROLE_ADMIN;
      const auto answer = std::make_shared<std::optional<Result<std::string>>>();
      world.host().spawn("ask",
                         [&, answer, payload = request->SerializeAsString()]() -> rt::asio::awaitable<void> {
                           answer->emplace(co_await world.host().call_bytes(method, caller, payload));
                         });
      world.settle();
      world.settle();
      watch.request_stop();
      watch.join();
      EXPECT_FALSE(answer->has_value()) << "it did not look at the disk at all";
      said.ends();
      grades.ends();
      world.run_until([&] { return answer->has_value(); });
    }
  }
}

}  // namespace
}  // namespace troupe
