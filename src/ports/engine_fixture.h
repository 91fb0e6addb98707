#pragma once
// A loop with one engine on it, for tests: the contract suite's and an adapter's own (Base = testing::Test).
// Real clock, one io_context on the test's thread, no sleeps.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "ports/engine.h"
#include "rt/real_clock.h"

namespace troupe::engine {

template <class Base>
class EngineFixture : public Base {
 protected:
  static constexpr auto kPatience = std::chrono::seconds(120);

  void TearDown() override {
    on_loop([this] { group_.cancel(); });
    turn_until([this] { return group_.running() == 0; });
    engine_.reset();
    turn();
  }

  // Runs what is ready.
  void turn() {
    io_.restart();
    io_.poll();
  }
  // Turns the loop until `happened`; false when it did not within kPatience.
  bool turn_until(const std::function<bool()>& happened) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!happened()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  // Cancelling belongs on the loop: emitted from outside, asio posts the signal and the task may be gone
  // before it comes.
  void on_loop(std::function<void()> fn) {
    auto ran = std::make_shared<bool>(false);
    rt::post(env_, [fn = std::move(fn), ran] {
      fn();
      *ran = true;
    });
    turn_until([ran] { return *ran; });
  }

  template <class T>
  struct Call {
    std::optional<Result<T>> result;
    int completions = 0;
    std::vector<std::string> pieces;
    rt::Group::Handle handle;
    bool done() const { return completions > 0; }
  };
  template <class T>
  using CallPtr = std::shared_ptr<Call<T>>;

  template <class T>
  CallPtr<T> start(std::function<Task<T>(std::shared_ptr<Call<T>>)> make) {
    auto call = std::make_shared<Call<T>>();
    call->handle = group_.spawn_stoppable("call", [call, make]() -> rt::asio::awaitable<void> {
      auto result = co_await make(call);
      call->result = std::move(result);
      ++call->completions;
    });
    return call;
  }
  CallPtr<GenerateReply> start_generate(GenerateRequest request, bool streamed = true) {
    return start<GenerateReply>([this, request, streamed](CallPtr<GenerateReply> call) {
      std::function<void(std::string_view)> on_text;
      if (streamed) on_text = [call](std::string_view piece) { call->pieces.emplace_back(piece); };
      return engine_->generate(request, on_text);
    });
  }
  CallPtr<ChooseReply> start_choose(ChooseRequest request) {
    return start<ChooseReply>([this, request](auto) { return engine_->choose(request); });
  }
  template <class T>
  Result<T> wait(CallPtr<T> call) {
    if (!turn_until([&] { return call->done(); }))
      return fail(Code::internal, "suite.hangs", "the call never ended");
    return *call->result;
  }
  Result<GenerateReply> generate(GenerateRequest request, bool streamed = true) {
    return wait(start_generate(std::move(request), streamed));
  }
  Result<ChooseReply> choose(ChooseRequest request) { return wait(start_choose(std::move(request))); }
  Result<EmbedReply> embed(EmbedRequest request) {
    return wait(start<EmbedReply>([this, request](auto) { return engine_->embed(request); }));
  }
  std::shared_ptr<Call<Usage>> start_warm(GenerateRequest request) {
    return start<Usage>([this, request](auto) { return engine_->warm(request); });
  }
  Result<Usage> warm(GenerateRequest request) { return wait(start_warm(std::move(request))); }

  rt::asio::io_context io_;
  rt::asio::executor_work_guard<rt::asio::io_context::executor_type> keep_{io_.get_executor()};
  rt::RealClock clock_{io_.get_executor()};
  rt::SeededIds ids_{1};
  rt::Env env_{io_.get_executor(), clock_, ids_};
  rt::Group group_{env_, "suite"};
  std::unique_ptr<Engine> engine_;
};

inline std::string joined(const std::vector<std::string>& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::string());
}

}  // namespace troupe::engine
