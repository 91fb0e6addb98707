#pragma once
// The worlds of other processes, as a gateway sees them: asked for over the bus. While somebody is in a world through this
// process, that is said again every few seconds; who has it asks everybody to leave before it closes. Owned by the gateway; io
// thread. Bounds: worlds that people were in or asked for within the last seconds.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/worlds.h"
#include "ports/bus.h"
#include "services/worlds/alone.h"

namespace troupe {

class RemoteWorlds final : public Worlds {
 public:
  // `process`: what the others call this one.
  RemoteWorlds(const rt::Env& env, bus::Bus& bus, std::string process);
  ~RemoteWorlds() override;

  // A world that people are in has been closed, or goes on with another line, and nobody of this process heard of it.
  void on_lost(std::function<void(const std::string& world, const std::string& why)> lost) {
    lost_ = std::move(lost);
  }
  Result<void> start(rt::Group& group);
  // Says that everybody has left.
  boost::asio::awaitable<void> stop();
  // Whether whoever has the worlds answered when last asked.
  const Result<void>& health() const { return health_; }

  std::string unnamed() const override { return names_.size() == 1 ? names_.front() : ""; }
  bool exists(const std::string& world) const override;
  std::vector<std::string> names() const override { return names_; }
  Task<std::string> meant(std::optional<std::string> named) override;
  Task<std::shared_ptr<Visit>> enter(std::string world) override;
  HistoryLine line(const std::string& world) const override;

 private:
  class Held;
  class Inside;

  boost::asio::awaitable<void> keep();
  Task<void> list();
  // That somebody is in it; `again`: still, which wakes nothing. With asking_ for this world.
  Task<void> say(std::string world, bool again);
  void lose(const std::string& world, const std::string& why);
  void say_left(const std::string& world, const std::string& name);
  template <class Reply, class Request>
  Task<Reply> ask(Request request, rt::milliseconds within);

  rt::Env env_;
  bus::Bus& bus_;
  const std::string process_;
  std::vector<std::string> names_;  // the first ones
  std::set<std::string> known_;     // others that were asked for lately, and are there
  Result<void> health_ =
      fail(Code::unavailable, "world.away", "nobody who has worlds was heard of yet", 1000);
  bus::Subscription closing_;
  std::function<void(const std::string&, const std::string&)> lost_;
  Alone asking_;
  bool over_ = false;              // nobody is told any more
  std::uint64_t names_given_ = 0;  // to stays in worlds
  rt::Group leaving_;
  std::map<std::string, std::shared_ptr<Held>> held_;  // by world; the last of all: each says that it goes
};

}  // namespace troupe
