#pragma once
// One process of Troupe: its clock, its bus, its signals. What it runs is its roles': server.cpp has the worlds and, where no other
// process is the door, the door too; gateway.cpp the door alone.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <memory>

#include "app/server.h"
#include "edge/edge.h"
#include "host/metrics.h"
#include "rt/real_clock.h"

namespace troupe {

// Members of what derives from it go before its own: each before what it refers to.
class Process {
 public:
  explicit Process(const ServerOptions& options);
  virtual ~Process();
  Process(const Process&) = delete;

  // Until a signal, or stop_with().
  Result<void> run();

 protected:
  // In the order of dependency; answers where requests are taken.
  virtual Result<edge::Address> open() = 0;
  virtual void start() = 0;
  // In reverse: no more requests, then what is under way, then the last commits.
  virtual boost::asio::awaitable<void> wind_down() = 0;

  void stop();
  void stop_with(const Error& why);
  // Everything that doors of all roles have in common.
  edge::EdgeConfig door_config(const std::vector<std::filesystem::path>& more_private_folders);

  const ServerOptions& options_;
  boost::asio::io_context io_{1};
  rt::RealClock clock_{io_.get_executor()};
  rt::SystemIds ids_;
  const rt::Env env_{io_.get_executor(), clock_, ids_};
  Metrics metrics_;
  Result<void> bus_opened_;
  const std::unique_ptr<bus::Bus> bus_;
  rt::Group group_{env_, "server"};
  rt::Group ending_{env_, "stop"};

 private:
  std::unique_ptr<bus::Bus> open_bus_or_local();
  Task<edge::Welcome> welcome();
  boost::asio::awaitable<void> end();

  std::optional<edge::Welcome> welcome_;  // as it was last
  Result<void> outcome_;
  bool stopping_ = false;
  rt::Timer stop_limit_;
  boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
};

std::unique_ptr<Process> make_gateway(const ServerOptions& options);

}  // namespace troupe
