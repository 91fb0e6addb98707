#pragma once
// Test only: one world with real parts (timeline, host, local bus, SQLite in a directory of its own) on a
// clock that stands still until the test moves it. Nothing runs behind the test's back: calls and time are
// driven by its own calls, so the same test gives the same history. Game time and the virtual clock go
// together.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/room.h"
#include "rt/virtual_clock.h"

namespace troupe::test {

struct WorldOptions {
  std::string world = "testworld";
  std::uint64_t seed = 1;
  GameTime start = GameTime{} + game_hours(7);
  Scale scale;           // a game minute a second
  bool has_time = true;  // false: what all worlds share
  bool replay = false;
  TimelineLimits limits = {};
  std::shared_ptr<CallLimiter> limiter = nullptr;  // none: calls may come as fast as they like
  std::string pack_hash = "test";
  std::function<pb::PackChanged(const std::string& before)> pack_change = {};
  // Another database than the world's own file. Opened anew at each restart, so the same one each time.
  std::function<Result<std::unique_ptr<db::Db>>(const rt::Env&)> database = {};
};

// Makes and mounts one service; called again at each restart. What it answers lives as long as the host.
using Mount = std::function<std::shared_ptr<void>(Host&)>;

// mount<WeatherService>(pack): the service is made as WeatherService(pack, host) and mounted with mount().
// The arguments are kept by reference.
template <class Service, class... Args>
Mount mount(const Args&... args) {
  return [&args...](Host& host) {
    auto service = std::make_shared<Service>(args..., host);
    service->mount();
    return service;
  };
}

Caller server();  // the server itself
Caller designer(std::string name = "dora");
Caller player(std::string name = "anna");

class World {
 public:
  explicit World(std::vector<Mount> services, WorldOptions options = {});
  ~World();
  World(const World&) = delete;

  // ---- Time. Each 100 ms of real time what is due happens and is committed, as in the running server.
  void advance(GameSpan span) { advance_to(now() + span); }
  void advance_to(GameTime to);  // the clock must run
  void pass(rt::nanoseconds real);
  // Runs what is ready, applies what is due, commits. Time does not move.
  void settle();

  // ---- Calls, as they come over the bus. Waits for the answer; time does not move.
  template <class Reply, class Request>
  Result<Reply> call(Caller caller, const Request& request) {
    return parse<Reply>(
        call_bytes(find_method(Request::descriptor()), std::move(caller), request.SerializeAsString()));
  }
  // For what takes time: start it, move time, look.
  using Answer = std::shared_ptr<std::optional<Result<std::string>>>;
  template <class Request>
  Answer start(Caller caller, const Request& request) {
    return start_bytes(find_method(Request::descriptor()), std::move(caller), request.SerializeAsString());
  }
  // The same for a method that the test does not know by type.
  Result<std::string> call_method(const MethodInfo* method, Caller caller, std::string payload) {
    return call_bytes(method, std::move(caller), std::move(payload));
  }
  // What services ask of each other, by the name of its message: no RPC.
  Result<std::string> submit(Caller caller, std::string type, std::string payload = {});
  template <class Reply>
  static Result<Reply> parse(const Result<std::string>& bytes) {
    if (!bytes) return std::unexpected(bytes.error());
    Reply reply;
    if (!reply.ParseFromString(*bytes))
      return fail(Code::internal, "test.bad_reply", "the reply does not parse");
    return reply;
  }
  // Runs until `done`, for what other threads answer. A failure after 20 s.
  void run_until(const std::function<bool()>& done);

  // ---- The database is closed and opened again, with freshly made services. What was not committed is lost.
  void restart();
  // The same with another pack: other services and another `pack_hash` in the options.
  void restart_with(std::vector<Mount> services, WorldOptions options);

  // ---- What came of it.
  // Everything published since the start or clear_events(), live events too, in order.
  const std::vector<pb::Envelope>& events() const { return events_; }
  void clear_events() { events_.clear(); }
  template <class Event>
  std::vector<Event> events_of(const std::string& subject = {}) const {
    std::vector<Event> found;
    for (const auto& envelope : events_) {
      if (envelope.type() != Event::descriptor()->name()) continue;
      if (!subject.empty() && envelope.subject() != subject) continue;
      EXPECT_TRUE(found.emplace_back().ParseFromString(envelope.payload()));
    }
    return found;
  }
  std::vector<EventRecord> history();  // the whole log
  std::vector<InputRecord> inputs();
  db::Rows rows(const std::string& sql);
  std::string state_hash();  // hex; of everything committed
  // The hash of a new world that gets the same inputs: equal, or a service is not deterministic.
  std::string replayed_state_hash();

  GameTime now() const { return timeline().now(); }
  Timeline& timeline() const { return parts_->room.timeline(); }
  Host& host() const { return parts_->room.host(); }
  bus::Bus& bus() const { return *parts_->bus; }
  db::Db& db() const { return parts_->room.db(); }
  rt::VirtualClock& clock() { return clock_; }
  const rt::Env& env() const { return env_; }
  const WorldOptions& options() const { return options_; }

 private:
  struct Parts {
    Parts(const rt::Env& env, std::unique_ptr<db::Db> database, Metrics& metrics, TimelineConfig config,
          std::shared_ptr<CallLimiter> limiter);
    std::unique_ptr<bus::Bus> bus;
    Room room;
    std::vector<std::shared_ptr<void>> services;
    bus::Subscription capture;
    rt::Group calls;
  };
  void open();
  void close();
  Answer start_task(std::function<Task<std::string>()> ask);
  Answer start_bytes(const MethodInfo* method, Caller caller, std::string payload);
  Result<std::string> wait_for(const Answer& answer);
  Result<std::string> call_bytes(const MethodInfo* method, Caller caller, std::string payload);

  WorldOptions options_;
  std::vector<Mount> mounts_;
  std::filesystem::path directory_;
  rt::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  rt::SeededIds ids_{1};
  rt::Env env_{io_.get_executor(), clock_, ids_};
  Metrics metrics_;
  std::vector<pb::Envelope> events_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace troupe::test
