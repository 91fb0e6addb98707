#include "app/process.h"

#include <cstdio>
#include <cstdlib>

#include "adapters/bus_local/local_bus.h"
#include "app/console_files.h"
#include "app/paths.h"
#include "app/private_files.h"
#include "app/process_metrics.h"
#include "base/log.h"
#include "host/ask_over_bus.h"
#include "rt/pool.h"
#include "services/settings/settings_rules.h"
#include "troupe/v1/settings.pb.h"

namespace troupe {

namespace {

constexpr rt::milliseconds kStopMax{20'000};
constexpr rt::milliseconds kWelcomeWithin{2'000};

// A disk or a handler that never answers must not keep the program: what was acknowledged is durable already.
void give_up() {
  log::error("server", "stopping took longer than {} s: ending at once", kStopMax.count() / 1000);
  std::fflush(nullptr);
  std::_Exit(1);
}

edge::Welcome welcome_by(const std::function<settings::Value(const settings::Setting&)>& value) {
  edge::Welcome out;
  for (const auto& setting : settings::all_settings()) {
    if (setting.name() == "world.players_max")
      out.players_max = static_cast<std::size_t>(std::get<double>(value(setting)));
    if (setting.name() == "world.message_of_the_day")
      out.message_of_the_day = std::get<std::string>(value(setting));
  }
  return out;
}

}  // namespace

Process::Process(const ServerOptions& options) : options_(options), bus_(open_bus_or_local()) {
  rt::name_this_thread("troupe-io");
  add_process_metrics(metrics_);
}

Process::~Process() = default;

// What is set for whoever comes; where nobody answers for settings, as it was, and at first the defaults.
Task<edge::Welcome> Process::welcome() {
  if (!welcome_) welcome_ = welcome_by([](const settings::Setting& setting) { return setting.standard; });
  pb::SettingsListRequest request;
  request.set_category("world");
  const Caller self{.role = pb::ROLE_SERVICE, .deadline = env_.now() + kWelcomeWithin};
  const auto reply = co_await ask_over_bus<pb::SettingsListReply>(env_, *bus_, self, std::move(request));
  if (!reply) co_return *welcome_;
  welcome_ = welcome_by([&](const settings::Setting& setting) {
    for (const auto& is : reply->settings()) {
      if (is.category() + "." + is.key() != setting.name()) continue;
      if (auto found = settings::parse(setting, is.value(), {})) return *std::move(found);
    }
    return setting.standard;
  });
  co_return *welcome_;
}

// What refers to a bus is made before it can be said that there is none: run() says so.
std::unique_ptr<bus::Bus> Process::open_bus_or_local() {
  auto opened = open_bus(env_, options_.bus, options_.data, metrics_, options_.roles.contains(Role::shared));
  if (opened) return *std::move(opened);
  bus_opened_ = std::unexpected(std::move(opened).error());
  return bus::make_local_bus(env_);
}

Result<void> Process::run() {
  TRY_VOID(bus_opened_);
  TRY(const auto address, open());
  signals_.async_wait([this](const boost::system::error_code& failed, int) {
    if (!failed) stop();
  });
  start();
  std::printf(options_.ready_as_json ? "{\"ready\":\"http://%s\"}\n" : "ready http://%s\n",
              address.text().c_str());
  std::fflush(stdout);
  io_.run();
  // What was cancelled last unwinds while everything that it refers to is still there.
  io_.restart();
  io_.poll();
  return outcome_;
}

void Process::stop_with(const Error& why) {
  if (outcome_) outcome_ = std::unexpected(why);
  stop();
}

void Process::stop() {
  if (std::exchange(stopping_, true)) return;
  log::info("server", "stopping");
  signals_.clear();  // a second signal ends the program as it ends others: at once
  stop_limit_ = clock_.call_at(env_.now() + kStopMax, give_up);
  ending_.spawn("stop", [this] { return end(); });
}

boost::asio::awaitable<void> Process::end() {
  co_await wind_down();
  group_.cancel();
  co_await group_.join();
  io_.stop();
}

edge::EdgeConfig Process::door_config(const std::vector<std::filesystem::path>& more_private_folders) {
  auto folders = more_private_folders;
  folders.insert(folders.end(), {options_.data, home_path()});
  edge::EdgeConfig config{.listen = {.host = options_.listen_host, .port = options_.listen_port},
                          .origins = options_.origins,
                          .hosts = options_.hosts,
                          .private_paths = private_paths(folders),
                          .openai = options_.openai,
                          .console = console_file};
  config.doors = options_.roles.contains(Role::gateway);
  if (config.doors && options_.tokens_file.empty() && !options_.hosts.empty()) {
    log::warn("edge",
              "`hosts` without `tokens`: whoever comes through the proxy is an administrator of the world");
  }
  config.welcome = [this] { return welcome(); };
  if (!options_.bus.is_local()) config.ready_checks.push_back({"bus", [this] { return bus_->health(); }});
  return config;
}

}  // namespace troupe
