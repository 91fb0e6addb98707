#pragma once
// One game socket from hello to goaway. Owned by its connection's coroutine (and by what it started, until
// that ends); io thread. See socket.proto for what a client is promised.
//
// Resume      position_ is the last sequence that was considered. Catching up: live events wait in live_
//             while pages are read from the log after position_; then live_ goes out from position_ on. A
//             hole between position_ and a live event (the bus dropped some) is caught up in the same way.
// Bounds      SocketLimits: calls in flight, frames and bytes that wait to be sent (then goaway `slow`), live
//             events that wait, events that a rate limit holds back, bad frames.
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "edge/edge_core.h"
#include "edge/ws_codec.h"
#include "edge/ws_filter.h"
#include "edge/ws_stream.h"

namespace troupe::edge {

// What the upgrade request said; hello may say the same or more.
struct UpgradeIdentity {
  std::string bearer;
  std::string player;
  std::string role;
  std::string world;
  std::string connection;
  std::string address;
};

class WsSession : public std::enable_shared_from_this<WsSession> {
 public:
  WsSession(std::shared_ptr<EdgeCore> core, std::unique_ptr<WsStream> stream, Wire wire,
            UpgradeIdentity upgrade);

  // Returns when the socket has closed.
  boost::asio::awaitable<void> run();
  // Says why, then closes.
  void goaway(const std::string& reason, const std::string& message);
  const std::string& world() const { return world_; }

 private:
  using Frame = pb::Frame;

  // ws_session.cpp: frames in, frames out.
  boost::asio::awaitable<void> write_loop();
  boost::asio::awaitable<void> on_message(WsMessage message);
  boost::asio::awaitable<void> on_hello(Frame::Hello hello);
  Task<Identity> enter(Frame::Hello hello);
  boost::asio::awaitable<void> send_snapshots();
  void bad_frame(const Error& error);
  void send(std::shared_ptr<const std::string> frame, pb::Priority priority = pb::PRIORITY_NORMAL);
  bool crowded() const;  // events of low priority are left out
  void send(std::string frame) { send(std::make_shared<const std::string>(std::move(frame))); }
  void send_error(std::uint64_t id, Error error);
  void finish();
  void wake_writer();

  // ws_calls.cpp: calls over the bus.
  void on_request(const Frame::Request& request);
  void on_cancel(const Frame::Cancel& cancel);
  void on_input(Frame::Input input);
  Result<void> start_call(const Frame::Request& request);
  static Result<void> check_where(const Frame::Input& input);
  static void stay(Frame::Input& input, const Frame::Input& before);
  static Result<std::string> input_payload(const MethodInfo* method, const Frame::Input& input);
  boost::asio::awaitable<void> run_call(std::uint64_t id, const MethodInfo* method, Caller caller,
                                        std::string payload);
  boost::asio::awaitable<void> run_inputs(const MethodInfo* method);
  Caller caller() const;
  void on_part(const bus::Event& event);

  // ws_events.cpp: the world's events.
  struct LogEnd {
    std::uint64_t tail = 0;
    std::string refused;  // why the cursor cannot be resumed from, or ""
  };
  Task<LogEnd> log_end(std::optional<std::uint64_t> cursor);
  Task<std::set<std::string>> own_types(Frame::Subscribe subscribe) const;
  boost::asio::awaitable<void> on_subscribe(Frame::Subscribe subscribe);
  void on_live(const HubEventPtr& event);
  bool in_order(const HubEventPtr& event);
  void start_catching_up();
  boost::asio::awaitable<void> catch_up();
  boost::asio::awaitable<void> room();
  bool has_room() const;
  void offer(HubEventPtr event);
  void give(const Pacer::Out& out);
  void pump();

  const std::shared_ptr<EdgeCore> core_;
  const rt::Env env_;
  const SocketLimits limits_;
  const std::unique_ptr<WsStream> stream_;
  const Wire wire_;
  const UpgradeIdentity upgrade_;

  Identity who_;
  std::string world_;
  std::shared_ptr<Visit> visit_;  // of world_, from hello on
  WorldDoor* door_ = nullptr;     // the same
  bool greeted_ = false;
  bool present_ = false;  // a player, whom presence knows of
  bool closing_ = false;
  std::uint16_t close_code_ = 1000;
  std::string close_reason_;
  std::size_t bad_frames_ = 0;
  rt::Timer hello_timer_;
  std::optional<Waiting::Here> waiting_;  // for hello
  rt::Timer close_timer_;

  std::deque<std::shared_ptr<const std::string>> queue_;
  std::size_t queue_bytes_ = 0;
  std::optional<rt::OneShot<void>> writer_waits_;
  std::optional<rt::OneShot<void>> room_waits_;

  std::map<std::uint64_t, rt::Group::Handle> calls_;
  std::string parts_prefix_;
  bus::Subscription parts_;
  bool parts_heard_ = false;
  std::deque<Frame::Input> inputs_;  // not told yet
  Frame::Input taken_;               // the last that was taken: where the player is
  bool input_running_ = false;

  std::optional<Filter> filter_;
  std::optional<Pacer> pacer_;
  rt::Timer pacer_timer_;
  std::uint64_t hub_key_ = 0;
  std::uint64_t position_ = 0;
  bool catching_up_ = false;
  std::deque<HubEventPtr> live_;
  std::uint32_t left_out_ = 0;  // events of low priority since the last that was sent
  bool live_lost_ = false;      // live_ was full: the log has to be read again
};

}  // namespace troupe::edge
