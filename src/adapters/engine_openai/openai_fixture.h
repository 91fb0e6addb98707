#pragma once
// Test only: an engine with one chat model at an upstream that a test scripts.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adapters/engine_openai/fault_upstream.h"
#include "adapters/engine_openai/openai_engine.h"
#include "ports/engine_fixture.h"
#include "rt/random.h"

namespace troupe::engine {

class OpenAiFixture : public EngineFixture<testing::Test> {
 protected:
  static OpenAiModelConfig model_at(const std::string& url) {
    OpenAiModelConfig model;
    model.name = "remote";
    model.url = url;
    model.model = "m";
    model.tiers = {Tier::gold, Tier::silver, Tier::bronze};
    model.allow_addresses = {"127.0.0.0/8"};
    return model;
  }
  OpenAiModelConfig model() const { return model_at(upstream_.url()); }

  void open(std::vector<OpenAiModelConfig> models, Limits limits = {}) {
    engine_.reset();
    auto opened = open_openai_engine(env_, {.models = std::move(models), .limits = limits});
    ASSERT_TRUE(opened) << opened.error().message;
    openai_ = opened->get();
    engine_ = *std::move(opened);
    ASSERT_TRUE(turn_until([this] {  // it has asked for the models
      return std::ranges::all_of(openai_->upstreams(), [](const auto& upstream) { return upstream.asked; });
    }));
    ASSERT_TRUE(idle());
  }
  void open() { open({model()}); }

  GenerateRequest talk(std::chrono::milliseconds within = std::chrono::seconds(20)) const {
    GenerateRequest request;
    request.messages = {{Role::system, "You are a lamplighter."}, {Role::user, "Who keeps the light?"}};
    request.tokens_max = 32;
    request.deadline = env_.now() + within;
    return request;
  }
  ChooseRequest question(std::chrono::milliseconds within = std::chrono::seconds(20)) const {
    ChooseRequest request;
    request.context = "You guard the gate.";
    request.scene = "A stranger runs towards you.";
    request.options = {"raise the shield", "bake bread", "sing a song"};
    request.deadline = env_.now() + within;
    return request;
  }

  bool idle() {
    return turn_until([this] { return openai_->stats().in_flight == 0; });
  }
  // Every connection that the upstream has seen is closed again, or is kept for the next request.
  bool connections_closed() {
    return turn_until([this] { return upstream_.open() == 0; });
  }
  const UpstreamView seen_state() const { return openai_->upstreams().at(0); }

  FaultUpstream upstream_;
  OpenAiEngine* openai_ = nullptr;
};

class PrivateFile {
 public:
  explicit PrivateFile(const std::string& content = "", mode_t mode = 0600)
      : path_((std::filesystem::temp_directory_path() / ("openai-" + std::to_string(rt::SystemIds().bits())))
                  .string()) {
    std::ofstream(path_) << content;
    ::chmod(path_.c_str(), mode);
  }
  ~PrivateFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// In the middle of the headers. (Before the first byte, libcurl asks once more by itself when the connection
// was an old one: that it was closed meanwhile is no failure.)
inline void hang_up(Peer& peer) {
  peer.send("HTTP/1.1 200 OK\r\n");
  peer.close();
}

// What an upstream answers that works: "It is Odo." in three words.
inline void good(Peer& peer) {
  peer.chunked_head() && peer.word("It") && peer.word(" is") && peer.word(" Odo.") && peer.end_of_stream();
}

}  // namespace troupe::engine
