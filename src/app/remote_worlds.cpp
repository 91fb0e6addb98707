#include "app/remote_worlds.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "host/ask_over_bus.h"
#include "host/room_log.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {

namespace {
constexpr rt::milliseconds kSayAgain{5'000};  // well within kVisitLife
constexpr rt::milliseconds kIdle{10'000};     // a world that nobody is in, and that may be asked for again
constexpr rt::milliseconds kAskWithin{5'000};
constexpr rt::milliseconds kLeaveMax{1'000};  // at stop, to say that everybody has left
constexpr std::size_t kKnownMax = 10'000;
constexpr int kListed = 2;  // one is meant where none is named; of several only that there are
}  // namespace

// That somebody of this process is in a world; the last one who goes says so. Each has a name of its own: who leaves a world that
// was closed must not end the stay of those who came when it was open again.
class RemoteWorlds::Held {
 public:
  Held(RemoteWorlds& worlds, std::string world, std::string name)
      : name(std::move(name)), worlds_(worlds), world_(std::move(world)) {}
  Held(const Held&) = delete;
  ~Held() {
    if (told) worlds_.say_left(world_, name);
  }

  const std::string name;
  HistoryLine line{.name = {}, .parted = {}};  // "" = not told yet
  bool told = false;
  rt::Instant until;  // then it has to be said again
  rt::Instant used;

 private:
  RemoteWorlds& worlds_;
  const std::string world_;
};

class RemoteWorlds::Inside final : public Visit {
 public:
  Inside(std::shared_ptr<Held> held, const rt::Env& env, bus::Bus& bus, std::string world)
      : held_(std::move(held)), log_(env, bus, std::move(world)) {}
  Task<LogPage> read(std::uint64_t after, std::size_t limit, LogReader each) override {
    return log_.read(after, limit, std::move(each));
  }

 private:
  const std::shared_ptr<Held> held_;
  BusLog log_;
};

RemoteWorlds::RemoteWorlds(const rt::Env& env, bus::Bus& bus, std::string process)
    : env_(env), bus_(bus), process_(std::move(process)), asking_(env), leaving_(env, "leaves worlds") {}

RemoteWorlds::~RemoteWorlds() { over_ = true; }

Result<void> RemoteWorlds::start(rt::Group& group) {
  TRY(closing_, bus_.subscribe(kWorldClosing, [this](const bus::Event& event) {
    pb::WorldClosing said;
    // Who comes from now on asks anew; those inside leave, and with the last of them what is held here goes.
    if (said.ParseFromString(event.payload)) held_.erase(said.world());
  }));
  group.spawn("worlds elsewhere", [this] { return keep(); });
  return {};
}

boost::asio::awaitable<void> RemoteWorlds::stop() {
  held_.clear();
  over_ = true;
  const auto until = env_.now() + kLeaveMax;
  while (leaving_.running() > 0 && env_.now() < until) co_await rt::sleep_for(env_, rt::milliseconds(5));
  leaving_.cancel();
  co_await leaving_.join();
}

template <class Reply, class Request>
Task<Reply> RemoteWorlds::ask(Request request, rt::milliseconds within) {
  const Caller self{.role = pb::ROLE_SERVICE, .deadline = env_.now() + within};
  co_return co_await ask_over_bus<Reply>(env_, bus_, self, std::move(request));
}

Task<void> RemoteWorlds::list() {
  pb::WorldsListRequest request;
  request.set_limit(kListed);
  auto reply = co_await ask<pb::WorldsListReply>(request, kAskWithin);
  if (!reply) {
    if (health_) log::warn("worlds", "nobody answers for worlds: {}", reply.error().message);
    health_ = std::unexpected(reply.error());
    co_return health_;
  }
  if (!health_) log::info("worlds", "whoever has the worlds is there");
  health_ = {};
  names_.clear();
  for (const auto& world : reply->worlds()) names_.push_back(world.name());
  co_return Result<void>();
}

boost::asio::awaitable<void> RemoteWorlds::keep() {
  for (;;) {
    (void)co_await list();
    known_.clear();
    std::erase_if(held_, [this](const auto& one) {
      return one.second.use_count() == 1 && env_.now() - one.second->used > kIdle;
    });
    std::vector<std::string> again;
    for (const auto& [world, held] : held_) again.push_back(world);
    for (const auto& world : again) {
      const auto alone = co_await asking_.with(world);
      if (alone && held_.contains(world)) (void)co_await say(world, true);
    }
    co_await rt::sleep_for(env_, health_ ? kSayAgain : rt::milliseconds(500));
  }
}

bool RemoteWorlds::exists(const std::string& world) const {
  return known_.contains(world) || held_.contains(world) || std::ranges::find(names_, world) != names_.end();
}

// Whoever has the worlds knows all of them, this process those that it was asked for lately: one at a time is looked up.
Task<std::string> RemoteWorlds::meant(std::optional<std::string> named) {
  if (!named && names_.empty()) CO_TRY_VOID(co_await list());
  if (!named || exists(*named)) co_return named ? *std::move(named) : unnamed();
  CO_TRY([[maybe_unused]] const auto alone, co_await asking_.with(""));
  if (exists(*named)) co_return *std::move(named);
  pb::WorldsLinesRequest request;
  request.set_world(*named);
  if (const auto there = co_await ask<pb::WorldsLinesReply>(request, kAskWithin); !there)
    co_return std::unexpected(there.error());
  if (known_.size() < kKnownMax) known_.insert(*named);
  co_return *std::move(named);
}

// What is held of a world that was closed while it was asked for is another stay: that one is not kept.
Task<void> RemoteWorlds::say(std::string world, bool again) {
  auto& kept = held_[world];
  if (!kept) kept = std::make_shared<Held>(*this, world, fmt::format("{}/{}", process_, ++names_given_));
  const std::shared_ptr<Held> held = kept;
  const auto asked = env_.now();
  pb::WorldsVisitRequest request;
  request.set_world(world);
  request.set_stay(held->name);
  request.set_again(again);
  const auto reply = co_await ask<pb::WorldsVisitReply>(std::move(request), kDefaultDeadline);
  const auto now = held_.find(world);
  const bool ours = now != held_.end() && now->second == held;
  if (!reply) {
    if (ours && !again && !held->told) held_.erase(now);  // else people are inside, and it is said again
    if (again && reply.error().code == Code::not_found) lose(world, "this world is gone");
    co_return std::unexpected(reply.error());
  }
  if (!ours)
    co_return fail(Code::unavailable, "world.asleep", "the world was closed just now; come again", 100);
  const bool same = held->line.name.empty() || held->line.name == reply->line();
  if (again && (reply->asleep() || !same)) {
    lose(world, "this world was closed");  // and it was not heard
    co_return Result<void>();
  }
  held->line = {.name = reply->line(), .parted = std::nullopt};
  if (reply->has_parted()) held->line.parted = reply->parted();
  held->told = true;
  held->until = asked + kVisitLife;
  co_return Result<void>();
}

void RemoteWorlds::lose(const std::string& world, const std::string& why) {
  held_.erase(world);
  if (lost_) lost_(world, why);
}

Task<std::shared_ptr<Visit>> RemoteWorlds::enter(std::string world) {
  if (world.empty()) CO_TRY_VOID(check_named(world));
  const auto fresh = [this, &world] {
    const auto found = held_.find(world);
    return found != held_.end() && found->second->until > env_.now() ? found->second : nullptr;
  };
  auto held = fresh();
  if (!held) {
    CO_TRY([[maybe_unused]] const auto alone, co_await asking_.with(world));
    if (held = fresh(); !held) {
      CO_TRY_VOID(co_await say(world, false));
      held = fresh();
    }
  }
  if (!held)
    co_return fail(Code::unavailable, "world.asleep", "the world was closed just now; come again", 100);
  held->used = env_.now();
  co_return std::make_shared<Inside>(std::move(held), env_, bus_, std::move(world));
}

HistoryLine RemoteWorlds::line(const std::string& world) const {
  const auto known = held_.find(world);
  return known == held_.end() ? HistoryLine() : known->second->line;
}

void RemoteWorlds::say_left(const std::string& world, const std::string& name) {
  if (over_) return;
  pb::WorldsVisitRequest request;
  request.set_world(world);
  request.set_stay(name);
  request.set_leaving(true);
  leaving_.spawn("leave", [this, request]() -> boost::asio::awaitable<void> {
    (void)co_await ask<pb::WorldsVisitReply>(request,
                                             kAskWithin);  // else it is taken for granted in some seconds
  });
}

}  // namespace troupe
