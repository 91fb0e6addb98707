#pragma once
// Test only: a whole server on a port of its own (local bus, SQLite in a temporary folder, real clock), a
// world that answers a handful of RPCs, and clients on plain blocking sockets.
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "edge/edge.h"
#include "edge/openai_api.h"
#include "host/room.h"
#include "rt/real_clock.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/socket.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::edge {

// What the small world below was told; any thread.
class Notes {
 public:
  void add(const std::string& what);
  // Waits until `what` was noted; false after 10 s.
  bool wait_for(const std::string& what);
  std::size_t count(const std::string& what) const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::string> notes_;
};

// Answers for several services at once, since a test needs no more:
//   time.Get            the caller's name as weekday, its role as month, its trace's size as day_of_month
//   time.SetScale       a command: emits TimeScaleChanged; bounded as its proto says
//   time.Schedule       a command: emits `at_ms` TimerFired (designers only), TimerFired.payload = payload,
//   of low
//                       priority where name is "low"
//   time.Advance        a command: emits `by_ms` events PhaseChanged, subject and place = to_clock
//   weather.Forecast    echoes region and hours
//   weather.Get         region "busy" is `exhausted` with retry_after_ms 2500
//   npc.Talk            streams "a ", "b ", "c", answers all; text "hang" waits until it is cancelled
//   npc.Input           notes "input <player> <x> <y> <typing_to>"; place "nowhere" is unknown, "rush" too fast
//   events.Publish      notes "event <type> <kind> <id>"
//   world.Get           places: near (0,0), mid (100,0), far (1000,0)
class SmallWorld {
 public:
  SmallWorld(Host& host, Notes& notes) : host_(host), notes_(notes) {}
  void mount();

 private:
  Result<pb::TimeState> get(const Caller& caller, const pb::TimeGetRequest& request) const;
  Result<pb::TimeState> set_scale(Turn& turn, const Caller& caller, const pb::TimeSetScaleRequest& request);
  Result<pb::TimeScheduleReply> schedule(Turn& turn, const Caller& caller,
                                         const pb::TimeScheduleRequest& request);
  Result<pb::TimeState> advance(Turn& turn, const Caller& caller, const pb::TimeAdvanceRequest& request);
  Result<pb::WeatherForecastReply> forecast(const Caller& caller,
                                            const pb::WeatherForecastRequest& request) const;
  Result<pb::WeatherNow> weather(const Caller& caller, const pb::WeatherGetRequest& request) const;
  Result<pb::WorldInfo> world(const Caller& caller, const pb::WorldGetRequest& request) const;
  Task<pb::NpcTalkReply> talk(Caller caller, pb::NpcTalkRequest request);
  Task<pb::NpcInputReply> input(Caller caller, pb::NpcInputRequest request);
  Task<pb::EventsPublishReply> publish(Caller caller, pb::EventsPublishRequest request);

  Host& host_;
  Notes& notes_;
};

struct RigOptions {
  EdgeConfig config;
  OpenAiBackend* openai = nullptr;
  std::function<void(Edge&)> before_listen;
  // Instead of the small world.
  std::function<std::shared_ptr<void>(Host&)> world;
};

class Rig {
 public:
  explicit Rig(RigOptions options = {});
  ~Rig();

  std::uint16_t port() const { return port_; }
  Notes& notes() { return notes_; }
  // Runs `fn` on the io thread and waits for it.
  void on_io(std::function<void()> fn);
  const rt::Env& env() const { return env_; }
  Edge& edge() { return *edge_; }
  Timeline& world() { return room_->timeline(); }
  Worlds& worlds() { return *worlds_; }
  Metrics& metrics() { return metrics_; }
  bus::Bus& bus() { return *bus_; }
  // Emits `count` PhaseChanged at `place` (also their subject) as one durable turn.
  void emit(int count, const std::string& place);
  double metric(const std::string& line_start) const;
  void stop();

 private:
  std::filesystem::path folder_;
  Notes notes_;
  boost::asio::io_context io_;
  rt::RealClock clock_{io_.get_executor()};
  rt::SystemIds ids_;
  rt::Env env_{io_.get_executor(), clock_, ids_};
  Metrics metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<Room> room_;
  std::shared_ptr<void> services_;
  std::unique_ptr<OneWorld> worlds_;
  std::unique_ptr<Edge> edge_;
  std::unique_ptr<rt::Group> group_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  bool stopped_ = false;
};

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower case
  std::string body;                            // chunks joined
  bool closed = false;                         // the server closed after it
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

// A blocking socket with a time-out of 10 s.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0);
  ~Client();
  Client(const Client&) = delete;

  void send(std::string_view bytes) const;
  // Up to and with `end`; "" when the connection ended first (what came is in rest()).
  std::string read_until(std::string_view end);
  std::string read_exactly(std::size_t bytes);
  std::string read_to_end();
  Answer read_answer(bool head_only = false);
  void close();
  void half_close() const;
  const std::string& rest() const { return input_; }
  std::uint16_t port() const { return port_; }

 private:
  bool more();
  std::uint16_t port_;
  int fd_ = -1;
  std::string input_;
};

// One request on a connection of its own. `headers` are whole lines without CRLF.
Answer request(std::uint16_t port, const std::string& method, const std::string& target,
               const std::vector<std::string>& headers = {}, const std::string& body = {});
Answer get(std::uint16_t port, const std::string& target, const std::vector<std::string>& headers = {});
Answer post(std::uint16_t port, const std::string& target, const std::string& body,
            const std::vector<std::string>& headers = {});

struct WsFrame {
  int opcode = 0;  // 1 text, 2 binary, 8 close, 10 pong; 0: the connection ended
  std::string payload;
  int close_code() const;
};

class WsClient {
 public:
  WsClient(std::uint16_t port, const std::string& protocol, const std::vector<std::string>& headers = {},
           int receive_buffer = 0);
  const Answer& upgrade() const { return upgrade_; }

  void send(int opcode, const std::string& payload);
  void send(const nlohmann::json& json) { send(1, json.dump()); }
  void send(const pb::Frame& frame) { send(2, frame.SerializeAsString()); }
  WsFrame read();
  nlohmann::json read_json();  // null when no text frame came
  // The next JSON frame that has `key`; the others are dropped.
  nlohmann::json read_json(const std::string& key);
  pb::Frame read_frame();
  Client& raw() { return client_; }

  nlohmann::json hello(nlohmann::json hello = nlohmann::json::object());

 private:
  Client client_;
  Answer upgrade_;
};

}  // namespace troupe::edge
