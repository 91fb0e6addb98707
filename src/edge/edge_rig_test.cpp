#include "edge/edge_rig.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <future>

#include "adapters/bus_local/local_bus.h"
#include "adapters/db_sqlite/sqlite_db.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe::edge {

namespace {
const int kQuiet = [] {
  log::configure(log::Format::text, log::Level::error);
  return 0;
}();
}  // namespace

void Notes::add(const std::string& what) {
  {
    const std::lock_guard lock(mutex_);
    notes_.insert(what);
  }
  changed_.notify_all();
}

bool Notes::wait_for(const std::string& what) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return notes_.contains(what); });
}

std::size_t Notes::count(const std::string& what) const {
  const std::lock_guard lock(mutex_);
  return notes_.count(what);
}

// ---- the world

void SmallWorld::mount() {
  host_.serve(&SmallWorld::get, this);
  host_.serve(&SmallWorld::set_scale, this);
  host_.serve(&SmallWorld::schedule, this);
  host_.serve(&SmallWorld::advance, this);
  host_.serve(&SmallWorld::forecast, this);
  host_.serve(&SmallWorld::weather, this);
  host_.serve(&SmallWorld::world, this);
  host_.serve(&SmallWorld::talk, this);
  host_.serve(&SmallWorld::input, this);
  host_.serve(&SmallWorld::publish, this);
}

Result<pb::TimeState> SmallWorld::get(const Caller& caller, const pb::TimeGetRequest&) const {
  pb::TimeState state;
  state.set_now_ms(1);
  state.set_clock("07:00");
  state.set_weekday(caller.name);
  state.set_month(role_name(caller.role));
  state.set_day_of_month(static_cast<std::int32_t>(caller.trace.size()));
  return state;
}

Result<pb::TimeState> SmallWorld::set_scale(Turn& turn, const Caller&,
                                            const pb::TimeSetScaleRequest& request) {
  notes_.add("scale");
  pb::TimeScaleChanged event;
  event.set_scale(request.scale());
  turn.emit(event, {});
  pb::TimeState state;
  state.set_scale(request.scale());
  return state;
}

Result<pb::TimeScheduleReply> SmallWorld::schedule(Turn& turn, const Caller&,
                                                   const pb::TimeScheduleRequest& request) {
  for (std::int64_t i = 0; i < request.at_ms(); ++i) {
    pb::TimerFired event;
    event.set_id(std::to_string(i));
    event.set_payload(request.payload());
    turn.emit(event, {.subject = std::to_string(i),
                      .priority = request.name() == "low" ? pb::PRIORITY_LOW : pb::PRIORITY_NORMAL});
  }
  pb::TimeScheduleReply reply;
  reply.set_id(request.id());
  return reply;
}

Result<pb::TimeState> SmallWorld::advance(Turn& turn, const Caller&, const pb::TimeAdvanceRequest& request) {
  for (std::int64_t i = 0; i < request.by_ms(); ++i) {
    pb::PhaseChanged event;
    event.set_from(pb::DAWN);
    event.set_to(pb::DAY);
    turn.emit(
        event,
        {.subject = request.to_clock(), .place = request.to_clock(), .audience = Audience::everybody()});
  }
  return pb::TimeState();
}

Result<pb::WeatherForecastReply> SmallWorld::forecast(const Caller&,
                                                      const pb::WeatherForecastRequest& request) const {
  pb::WeatherForecastReply reply;
  reply.set_region(request.region());
  for (int i = 0; i < request.hours(); ++i) reply.add_hours()->set_at_ms(i);
  return reply;
}

Result<pb::WeatherNow> SmallWorld::weather(const Caller&, const pb::WeatherGetRequest& request) const {
  if (request.region() == "busy") return fail(Code::exhausted, "weather.busy", "too many ask", 2500);
  return fail(Code::not_found, "weather.unknown_region",
              "no region '" + request.region() + "'; did you mean 'harbour'?");
}

Result<pb::WorldInfo> SmallWorld::world(const Caller&, const pb::WorldGetRequest&) const {
  pb::WorldInfo info;
  for (const auto& [name, x] : {std::pair{"near", 0.0}, std::pair{"mid", 100.0}, std::pair{"far", 1000.0}}) {
    auto* place = info.add_places();
    place->set_id(name);
    place->set_x(x);
  }
  return info;
}

Task<pb::NpcTalkReply> SmallWorld::talk(Caller caller, pb::NpcTalkRequest request) {
  struct Leaving {
    ~Leaving() { notes.add(done ? "talk done" : "talk cancelled"); }
    Notes& notes;
    bool done = false;
  };
  Leaving leaving{notes_};
  notes_.add("talk begun");
  if (request.text() == "hang") co_await rt::sleep_until(host_.env(), rt::Instant::never());
  std::string whole;
  for (const char* piece : {"a ", "b ", "c"}) {
    pb::StreamPart part;
    part.set_text(piece);
    host_.stream(caller, part);
    whole += piece;
  }
  leaving.done = true;
  pb::NpcTalkReply reply;
  reply.set_text(whole);
  co_return reply;
}

Task<pb::EventsPublishReply> SmallWorld::publish(Caller, pb::EventsPublishRequest request) {
  const auto& fields = request.payload().fields();
  notes_.add("event " + request.type() + " " + fields.at("kind").string_value() + " " +
             fields.at("id").string_value());
  co_return pb::EventsPublishReply();
}

Task<pb::NpcInputReply> SmallWorld::input(Caller caller, pb::NpcInputRequest request) {
  notes_.add(fmt::format("input {} {} {} {}{}{}", caller.name, request.x(), request.y(), request.typing_to(),
                         request.place().empty() ? "" : " at " + request.place(),
                         request.looked_at().empty() ? "" : " sees " + request.looked_at()));
  if (request.place() == "nowhere") co_return fail(Code::not_found, "npc.unknown_place", "no such place");
  if (request.place() == "rush") co_return fail(Code::exhausted, "rpc.rate", "too fast", 10);
  pb::NpcInputReply reply;
  if (!request.action().empty()) reply.mutable_verdict()->set_doing(request.action());
  co_return reply;
}

// ---- the server

Rig::Rig(RigOptions options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "troupe-edge-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  bus_ = bus::make_local_bus(env_);
  auto opened = db::open_sqlite(env_, {.path = (folder_ / "world.db").string()});
  if (!opened) throw std::runtime_error(opened.error().message);
  room_ = std::make_unique<Room>(env_, *bus_, metrics_, *std::move(opened),
                                 TimelineConfig{.world = "testland", .seed = 7});
  if (options.world) {
    services_ = options.world(room_->host());
  } else {
    auto small = std::make_shared<SmallWorld>(room_->host(), notes_);
    small->mount();
    services_ = small;
  }
  if (const auto fine = room_->open(); !fine) throw std::runtime_error(fine.error().message);

  options.config.listen.port = 0;
  worlds_ = std::make_unique<OneWorld>(world());
  edge_ = std::make_unique<Edge>(env_, *bus_, metrics_, *worlds_, std::move(options.config));
  if (options.openai) edge_->serve_openai(*options.openai);
  if (options.before_listen) options.before_listen(*edge_);
  const auto address = edge_->listen();
  if (!address) throw std::runtime_error(address.error().message);
  port_ = address->port;
  group_ = std::make_unique<rt::Group>(env_, "rig");
  room_->start(*group_);
  edge_->start(*group_);
  thread_ = std::thread([this] {
    const auto work = boost::asio::make_work_guard(io_);
    io_.run();
  });
}

void Rig::on_io(std::function<void()> fn) {
  std::promise<void> done;
  rt::post(env_, [&] {
    fn();
    done.set_value();
  });
  done.get_future().wait();
}

void Rig::stop() {
  if (stopped_) return;
  stopped_ = true;
  std::promise<void> done;
  rt::Group last(env_, "rig stop");
  rt::post(env_, [&] {
    last.spawn("stop", [&]() -> boost::asio::awaitable<void> {
      co_await edge_->stop();
      group_->cancel();
      co_await group_->join();
      done.set_value();
    });
  });
  done.get_future().wait();
}

Rig::~Rig() {
  stop();
  io_.stop();
  thread_.join();
  edge_.reset();
  services_.reset();
  room_.reset();
  bus_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Rig::emit(int count, const std::string& place) {
  const auto answer =
      post(port_, "/api/time/Advance", fmt::format(R"({{"by_ms":{},"to_clock":"{}"}})", count, place));
  if (answer.status != 200) throw std::runtime_error("emit: " + answer.body);
}

double Rig::metric(const std::string& line_start) const {
  const std::string text = metrics_.text();
  const auto at = text.find("\n" + line_start);
  if (at == std::string::npos) return 0;
  const auto space = text.find_last_of(' ', text.find('\n', at + 1));
  return std::stod(text.substr(space + 1));
}

// ---- clients

Client::Client(std::uint16_t port, int receive_buffer) : port_(port), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  timeval limit{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("connect");
}

Client::~Client() { close(); }

void Client::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Client::half_close() const { ::shutdown(fd_, SHUT_WR); }

void Client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // refused already; the answer says why
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Client::more() {
  char buffer[65536];
  const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  input_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string Client::read_until(std::string_view end) {
  for (;;) {
    if (const auto at = input_.find(end); at != std::string::npos) {
      std::string out = input_.substr(0, at + end.size());
      input_.erase(0, out.size());
      return out;
    }
    if (!more()) return {};
  }
}

std::string Client::read_exactly(std::size_t bytes) {
  while (input_.size() < bytes) {
    if (!more()) return {};
  }
  std::string out = input_.substr(0, bytes);
  input_.erase(0, bytes);
  return out;
}

std::string Client::read_to_end() {
  while (more()) {
  }
  return std::exchange(input_, {});
}

Answer Client::read_answer(bool head_only) {
  Answer answer;
  const std::string head = read_until("\r\n\r\n");
  if (head.empty()) {
    answer.closed = true;
    return answer;
  }
  answer.status = std::atoi(head.c_str() + 9);
  for (const auto& line : split(head, '\n')) {
    if (const auto colon = line.find(':'); colon != std::string::npos) {
      answer.headers[lower_ascii(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
  }
  if (answer.status == 101 || answer.status == 100 || answer.status == 304 || head_only) return answer;
  if (answer.headers.contains("content-length")) {
    answer.body = read_exactly(std::stoul(answer.headers["content-length"]));
  } else if (answer.headers.contains("transfer-encoding")) {
    for (;;) {
      const std::string size = read_until("\r\n");
      const std::size_t bytes = size.empty() ? 0 : std::stoul(size, nullptr, 16);
      answer.body += read_exactly(bytes);
      (void)read_exactly(2);
      if (bytes == 0) break;
    }
  } else {
    answer.body = read_to_end();
  }
  if (answer.headers["connection"] == "close") answer.closed = input_.empty() && !more();
  return answer;
}

Answer request(std::uint16_t port, const std::string& method, const std::string& target,
               const std::vector<std::string>& headers, const std::string& body) {
  Client client(port);
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", method, target, port);
  for (const auto& header : headers) text += header + "\r\n";
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  client.send(text + "\r\n" + body);
  return client.read_answer(method == "HEAD");
}

Answer get(std::uint16_t port, const std::string& target, const std::vector<std::string>& headers) {
  return request(port, "GET", target, headers);
}

Answer post(std::uint16_t port, const std::string& target, const std::string& body,
            const std::vector<std::string>& headers) {
  return request(port, "POST", target, headers, body);
}

int WsFrame::close_code() const {
  if (opcode != 8 || payload.size() < 2) return 0;
  return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

WsClient::WsClient(std::uint16_t port, const std::string& protocol, const std::vector<std::string>& headers,
                   int receive_buffer)
    : client_(port, receive_buffer) {
  std::string text = fmt::format(
      "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
      port);
  if (!protocol.empty()) text += "Sec-WebSocket-Protocol: " + protocol + "\r\n";
  for (const auto& header : headers) text += header + "\r\n";
  client_.send(text + "\r\n");
  upgrade_ = client_.read_answer();
}

void WsClient::send(int opcode, const std::string& payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65536) {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 255);
  } else {
    frame += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>((payload.size() >> shift) & 255);
  }
  frame += std::string(4, '\0');  // a mask of zeros
  client_.send(frame + payload);
}

WsFrame WsClient::read() {
  const std::string head = client_.read_exactly(2);
  if (head.empty()) return {};
  WsFrame frame{head[0] & 15, {}};
  std::size_t size = static_cast<unsigned char>(head[1]) & 127;
  const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (more > 0) {
    size = 0;
    for (const char c : client_.read_exactly(more)) size = size * 256 + static_cast<unsigned char>(c);
  }
  frame.payload = client_.read_exactly(size);
  return frame;
}

nlohmann::json WsClient::read_json() {
  const WsFrame frame = read();
  return frame.opcode == 1 ? nlohmann::json::parse(frame.payload, nullptr, false) : nlohmann::json();
}

nlohmann::json WsClient::read_json(const std::string& key) {
  for (;;) {
    auto json = read_json();
    if (json.is_null()) return json;
    if (json.contains(key)) return json[key];
  }
}

pb::Frame WsClient::read_frame() {
  pb::Frame parsed;
  const WsFrame frame = read();
  if (frame.opcode == 2) (void)parsed.ParseFromString(frame.payload);
  return parsed;
}

nlohmann::json WsClient::hello(nlohmann::json hello) {
  send(nlohmann::json{{"hello", std::move(hello)}});
  return read_json("welcome");
}

}  // namespace troupe::edge
