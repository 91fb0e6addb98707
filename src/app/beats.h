#pragma once
// Which processes there are and what runs in each: every one says it each second, and forgets who has not been heard for some.
// On the io thread. Bounds: kProcessesMax that are remembered.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "edge/edge_config.h"
#include "ports/bus.h"

namespace troupe {

class Beats {
 public:
  using States = std::vector<edge::ServiceState>;
  // `own`: what runs in this process.
  Beats(const rt::Env& env, bus::Bus& bus, std::string process, std::function<States()> own)
      : env_(env), bus_(bus), process_(std::move(process)), own_(std::move(own)) {}

  Result<void> start(rt::Group& group);
  // Each service that there is: here, in another process, or away.
  States all() const;

 private:
  void say_once();
  boost::asio::awaitable<void> say();

  struct Heard {
    States states;
    rt::Instant at;
  };
  rt::Env env_;
  bus::Bus& bus_;
  const std::string process_;
  const std::function<States()> own_;
  bus::Subscription others_;
  std::map<std::string, Heard> heard_;  // by process
};

}  // namespace troupe
