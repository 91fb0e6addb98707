#pragma once
// A loop with a llama engine on it, for the adapter's own tests. Only *_test.cpp include this.
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "adapters/engine_llama/test_models.h"
#include "ports/engine_fixture.h"
#include "rt/random.h"

namespace troupe::engine {

// Of this test alone; gone with it.
class TempFile {
 public:
  explicit TempFile(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / (name + std::to_string(rt::SystemIds().bits())))
                  .string()) {}
  ~TempFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }
  void write(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::string path_;
};

class LlamaTest : public EngineFixture<testing::Test> {
 protected:
  void open(LlamaConfig config) {
    auto opened = open_llama_engine(env_, std::move(config));
    ASSERT_TRUE(opened) << opened.error().message;
    llama_ = opened->get();
    engine_ = *std::move(opened);
  }
  void open_smollm() {
    auto config = test_config();
    config.models = {smollm()};
    open(config);
  }
  GenerateRequest talk(const std::string& text, int tokens_max,
                       const std::string& system = "You are a lamplighter.") {
    GenerateRequest request;
    request.messages = {{Role::system, system}, {Role::user, text}};
    request.tokens_max = tokens_max;
    request.sampling.temperature = 0;
    request.sampling.repeat_penalty = 1;
    return request;
  }
  // A conversation whose next line leaves the model no doubt, so that rounding cannot change it.
  GenerateRequest sure(char letter, int tokens_max, const std::string& system = "You repeat.") {
    std::string letters;
    for (int k = 0; k < 8; ++k) letters += std::string(1, letter) + " ";
    auto request = talk("Go on: " + letters, tokens_max, system);
    request.messages.push_back({Role::assistant, letters + letters});
    request.messages.push_back({Role::user, "Go on: " + letters});
    return request;
  }
  // About 12 tokens a line.
  static std::string lore(int lines) {
    std::string out;
    for (int i = 0; i < lines; ++i) {
      out += "Fact " + std::to_string(i) + ": the harbour has a lighthouse and a market. ";
    }
    return out;
  }

  LlamaEngine* llama_ = nullptr;
};

}  // namespace troupe::engine
