#include "tests/simulator/simulation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "adapters/bus_local/local_bus.h"
#include "adapters/db_sqlite/sqlite_db.h"
#include "adapters/engine_reflex/reflex_engine.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than anybody waits for anything.
constexpr seconds kAllIsOver{180};
constexpr rt::nanoseconds kStep{milliseconds(100)};

// Not asked for: they start programs, or another thread answers them.
bool is_asked(const MethodInfo& method) {
  return !method.shared && method.service != "models" && method.name != "world.Verify";
}

// What a query says of the moment or of what is in memory alone, by design.
bool survives_a_restart(const MethodInfo& method) {
  static const std::set<std::string> kMomentary = {"npc.Mind", "router.Status", "events.Consume", "time.Get"};
  return method.access.read_only() && is_asked(method) && !kMomentary.contains(method.name);
}

RouterConfig reflex_alone() {
  static const auto reflex = engine::make_reflex_engine({});
  RouterConfig router;
  router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
  return router;
}

std::shared_ptr<const PackParts> shared_parts(const pack::Pack& pack) {
  static std::map<const pack::Pack*, std::shared_ptr<const PackParts>> made;
  auto& parts = made[&pack];
  if (!parts) parts = parts_of(pack);
  return parts;
}

void tell(const std::string& what, const Error& refused) {
  log::info("simulator", "{} is refused: {} {}", what, refused.reason, refused.message);
}

std::vector<std::string> words_of(const pack::Pack& pack) {
  auto words = pack.npc_ids();
  std::ranges::move(pack.place_ids(), std::back_inserter(words));
  for (const auto& verb : pack.verbs) words.push_back(verb.id.str());
  for (const auto& good : pack.goods) words.push_back(good.id.str());
  for (const auto& fact : pack.facts) words.push_back(fact.id.str());
  for (const char* word : {"anna", "kim", "chest", "note", "a", "b", "audio", "master_volume", "hud",
                           "Good morning", "How are you?", "TimerFired", "player:anna", "rain", "1", "main"})
    words.emplace_back(word);
  return words;
}

}  // namespace

// A question whose answer is waited for.
struct Simulation::Asked {
  std::string name;
  bool answered = false;
  bool over = false;  // the process ended meanwhile
};

// From one start of the process to its end; in the order in which they need each other.
struct Simulation::Life {
  Life(Simulation& of, std::unique_ptr<db::Db> file)
      : disk(new db::FaultyDb(of.env_, std::move(file), [&of] { return of.disk(); })),
        bus(of.env_, bus::make_local_bus(of.env_), [&of] { return of.wire(); }),
        room(of.env_, bus, of.metrics_, std::unique_ptr<db::Db>(disk), of.config(false)),
        services(of.pack_, room.host(), reflex_alone(), NpcConfig{.thinks = false}, AiConfig{},
                 ModelsConfig{}, {}, shared_parts(of.pack_)),
        clerk(room.host()),
        tasks(of.env_, "simulated room"),
        calls(of.env_, "calls") {
    clerk.mount();
  }
  db::FaultyDb* disk;  // the room's
  bus::FaultyBus bus;
  Room room;
  WorldServices services;
  Clerk clerk;
  rt::Group tasks;
  rt::Group calls;
};

Simulation::Simulation(std::uint64_t seed, const pack::Pack& pack)
    : seed_(seed), pack_(pack), dice_(seed, "life"), words_(words_of(pack)), ids_(seed) {
  const std::filesystem::path memory = "/dev/shm";
  std::string name = ((std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) /
                      "troupe-simulation-XXXXXX")
                         .string();
  TROUPE_CHECK(::mkdtemp(name.data()) != nullptr, "a temporary directory");
  folder_ = name;
}

Simulation::~Simulation() {
  if (life_) end(false);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

TimelineConfig Simulation::config(bool replay) const {
  auto config = timeline_config(pack_, seed_);
  config.scale = Scale{1'000 * (1 + static_cast<std::int64_t>(seed_ % 7) * 200)};
  config.replay = replay;
  return config;
}

std::unique_ptr<db::Db> Simulation::open_file(const std::string& name) const {
  auto file = db::open_sqlite(env_, {.path = (folder_ / name).string()});
  TROUPE_CHECK(file.has_value(), "the database opens");
  return *std::move(file);
}

void Simulation::begin() {
  life_ = std::make_unique<Life>(*this, open_file("world.db"));
  const auto opened = life_->room.open();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  life_->room.start(life_->tasks);
  life_->services.start();
  clock_.settle();
}

// The database goes first, so that nothing of what is taken down is written.
void Simulation::end(bool orderly) {
  auto& life = *life_;
  if (orderly) {
    life.room.stop();
    bool drained = false;
    life.calls.spawn("drain", [&]() -> rt::asio::awaitable<void> {
      co_await life.room.drain();
      drained = true;
    });
    for (int i = 0; i < 100 && !drained; ++i) pass(milliseconds(100));
    EXPECT_TRUE(drained) << "it does not stop";
  }
  life.disk->crash();
  clock_.settle();
  life.calls.cancel();
  life.room.stop();
  life.tasks.cancel();
  clock_.settle();
  for (const auto& asked : asked_) asked->over = true;
  EXPECT_EQ(life.calls.running(), 0U);
  EXPECT_EQ(life.tasks.running(), 0U);
  life_.reset();
  clock_.settle();
}

void Simulation::crash() {
  ++tally_.crashes;
  end(false);
  begin();
}

void Simulation::restart() {
  ++tally_.restarts;
  end(true);
  begin();
}

db::Fault Simulation::disk() {
  db::Fault fault{.before = milliseconds(dice_.below(3)),
                  .after = milliseconds(dice_.below(3)),
                  .error = {},
                  .statement = {}};
  if (slow_ > 0) {
    --slow_;
    fault.before = milliseconds(dice_.below(3'000));
    fault.after = milliseconds(dice_.below(1'000));
  }
  if (full_ > 0) {
    --full_;
    fault.error = Error{Code::unavailable, "db.full", "no room is left on the disk", 1000};
  } else if (refusing_ > 0) {
    --refusing_;
    fault.error = Error{Code::invalid_argument, "db.value", "the simulated database does not take this"};
    fault.statement = static_cast<int>(dice_.below(6));
  }
  return fault;
}

bus::Fault Simulation::wire() {
  bus::Fault fault;
  if (lossy_ == 0) return fault;
  --lossy_;
  switch (dice_.below(4)) {
    case 0:
      fault.error = Error{Code::exhausted, "bus.busy", "the simulated bus is full", 100};
      break;
    case 1:
      fault.lost = true;
      break;
    case 2:
      fault.before = milliseconds(dice_.below(5'000));
      break;
    default:
      fault.after = milliseconds(dice_.below(5'000));
  }
  return fault;
}

void Simulation::ask_anything() {
  static const std::vector<const MethodInfo*> kAll = [] {
    std::vector<const MethodInfo*> all;
    for (const auto& service : all_services()) {
      for (const auto* method : service.methods) {
        if (is_asked(*method)) all.push_back(method);
      }
    }
    return all;
  }();
  static const std::vector<Caller> kCallers = {{.name = "anna", .role = pb::ROLE_PLAYER},
                                               {.name = "kim", .role = pb::ROLE_PLAYER},
                                               {.name = "dora", .role = pb::ROLE_DESIGNER},
                                               {.name = "game", .role = pb::ROLE_GAME_SERVER},
                                               {.name = "root", .role = pb::ROLE_ADMIN}};
  const auto* method = dice_.of(kAll);
  Caller caller = dice_.of(kCallers);
  if (!method->allows(caller.role) && dice_.chance(.9)) caller = kCallers.back();
  caller.world = config(false).world;
  caller.deadline = env_.now() + milliseconds(100 + dice_.below(30'000));
  if (method->takes_key() && dice_.chance(.3))
    caller.idempotency_key = "key " + std::to_string(dice_.below(20));
  auto payload = random_request(dice_, *method, words_);
  auto asked = std::make_shared<Asked>();
  asked->name = method->name;
  asked_.push_back(asked);
  ++tally_.commands;
  life_->calls.spawn(method->name, [this, asked, method, caller, payload]() -> rt::asio::awaitable<void> {
    const auto reply = co_await call_over_bus(env_, life_->bus, method, caller, payload);
    asked->answered = true;
    ++(reply ? tally_.answered : tally_.refused);
    if (!reply) {
      tell(asked->name, reply.error());
      EXPECT_NE(reply.error().reason, "rpc.bug") << asked->name << ": " << reply.error().message;
      EXPECT_FALSE(reply.error().reason.empty()) << asked->name;
      EXPECT_FALSE(reply.error().message.empty()) << asked->name;
    }
  });
}

// A new one, or one again of which nobody knows what became: the same key, and so once at most.
void Simulation::ask_clerk() {
  std::shared_ptr<Errand> errand;
  for (const auto& old : errands_) {
    if (old->known == Errand::Known::unknown && dice_.chance(.5)) errand = old;
  }
  if (!errand) {
    errand = std::make_shared<Errand>();
    errand->number = static_cast<int>(errands_.size()) + 1;
    errand->ending = dice_.chance(.7) ? Ending::done : static_cast<Ending>(dice_.below(5));
    errands_.push_back(errand);
  }
  ++tally_.commands;
  life_->calls.spawn("errand", [this, errand]() -> rt::asio::awaitable<void> {
    Caller caller = Caller::server();
    caller.idempotency_key = errand->key();
    const auto reply = co_await life_->room.timeline().submit(caller, Clerk::kErrand, errand->payload());
    ++(reply ? tally_.answered : tally_.refused);
    if (!reply) tell(errand->key(), reply.error());
    if (reply) {
      EXPECT_EQ(errand->ending, Ending::done);
      EXPECT_NE(errand->known, Errand::Known::refused) << "it had been refused for good";
      errand->known = Errand::Known::acknowledged;
    } else if (errand->ending != Ending::done && errand->known == Errand::Known::unknown &&
               reply.error().code != Code::unavailable && reply.error().code != Code::exhausted) {
      errand->known = Errand::Known::refused;
    }
  });
}

void Simulation::step() {
  const auto what = dice_.below(1'000);
  if (what < 380) {
    ask_anything();
  } else if (what < 560) {
    ask_clerk();
  } else if (what < 900) {
    pass(milliseconds(dice_.below(3'000)));
  } else if (what < 915) {
    full_ = 1 + static_cast<int>(dice_.below(3));
    ++tally_.disk_faults;
  } else if (what < 930) {
    refusing_ = 1 + static_cast<int>(dice_.below(2));
    ++tally_.disk_faults;
  } else if (what < 945) {
    slow_ = 1 + static_cast<int>(dice_.below(4));
    ++tally_.disk_faults;
  } else if (what < 965) {
    lossy_ = 1 + static_cast<int>(dice_.below(5));
    ++tally_.bus_faults;
  } else if (what < 990) {
    crash();
  } else {
    restart();
  }
  clock_.settle();
}

Tally Simulation::run(int steps) {
  begin();
  for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) step();
  full_ = refusing_ = slow_ = lossy_ = 0;
  for (rt::nanoseconds left = kAllIsOver; left > kStep; left -= kStep) pass(kStep);
  hold_to_promises();
  return tally_;
}

std::string Simulation::hash(Room& room) {
  std::string found;
  EXPECT_TRUE(room.timeline().checkpoint_now());
  EXPECT_TRUE(room.db().read_now([&](db::Reader& reader) -> Result<void> {
    TRY(found, room.timeline().state_hash(reader));
    return {};
  }));
  return hex(found);
}

void Simulation::hold_to_promises() {
  auto& life = *life_;
  EXPECT_TRUE(life.room.timeline().health().has_value());
  for (const auto& asked : asked_)
    EXPECT_TRUE(asked->answered || asked->over) << asked->name << " has no answer";
  for (const auto& errand : errands_) {
    const int times = life.clerk.times(errand->number);
    SCOPED_TRACE(errand->key());
    if (errand->ending != Ending::done || errand->known == Errand::Known::refused) {
      EXPECT_EQ(times, 0) << "what was refused is there";
    } else if (errand->known == Errand::Known::acknowledged) {
      EXPECT_EQ(times, 1) << "what was acknowledged";
    } else {
      EXPECT_LE(times, 1) << "once at most";
    }
  }
  EXPECT_TRUE(life.room.db().read_now([](db::Reader& reader) -> Result<void> {
    TRY_VOID(event_log::verify(reader));
    return {};
  }));
  expect_the_same_after_a_restart();
  tally_.events = life_->room.timeline().tail().events;
  expect_replay();
}

std::vector<std::pair<std::string, std::string>> Simulation::answers() {
  std::vector<std::pair<std::string, std::string>> all;
  std::size_t asked = 0;
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      if (!survives_a_restart(*method)) continue;
      Caller caller{.name = "root", .role = pb::ROLE_ADMIN};
      caller.world = config(false).world;
      life_->calls.spawn(method->name, [this, &all, method, caller]() -> rt::asio::awaitable<void> {
        const auto reply = co_await call_over_bus(env_, life_->bus, method, caller, std::string());
        all.emplace_back(method->name,
                         reply ? stable_bytes(method->reply->full_name(), *reply) : reply.error().reason);
      });
      ++asked;
      for (int i = 0; i < 1'000 && all.size() < asked; ++i) pass(milliseconds(1));
      EXPECT_EQ(all.size(), asked) << method->name << " has no answer";
      asked = all.size();
    }
  }
  return all;
}

// What memory says is what the database says.
void Simulation::expect_the_same_after_a_restart() {
  pb::TimePauseRequest stand;
  bool stands = false;
  life_->calls.spawn("pause", [this, stand, &stands]() -> rt::asio::awaitable<void> {
    Caller caller{.name = "root", .role = pb::ROLE_ADMIN};
    caller.world = config(false).world;
    stands = (co_await call_over_bus(env_, life_->bus, find_method(stand.GetDescriptor()), caller,
                                     stand.SerializeAsString()))
                 .has_value();
  });
  for (int i = 0; i < 20; ++i) pass(kStep);
  EXPECT_TRUE(stands);
  const auto before = answers();
  end(true);
  begin();
  const auto after = answers();
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i], after[i]) << "of " << before[i].first;
}

void Simulation::expect_replay() {
  std::vector<InputRecord> inputs;
  ASSERT_TRUE(life_->room.db().read_now([&](db::Reader& reader) -> Result<void> {
    TRY(inputs, event_log::inputs(reader, 0, 1'000'000));
    return {};
  }));
  for (const auto& input : inputs) tally_.failed_turns += input.type == "troupe.v1.TurnFailed" ? 1 : 0;
  tally_.state_hash = hash(life_->room);
  const auto until = life_->room.timeline().now();

  rt::asio::io_context io;
  rt::VirtualClock clock(io);
  rt::SeededIds ids(1);
  const rt::Env env{io.get_executor(), clock, ids};
  Metrics metrics;
  const auto bus = bus::make_local_bus(env);
  Room again(env, *bus, metrics, open_file("replayed.db"), config(true));
  WorldServices services(pack_, again.host(), reflex_alone(), NpcConfig{.thinks = false}, AiConfig{},
                         ModelsConfig{}, {}, shared_parts(pack_));
  Clerk clerk(again.host());
  clerk.mount();
  ASSERT_TRUE(again.open());
  for (const auto& input : inputs) {
    const auto done = again.timeline().replay(input);
    ASSERT_TRUE(done.has_value()) << "input " << input.sequence << " (" << input.type
                                  << "): " << done.error().message;
  }
  ASSERT_TRUE(again.timeline().run_to(until));
  EXPECT_EQ(hash(again), tally_.state_hash) << "another history";
}

}  // namespace troupe::test
