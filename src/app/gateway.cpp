// The role gateway: the door alone. Worlds, models and what they share are other processes', reached over the bus; any number of
// gateways may stand beside each other, and one that ends takes nothing with it.
#include <fmt/core.h>

#include "app/beats.h"
#include "app/openai_backend.h"
#include "app/process.h"
#include "app/remote_worlds.h"
#include "app/tokens.h"

namespace troupe {

namespace {

class Gateway final : public Process {
 public:
  explicit Gateway(const ServerOptions& options)
      : Process(options),
        worlds_(env_, *bus_, name()),
        beats_(env_, *bus_, name(), [] { return Beats::States(); }),
        openai_(env_, *bus_, worlds_, [this] { return home(); }) {}

 private:
  // Another one after each start: what the one before said is not this one's.
  std::string name() {
    if (name_.empty()) name_ = fmt::format("gateway-{:08x}", ids_.bits() >> 32);
    return name_;
  }
  // Where who names no world is answered by OpenAI's paths: the first, as where all is one process.
  std::string home() const {
    const auto names = worlds_.names();
    return names.empty() ? "" : names.front();
  }

  Result<edge::Address> open() override {
    TRY(auto tokens, load_tokens(options_.tokens_file));
    auto config = door_config({});
    config.tokens = std::move(tokens);
    config.ready_checks.push_back({"world", [this] { return worlds_.health(); }});
    config.services = [this] { return beats_.all(); };
    edge_ = std::make_unique<edge::Edge>(env_, *bus_, metrics_, worlds_, std::move(config));
    edge_->serve_openai(openai_);
    worlds_.on_lost([this](const std::string& world, const std::string& why) {
      edge_->drop_sockets(world, "world", why);
    });
    TRY_VOID(worlds_.start(group_));
    TRY_VOID(beats_.start(group_));
    return edge_->listen();
  }
  void start() override { edge_->start(group_); }
  boost::asio::awaitable<void> wind_down() override {
    co_await edge_->stop();
    co_await worlds_.stop();
  }

  std::string name_;
  RemoteWorlds worlds_;
  Beats beats_;
  RouterOpenAiBackend openai_;
  std::unique_ptr<edge::Edge> edge_;
};

}  // namespace

std::unique_ptr<Process> make_gateway(const ServerOptions& options) {
  return std::make_unique<Gateway>(options);
}

}  // namespace troupe
