#pragma once
// Test only: an engine that answers when the test says so, and remembers what it was asked.
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "ports/engine.h"

namespace troupe::test {

class FakeEngine final : public engine::Engine {
 public:
  struct Asked {
    explicit Asked(const rt::Env& env) : answer(env) {}
    engine::GenerateRequest request;
    std::function<void(std::string_view)> on_text;
    rt::OneShot<engine::GenerateReply> answer;
    bool spoke = false;
    bool stopped = false;  // its caller left
  };

  FakeEngine(rt::Env env, std::string name, std::vector<std::string> models)
      : env_(env), name_(std::move(name)) {
    for (auto& model : models) models_.push_back({.name = std::move(model)});
  }

  std::string_view name() const override { return name_; }
  std::vector<engine::ModelInfo> models() const override { return models_; }
  const engine::Limits& limits() const override { return limits_; }

  Task<engine::GenerateReply> generate(engine::GenerateRequest request,
                                       std::function<void(std::string_view)> on_text) override {
    const auto one = std::make_shared<Asked>(env_);
    one->request = request;
    one->on_text = [on_text, asked = one.get()](std::string_view text) {
      asked->spoke = true;
      on_text(text);
    };
    asked.push_back(one);
    if (at_once) co_return *at_once;
    struct Left {
      std::shared_ptr<Asked> one;
      bool answered = false;
      ~Left() { one->stopped = !answered; }
    } left{one};
    const auto begins_by = std::min(request.deadline, request.first_token_by);
    auto reply = co_await one->answer.wait(late ? rt::Instant::never() : begins_by);
    const bool timed_out = !reply && reply.error().code == Code::deadline_exceeded;
    if (timed_out && one->spoke && env_.now() < request.deadline)
      reply = co_await one->answer.wait(request.deadline);
    left.answered = true;
    co_return reply;
  }
  Task<engine::ChooseReply> choose(engine::ChooseRequest request) override {
    ++choices;
    time_to_choose = request.deadline - env_.now();
    if (choose_error) co_return std::unexpected(*choose_error);
    engine::ChooseReply reply{.choice = picks, .model = request.model, .usage = usage};
    reply.probabilities.assign(request.options.size(), 1.0 / static_cast<double>(request.options.size()));
    co_return reply;
  }
  Task<engine::EmbedReply> embed(engine::EmbedRequest request) override {
    if (const auto known = vectors.find(request.texts.front()); known != vectors.end())
      co_return engine::EmbedReply{.vectors = {known->second}, .model = models_.front().name};
    co_return fail(Code::unavailable, "engine.no_model", "no vectors here");
  }
  Task<engine::Usage> warm(engine::GenerateRequest request) override {
    warmed.push_back(std::move(request));
    co_return engine::Usage{};
  }
  std::vector<engine::ThoughtView> thoughts() const override { return thinks; }

  engine::GenerateReply says(const std::string& text) const {
    return {.text = text, .model = models_.front().name, .usage = usage};
  }
  // Answers the call of this number.
  void answer(std::size_t call, Result<engine::GenerateReply> reply) {
    asked.at(call)->answer.set(std::move(reply));
  }

  std::vector<std::shared_ptr<Asked>> asked;
  std::size_t picks = 0;                              // of a choice's options
  std::map<std::string, std::vector<float>> vectors;  // of texts; of others there are none
  std::vector<engine::GenerateRequest> warmed;
  std::optional<Result<engine::GenerateReply>> at_once;  // set: every call is answered so
  std::optional<Error> choose_error;
  engine::Usage usage;
  std::vector<engine::ThoughtView> thinks;
  int choices = 0;
  rt::nanoseconds time_to_choose{0};  // that the last choice had
  bool late = false;                  // it keeps no deadline

 private:
  rt::Env env_;
  std::string name_;
  std::vector<engine::ModelInfo> models_;
  engine::Limits limits_;
};

}  // namespace troupe::test
