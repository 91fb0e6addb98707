#include "adapters/bus_nats/link.h"

#include <fmt/core.h>

#include <condition_variable>

#include "adapters/bus_nats/address.h"
#include "adapters/bus_nats/nats_options.h"
#include "adapters/bus_nats/server_info.h"
#include "base/log.h"
#include "rt/pool.h"

namespace troupe::bus {

namespace {

constexpr rt::milliseconds kCloseMax{5'000};
constexpr rt::milliseconds kAloneMax{500};
constexpr int kPendingMax = 65'536;
constexpr int kPendingBytesMax = 64 << 20;
constexpr std::size_t kOutgoingMax = 8'192;
constexpr std::size_t kOutgoingBytesMax = 64U << 20;
constexpr const char* kCallHeader = "Troupe-Call";
constexpr const char* kProofHeader = "Troupe-Proof";

using MsgPtr = std::unique_ptr<natsMsg, DestroyNats<natsMsg_Destroy>>;

// One line now and then, however often it happens.
bool worth_a_line(std::uint64_t count) { return (count & (count - 1)) == 0; }

class NatsLink;

}  // namespace

struct Ear::Inner {
  std::shared_ptr<NatsLink> link;            // until the client library is done with it
  std::shared_ptr<Ear> ear;                  // the same
  natsSubscription* subscription = nullptr;  // sending thread
  std::int64_t dropped = 0;                  // by the library; its delivering thread
};

namespace {

class NatsLink final : public Link, public std::enable_shared_from_this<NatsLink> {
 public:
  NatsLink(const rt::Env& env, const std::string& key, const Limits& limits, Told told)
      : env_(env), limits_(limits), told_(std::move(told)), signer_(key) {}

  // What needs a pointer to us.
  void begin_hearing() {
    arrivals_ = std::make_shared<Arrivals>(env_, limits_, [weak = weak_from_this()](const Message& unheard) {
      const auto link = weak.lock();
      if (link && unheard.kind == Kind::call) link->refuse(unheard, no_server(unheard.subject));
    });
  }

  ~NatsLink() override { natsConnection_Destroy(connection_); }

  Result<void> connect(const NatsAddress& address, const NatsLogin& login,
                       const std::filesystem::path& ca_file, const std::string& alone_on) {
    where_ = address.text();
    TRY_VOID(check_servers(address));
    seed_ = login.seed;
    TRY(const NatsOptions options, nats_options(address, login, ca_file,
                                                {.closure = this,
                                                 .error = on_error,
                                                 .disconnected = on_disconnected,
                                                 .reconnected = on_reconnected,
                                                 .closed = on_closed,
                                                 .sign = on_sign}));
    // One thread hands over everything: messages of different subjects keep their order, and hundreds of subjects cost no threads.
    nats_SetMessageDeliveryPoolSize(1);
    const natsStatus status = natsConnection_Connect(&connection_, options.get());
    if (status != NATS_OK) return std::unexpected(why_no_nats(where_, status));
    callbacks_ = 1;  // of the connection
    if (natsConnection_HasHeaderSupport(connection_) != NATS_OK)
      return fail(Code::invalid_argument, "bus.old_server",
                  where_ + " carries no headers: NATS 2.11 or later is needed");
    TRY_VOID(check_alone(alone_on));
    bytes_max_ = static_cast<std::size_t>(natsConnection_GetMaxPayload(connection_));
    return {};
  }

  // Whoever answers to a subject, if only by refusing us, serves it.
  Result<void> check_alone(const std::string& subject) {
    if (subject.empty()) return {};
    natsMsg* answer = nullptr;
    const natsStatus status =
        natsConnection_RequestString(&answer, connection_, subject.c_str(), "", kAloneMax.count());
    const MsgPtr owned(answer);
    if (status != NATS_OK) return {};
    return fail(
        Code::conflict, "bus.taken",
        fmt::format("another server on NATS at {} serves {} already; stop it, or give each an account of "
                    "its own there",
                    where_, subject));
  }

  bool send(Message message) override {
    const std::unique_lock lock(mutex_);
    if (closing_ || outgoing_.size() >= kOutgoingMax ||
        outgoing_bytes_ + message.bytes() > kOutgoingBytesMax) {
      ++dropped_;
      return false;
    }
    ++sent_;
    outgoing_bytes_ += message.bytes();
    outgoing_.push_back({.message = std::move(message), .ear = nullptr, .listen = false});
    start_sending();
    return true;
  }

  Result<void> listen(const std::shared_ptr<Ear>& ear) override {
    const std::unique_lock lock(mutex_);
    if (closing_) return std::unexpected(bus_away());
    ear->inner = std::make_shared<Ear::Inner>();
    outgoing_.push_back({.message = {}, .ear = ear, .listen = true});
    start_sending();
    return {};
  }

  void mute(const std::shared_ptr<Ear>& ear) override {
    {
      const std::unique_lock lock(mutex_);
      if (!closing_) {
        outgoing_.push_back({.message = {}, .ear = ear, .listen = false});
        start_sending();
      }
    }
    arrivals_->mute(ear);
  }

  Result<void> health() const override {
    if (up_) return {};
    return std::unexpected(bus_away());
  }

  std::size_t bytes_max() const override { return bytes_max_; }

  NatsCounts counts() const override {
    return {.sent = sent_, .received = received_, .refused = refused_, .dropped = dropped_, .lost = lost_};
  }

  void close() override {
    {
      const std::unique_lock lock(mutex_);
      if (closing_) return;
      closing_ = true;
    }
    sender_.reset();  // what was handed over is sent
    if (connection_ == nullptr) return;
    if (up_.exchange(false)) natsConnection_FlushTimeout(connection_, kNatsConnectMax.count());
    arrivals_->stop();
    natsConnection_Close(connection_);
    for (const auto& ear : ears_) natsSubscription_Destroy(ear->inner->subscription);
    ears_.clear();
    // The library calls back from its own threads until it has said so for each subscription and the connection.
    std::unique_lock lock(mutex_);
    const bool all = over_.wait_for(lock, kCloseMax, [this] { return callbacks_ == 0; });
    if (all) return;
    log::error("bus", "NATS's client did not end within {} s", kCloseMax.count() / 1000);
    leaked_ = shared_from_this();  // better lost than called when gone
  }

 private:
  struct Outgoing {
    Message message;
    std::shared_ptr<Ear> ear;  // not a message: begins or ends this
    bool listen = false;
  };

  // ---- out: under the mutex, then on the sending thread

  void start_sending() {
    if (sending_) return;
    sending_ = sender_->submit([this] { send_all(); });
  }

  void send_all() {
    for (;;) {
      std::deque<Outgoing> batch;
      {
        const std::unique_lock lock(mutex_);
        batch.swap(outgoing_);
        outgoing_bytes_ = 0;
        if (batch.empty()) {
          sending_ = false;
          return;
        }
      }
      for (auto& next : batch) {
        if (next.ear == nullptr) {
          send_one(std::move(next.message));
        } else if (next.listen) {
          begin(next.ear);
        } else {
          end(next.ear);
        }
      }
    }
  }

  void send_one(Message message) {
    const std::string header = message.header.empty() ? "" : encode_base64(message.header);
    natsMsg* made = nullptr;
    natsStatus status = up_ ? NATS_OK : NATS_CONNECTION_DISCONNECTED;
    if (status == NATS_OK)
      status = natsMsg_Create(&made, message.subject.c_str(),
                              message.reply.empty() ? nullptr : message.reply.c_str(), message.body.data(),
                              static_cast<int>(message.body.size()));
    const MsgPtr owned(made);
    if (status == NATS_OK && !header.empty()) status = natsMsgHeader_Set(made, kCallHeader, header.c_str());
    if (status == NATS_OK)
      status = natsMsgHeader_Set(made, kProofHeader, signer_.proof(message, env_.clock.wall_ms()).c_str());
    if (status == NATS_OK) status = natsConnection_PublishMsg(connection_, made);
    if (status == NATS_OK) return;
    ++dropped_;
    if (message.kind != Kind::call) return;
    Error why = bus_away();
    if (status == NATS_MAX_PAYLOAD)
      why = {Code::invalid_argument, "bus.too_large",
             fmt::format("NATS at {} takes messages of at most {} bytes", where_, bytes_max_.load())};
    arrivals_->post(
        [link = shared_from_this(), nonce = message.nonce, why] { link->told_.unsent(nonce, why); });
  }

  void begin(const std::shared_ptr<Ear>& ear) {
    auto& inner = *ear->inner;
    natsSubscription* made = nullptr;
    {
      const std::unique_lock lock(mutex_);
      inner.link = shared_from_this();
      inner.ear = ear;
    }
    natsStatus status =
        ear->group.empty()
            ? natsConnection_Subscribe(&made, connection_, ear->subject.c_str(), on_message, &inner)
            : natsConnection_QueueSubscribe(&made, connection_, ear->subject.c_str(), ear->group.c_str(),
                                            on_message, &inner);
    if (status == NATS_OK) {
      // Before proofs are checked. What waits for the io thread has bounds of its own.
      natsSubscription_SetPendingLimits(made, kPendingMax, kPendingBytesMax);
      status = natsSubscription_SetOnCompleteCB(made, on_complete, &inner);
    }
    if (status != NATS_OK) {
      log::error("bus", "NATS does not let us listen to {}: {}", ear->subject, natsStatus_GetText(status));
      natsSubscription_Destroy(made);
      const std::unique_lock lock(mutex_);
      inner.link.reset();
      inner.ear.reset();
      return;
    }
    inner.subscription = made;
    const std::unique_lock lock(mutex_);
    ++callbacks_;
    ears_.push_back(ear);
  }

  void end(const std::shared_ptr<Ear>& ear) {
    natsSubscription* const subscription = std::exchange(ear->inner->subscription, nullptr);
    if (subscription == nullptr) return;
    std::erase(ears_, ear);
    natsSubscription_Unsubscribe(subscription);
    natsSubscription_Destroy(subscription);
  }

  // ---- in: threads of the library, then the io thread

  void heard(Ear::Inner& inner, natsMsg* message) {
    Ear& ear = *inner.ear;
    Message in{.kind = ear.kind, .subject = natsMsg_GetSubject(message)};
    const char* proof = nullptr;
    if (ear.kind == Kind::answer && natsMsg_IsNoResponders(message)) {
      in.nobody = true;
      in.nonce = in.subject.substr(in.subject.rfind('.') + 1);
      return hand_over(inner, std::move(in));
    }
    if (natsMsgHeader_Get(message, kProofHeader, &proof) != NATS_OK) proof = "";
    const auto kind = claimed_kind(proof);
    // A pattern such as `>` hears calls and answers, too, and what other programs say.
    if (ear.kind == Kind::event && (kind ? *kind != Kind::event : !in.subject.starts_with("evt."))) return;
    if (ear.kind == Kind::answer && kind == Kind::error) in.kind = Kind::error;
    in.body.assign(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
    if (const char* reply = natsMsg_GetReply(message)) in.reply = reply;
    const char* header = nullptr;
    std::string problem;
    if (natsMsgHeader_Get(message, kCallHeader, &header) == NATS_OK) {
      auto bytes = decode_base64(header);
      if (bytes) {
        in.header = *std::move(bytes);
      } else {
        problem = "has a call header that is not base64";
      }
    }
    if (problem.empty()) problem = signer_.check(proof, in, env_.clock.wall_ms());
    if (problem.empty() && ear.kind == Kind::call) {
      const auto verdict = seen_.take(in.nonce, env_.clock.wall_ms());
      if (verdict == Seen::Verdict::again) problem = "was sent before";
      if (verdict == Seen::Verdict::full)
        return refuse(in, {Code::exhausted, "bus.busy", "too many calls came; try again", 1000});
    }
    if (problem.empty()) return hand_over(inner, std::move(in));
    if (worth_a_line(++refused_))
      log::warn("bus", "a message on {} {}; {} so far were not taken", in.subject, problem, refused_.load());
    if (ear.kind == Kind::call)
      refuse(in, {Code::unauthenticated, "bus.unsigned",
                  "the call " + problem + "; docs/guide/bus.md says how calls are signed"});
  }

  void refuse(const Message& call, const Error& why) {
    if (call.reply.empty()) return;
    Message answer{
        .kind = Kind::error, .subject = call.reply, .body = encode_error(why), .nonce = call.nonce};
    if (answer.nonce.size() != kNonceDigits) answer.nonce = std::string(kNonceDigits, '0');
    (void)send(std::move(answer));
  }

  void hand_over(Ear::Inner& inner, Message message) {
    ++received_;
    const Message call{.kind = message.kind, .subject = {}, .reply = message.reply, .nonce = message.nonce};
    if (arrivals_->add(inner.ear, std::move(message))) return;
    ++dropped_;
    if (call.kind == Kind::call)
      refuse(call, {Code::exhausted, "bus.busy", "too many calls wait; try again", 50});
  }

  void ended() {
    const std::unique_lock lock(mutex_);
    --callbacks_;
    over_.notify_all();
  }

  static void on_message(natsConnection*, natsSubscription* subscription, natsMsg* message, void* closure) {
    const MsgPtr owned(message);
    auto& inner = *static_cast<Ear::Inner*>(closure);
    std::int64_t dropped = 0;
    if (natsSubscription_GetDropped(subscription, &dropped) == NATS_OK && dropped > inner.dropped) {
      const auto more = static_cast<std::uint64_t>(dropped - std::exchange(inner.dropped, dropped));
      inner.ear->dropped += more;
      inner.link->dropped_ += more;
    }
    inner.link->heard(inner, message);
  }

  static void on_complete(void* closure) {
    auto& inner = *static_cast<Ear::Inner*>(closure);
    const auto link = std::move(inner.link);
    const auto ear = std::move(inner.ear);  // `inner` may go with it, at the end
    link->ended();
  }

  static void on_disconnected(natsConnection*, void* closure) {
    auto& link = *static_cast<NatsLink*>(closure);
    if (!link.up_.exchange(false)) return;
    ++link.lost_;
    log::error("bus", "NATS at {} went away; trying again until it is there", link.where_);
    link.arrivals_->post([self = link.shared_from_this()] { self->told_.lost(); });
  }

  static void on_reconnected(natsConnection*, void* closure) {
    auto& link = *static_cast<NatsLink*>(closure);
    link.up_ = true;
    log::info("bus", "NATS at {} is there again", link.where_);
  }

  static void on_closed(natsConnection*, void* closure) {
    auto& link = *static_cast<NatsLink*>(closure);
    link.up_ = false;
    {
      const std::unique_lock lock(link.mutex_);
      if (!link.closing_) log::error("bus", "NATS at {} refuses us for good; start again", link.where_);
    }
    link.ended();
  }

  static void on_error(natsConnection*, natsSubscription* subscription, natsStatus status, void* closure) {
    auto& link = *static_cast<NatsLink*>(closure);
    if (worth_a_line(++link.errors_))
      log::error(
          "bus", "NATS at {}: {}{}; {} such so far", link.where_, natsStatus_GetText(status),
          subscription != nullptr ? fmt::format(" on {}", natsSubscription_GetSubject(subscription)) : "",
          link.errors_.load());
  }

  static natsStatus on_sign(char** error, unsigned char** signature, int* size, const char* nonce,
                            void* closure) {
    (void)error;
    return nats_Sign(static_cast<NatsLink*>(closure)->seed_.c_str(), nonce, signature, size);
  }

  const rt::Env env_;
  const Limits limits_;
  const Told told_;
  const Signer signer_;
  Seen seen_;
  std::shared_ptr<Arrivals> arrivals_;
  std::string where_;
  std::string seed_;
  natsConnection* connection_ = nullptr;
  std::atomic<std::size_t> bytes_max_ = 0;
  std::atomic<bool> up_ = true;
  std::atomic<std::uint64_t> sent_ = 0, received_ = 0, refused_ = 0, dropped_ = 0, lost_ = 0, errors_ = 0;

  std::mutex mutex_;
  std::condition_variable over_;
  std::deque<Outgoing> outgoing_;
  std::size_t outgoing_bytes_ = 0;
  bool sending_ = false;
  bool closing_ = false;  // nothing more is sent
  int callbacks_ = 0;     // that the library will make yet
  std::shared_ptr<NatsLink> leaked_;
  std::vector<std::shared_ptr<Ear>> ears_;  // sending thread
  std::unique_ptr<rt::Pool> sender_ = std::make_unique<rt::Pool>("bus.send", 1, 1);
};

}  // namespace

Result<std::shared_ptr<Link>> Link::open(const rt::Env& env, const NatsConfig& config, const Limits& limits,
                                         Told told) {
  TRY(const NatsAddress address, parse_nats_url(config.url));
  NatsLogin login = address.login;
  if (!config.auth_file.empty()) {
    TRY(login, load_nats_login(config.auth_file));
  }
  const auto link = std::make_shared<NatsLink>(env, config.key, limits, std::move(told));
  link->begin_hearing();
  const auto connected = link->connect(address, login, config.ca_file, config.alone_on);
  if (connected) return link;
  link->close();
  return std::unexpected(connected.error());
}

}  // namespace troupe::bus
