// Tables and turns that are undone: on two services, one of which asks the other.
#include "host/table.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "host/registry.h"
#include "host/table_reference.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/npc_store.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe::test {
namespace {

using Record = pb::WeatherRegionRecord;

Record region(const std::string& name, std::int64_t hour = 0) {
  Record record;
  record.set_region(name);
  record.set_hour(hour);
  record.set_state(pb::FOG);
  return record;
}

// Keeps regions. Set does what its `state` says, to the region that it names; Unpin asks for it inside its
// turn.
class Keeper {
 public:
  explicit Keeper(Host& host)
      : host_(host),
        table_(host.timeline(), [](const Record& record) { return record.region() != "unreadable"; }),
        by_hour_(table_.groups<std::int64_t>(
            [](const Record& record) { return std::vector<std::int64_t>{record.hour(), -record.hour()}; })),
        late_(table_.index<std::int64_t>([](const Record& record) -> std::optional<std::int64_t> {
          if (record.hour() <= 2) return std::nullopt;
          return -record.hour();
        })) {
    table_.on_change([this](const TableKey&, const Record* gone, const Record* came) {
      hours_ += (came == nullptr ? 0 : came->hour()) - (gone == nullptr ? 0 : gone->hour());
    });
  }

  void mount() {
    host_.serve(&Keeper::set, this);
    host_.serve(&Keeper::unpin, this);
    host_.serve(&Keeper::list, static_cast<const Keeper*>(this));
    host_.timeline().add_timer_handler(
        "keeper", [this](Turn& turn, const std::string& key, const std::string& payload) {
          change(turn, key);
          if (payload == "fails") turn.abandon({Code::internal, "keeper.timer", "it always fails"});
        });
  }

 private:
  void change(Turn& turn, const std::string& name) {
    const auto* old = table_.find(name);
    table_.put(turn, region(name, old == nullptr ? 1 : old->hour() + 1));
    pb::TimerFired event;
    event.set_due_ms(1);
    turn.emit(event, {.subject = name});
  }
  Result<pb::WeatherNow> set(Turn& turn, const Caller&, const pb::WeatherSetRequest& request) {
    const auto& name = request.region();
    const auto& what = request.state();
    change(turn, name);
    change(turn, name);
    if (what == "refuse") return fail(Code::conflict, "keeper.refused", "after a change");
    if (what == "erase") table_.erase(turn, name);
    if (what.starts_with("pin")) table_.edit(turn, name)->set_pinned_until_ms(std::stoll(what.substr(4)));
    if (what == "pin 7 and refuse") return fail(Code::conflict, "keeper.refused", "after a change in place");
    if (what == "soon" || what == "fails") turn.schedule("keeper", name, turn.now() + game_minutes(2), what);
    if (what == "jump") turn.jump_to(turn.now() + game_hours(1));
    if (what == "storm") {
      for (int i = 0; i < 100'000; ++i) turn.emit(pb::TimerFired(), {.subject = name});
    }
    if (what == "fill") {
      for (int i = 0; i < 2'000; ++i) table_.put(turn, region(name + std::to_string(i)));
    }
    if (what == "fill with long ones") {
      for (int i = 0; i < 100; ++i) table_.put(turn, region(std::to_string(i) + std::string(100'000, 'x')));
    }
    if (what == "all and refuse") {
      table_.erase(turn, "harbour");
      turn.schedule("keeper", "late", turn.now() + game_hours(9));
      turn.unschedule("keeper", "harbour");
      turn.set_clock(Scale{1}, true);
      turn.after_commit([] { FAIL() << "of a turn that was undone"; });
      return fail(Code::conflict, "keeper.refused", "after many changes");
    }
    pb::WeatherNow reply;
    reply.set_region(name);
    return reply;
  }
  // The region's name says what the other one is asked: "refuse", then it goes on by itself.
  Result<pb::WeatherNow> unpin(Turn& turn, const Caller& caller, const pb::WeatherUnpinRequest& request) {
    change(turn, "asker");
    pb::WeatherSetRequest ask;
    ask.set_region("asked");
    ask.set_state(request.region());
    if (auto* record = table_.edit(turn, "pinned")) record->set_pinned_until_ms(1);
    if (table_.find("pinned") != nullptr) ask.set_region("pinned");
    const auto asked = turn.call<pb::WeatherNow>(caller, ask);
    for (int times = 0; times < 2; ++times) {
      if (auto* record = table_.edit(turn, "pinned"))
        record->set_pinned_until_ms(record->pinned_until_ms() * 10);
    }
    if (request.region() == "pin 8") return fail(Code::conflict, "keeper.refused", "after all of it");
    change(turn, "asker");
    pb::WeatherNow reply;
    reply.set_state(asked ? "ok" : asked.error().reason);
    return reply;
  }
  Result<pb::WeatherListReply> list(const Caller&, const pb::WeatherListRequest&) const {
    pb::WeatherListReply reply;
    for (const auto& [key, record] : table_.rows()) {
      auto& out = *reply.add_regions();
      out.set_region(record.region());
      out.set_at_ms(record.hour());
      out.set_state(std::to_string(by_hour_.find(-record.hour())->size()));
    }
    // What is kept beside the rows says the same as they do.
    std::int64_t hours = 0, late = 0, under_h = 0;
    for (const auto& [key, record] : table_.rows()) {
      hours += record.hour();
      late += record.hour() > 2 ? 1 : 0;
      under_h += record.region() == "h" ? 1 : 0;
      EXPECT_TRUE(by_hour_.find(record.hour())->contains(key));
    }
    EXPECT_EQ(hours_, hours);
    EXPECT_EQ(std::ssize(late_.entries()), late);
    EXPECT_EQ(std::ranges::distance(table_.under("h")), under_h) << "a text is a whole part";
    std::size_t grouped = 0;
    for (const auto& [hour, keys] : by_hour_.all()) grouped += keys.size();
    EXPECT_EQ(grouped, 2 * table_.size());
    return reply;
  }

  Host& host_;
  Table<Record> table_;
  const TableGroups<Record, std::int64_t>& by_hour_;
  const TableIndex<Record, std::int64_t>& late_;
  std::int64_t hours_ = 0;
};

struct TableTest : testing::Test {
  World world{{mount<Keeper>()}};

  std::string set(const std::string& name, const std::string& what = "") {
    pb::WeatherSetRequest request;
    request.set_region(name);
    request.set_state(what);
    const auto reply = world.call<pb::WeatherNow>(designer(), request);
    return reply ? "ok" : reply.error().reason;
  }
  std::string ask(const std::string& what) {
    pb::WeatherUnpinRequest request;
    request.set_region(what);
    const auto reply = world.call<pb::WeatherNow>(designer(), request);
    return reply ? reply->state() : reply.error().reason;
  }
  // "harbour 2, moor 4"
  std::string rows() {
    std::string out;
    const auto reply = world.call<pb::WeatherListReply>(player(), pb::WeatherListRequest());
    for (const auto& row : reply->regions())
      out += (out.empty() ? "" : ", ") + row.region() + " " + std::to_string(row.at_ms());
    return out;
  }
};

TEST_F(TableTest, RowsAreKeptByKeyAndFoundAgain) {
  EXPECT_EQ(set("moor"), "ok");
  EXPECT_EQ(set("harbour"), "ok");
  EXPECT_EQ(set("gone"), "ok");
  EXPECT_EQ(set("gone", "erase"), "ok");
  EXPECT_EQ(rows(), "harbour 2, moor 2");
  world.restart();
  EXPECT_EQ(rows(), "harbour 2, moor 2");
  EXPECT_EQ(world.rows("select hour from weather_regions where region = 'moor'")[0].integer(0), 2)
      << "columns that a person can read";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TableTest, ACommandThatFailsAfterManyChangesChangesNothing) {
  ASSERT_EQ(set("harbour", "soon"), "ok");
  const auto before = rows();
  const auto hash = world.state_hash();
  const auto now = world.now();
  EXPECT_EQ(set("moor", "refuse"), "keeper.refused");
  EXPECT_EQ(set("moor", "all and refuse"), "keeper.refused");
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(world.now(), now);
  EXPECT_TRUE(world.timeline().clock().running());
  world.advance(game_minutes(3));
  EXPECT_EQ(rows(), "harbour 3") << "its timer is as it was, and no other is there";
  world.advance(game_hours(10));
  EXPECT_EQ(rows(), "harbour 3");
  EXPECT_EQ(world.inputs().size(), 1U) << "what was undone is recorded nowhere";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  EXPECT_NE(hash, world.state_hash());
}

// What a row was is kept once for all that is undone together, and no less often.
TEST_F(TableTest, WhatIsChangedInPlaceIsUndoneWithItsTurnAndWithItsCall) {
  ASSERT_EQ(set("pinned", "pin 3"), "ok");
  const auto pinned = [&] {
    return world.rows("select pinned_until_ms from weather_regions where region = 'pinned'")[0].integer(0);
  };
  EXPECT_EQ(ask("pin 8"), "keeper.refused");
  EXPECT_EQ(set("moor"), "ok");
  EXPECT_EQ(pinned(), 3);
  EXPECT_EQ(ask("pin 7 and refuse"), "keeper.refused") << "of the one who was asked";
  EXPECT_EQ(pinned(), 100) << "1, undone inside, then ten times twice";
  EXPECT_EQ(ask("pin 7"), "ok");
  EXPECT_EQ(pinned(), 700);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TableTest, WhatWasAskedForIsUndoneAloneWhereItWasRefused) {
  EXPECT_EQ(ask("refuse"), "keeper.refused");
  EXPECT_EQ(rows(), "asker 2");
  EXPECT_EQ(ask(""), "ok");
  EXPECT_EQ(rows(), "asked 2, asker 4");
  EXPECT_EQ(ask("all and refuse"), "keeper.refused");
  EXPECT_EQ(rows(), "asked 2, asker 6");
  EXPECT_EQ(ask("fill"), "table.full") << "a plain error to the one who asked";
  EXPECT_EQ(rows(), "asked 2, asker 8");
  EXPECT_EQ(world.history().size(), 10U) << "eight of the asker's, two of the asked";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TableTest, WhatIsKeptBesideTheRowsGoesWithThemAndIsUndoneWithThem) {
  const auto groups = [&] {
    std::string out;
    const auto reply = world.call<pb::WeatherListReply>(player(), pb::WeatherListRequest());
    for (const auto& row : reply->regions()) out += row.state();
    return out;
  };
  for (const char* name : {"h", "harbour", "moor"}) EXPECT_EQ(set(name), "ok");
  EXPECT_EQ(groups(), "333");
  EXPECT_EQ(set("moor"), "ok");
  EXPECT_EQ(groups(), "221");
  EXPECT_EQ(set("moor", "refuse"), "keeper.refused");
  EXPECT_EQ(groups(), "221");
  EXPECT_EQ(set("harbour", "erase"), "ok");
  EXPECT_EQ(groups(), "11");
  world.restart();
  EXPECT_EQ(groups(), "11");
}

TEST_F(TableTest, ARowThatCannotBeReadIsLeftOut) {
  EXPECT_EQ(set("harbour"), "ok");
  EXPECT_EQ(set("unreadable"), "ok");
  EXPECT_EQ(rows(), "harbour 2, unreadable 2");
  world.restart();
  EXPECT_EQ(rows(), "harbour 2");
}

TEST_F(TableTest, WhatIsChangedInPlaceIsWrittenAndUndoneToo) {
  const auto pinned = [&] {
    return world.rows("select pinned_until_ms from weather_regions where region = 'moor'").at(0).integer(0);
  };
  EXPECT_EQ(set("moor", "pin 5"), "ok");
  EXPECT_EQ(pinned(), 5);
  EXPECT_EQ(set("moor", "pin 7 and refuse"), "keeper.refused");
  EXPECT_EQ(set("moor"), "ok") << "written anew with what it has";
  EXPECT_EQ(rows(), "moor 4");
  EXPECT_EQ(pinned(), 0) << "as it was put";
  EXPECT_EQ(set("moor", "pin 6"), "ok");
  EXPECT_EQ(set("asker", "refuse"), "keeper.refused");
  EXPECT_EQ(pinned(), 6);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TableTest, ATimerThatFailsIsConsumedAndTimeGoesOn) {
  ASSERT_EQ(set("harbour", "fails"), "ok");
  ASSERT_EQ(set("moor", "soon"), "ok");
  world.advance(game_hours(1));
  EXPECT_EQ(rows(), "harbour 2, moor 3");
  ASSERT_EQ(world.inputs().size(), 3U);
  pb::TurnFailed failed;
  ASSERT_TRUE(failed.ParseFromString(world.inputs()[2].payload));
  EXPECT_EQ(failed.what(), "keeper");
  EXPECT_EQ(failed.key(), "harbour");
  EXPECT_THAT(failed.reason(), testing::HasSubstr("keeper.timer"));
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  world.restart();
  world.advance(game_hours(1));
  EXPECT_EQ(rows(), "harbour 2, moor 3");
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TableTest, AStormOfEventsIsUndone) {
  EXPECT_EQ(set("harbour", "storm"), "timeline.event_storm");
  EXPECT_EQ(rows(), "");
  EXPECT_TRUE(world.history().empty());
  EXPECT_EQ(set("harbour"), "ok");
  EXPECT_EQ(world.history().size(), 2U);
}

// Keeps decisions, whose record is cold. Set puts one of the `region` whose sequence and bytes are its
// `state`'s two numbers; without them it erases all of it and refuses.
class Archive {
 public:
  explicit Archive(Host& host) : host_(host), table_(host.timeline()) {}
  void mount() {
    host_.serve(&Archive::set, this);
    host_.serve(&Archive::list, this);
  }

 private:
  Result<pb::WeatherNow> set(Turn& turn, const Caller&, const pb::WeatherSetRequest& request) {
    unsigned long long sequence = 0, bytes = 0;
    if (std::sscanf(request.state().c_str(), "%llu %llu", &sequence, &bytes) != 2) {
      EXPECT_GT(table_.erase_if(turn, [](const auto&) { return true; }, request.region()), 0);
      return fail(Code::conflict, "keeper.refused", "after all were erased");
    }
    pb::DecisionRecord record;
    record.set_npc(request.region());
    record.set_sequence(sequence);
    record.set_record(std::string(bytes, 'x'));
    table_.put(turn, std::move(record));
    EXPECT_EQ(table_.find(request.region(), sequence) == nullptr
                  ? bytes
                  : table_.find(request.region(), sequence)->record().size(),
              bytes)
        << "while the turn runs";
    return pb::WeatherNow();
  }
  // Bytes of each, as the database has them.
  Task<pb::WeatherListReply> list(Caller, pb::WeatherListRequest) {
    std::vector<TableKey> keys = {table_key({"nobody", std::int64_t{1}})};
    for (const auto& [key, record] : table_.rows()) {
      EXPECT_EQ(record.record(), "") << "no turn runs";
      EXPECT_GT(record.record_bytes(), 0);
      keys.push_back(key);
    }
    CO_TRY(const auto records, co_await table_.fetch(std::move(keys)));
    pb::WeatherListReply reply;
    for (const auto& record : records) {
      auto& out = *reply.add_regions();
      out.set_region(record.npc() + " " + std::to_string(record.sequence()));
      out.set_at_ms(static_cast<std::int64_t>(record.record().size()));
    }
    co_return reply;
  }

  Host& host_;
  Table<pb::DecisionRecord> table_;
};

TEST(Table, WhatIsColdIsInTheDatabaseAlone) {
  World world{{mount<Archive>()}};
  const auto set = [&](const std::string& npc, const std::string& what) {
    pb::WeatherSetRequest request;
    request.set_region(npc);
    request.set_state(what);
    const auto reply = world.call<pb::WeatherNow>(designer(), request);
    return reply ? "ok" : reply.error().reason;
  };
  const auto listed = [&] {
    std::string out;
    const auto reply = world.call<pb::WeatherListReply>(player(), pb::WeatherListRequest());
    for (const auto& row : reply->regions()) out += row.region() + ": " + std::to_string(row.at_ms()) + ", ";
    return out;
  };
  EXPECT_EQ(set("marta", "1 1000"), "ok");
  EXPECT_EQ(set("marta", "2 5"), "ok");
  EXPECT_EQ(set("marta", "2 70000"), "ok") << "another in its place";
  EXPECT_EQ(set("odo", "3 9"), "ok");
  const std::string all = "marta 1: 1000, marta 2: 70000, odo 3: 9, ";
  EXPECT_EQ(listed(), all);
  EXPECT_EQ(set("marta", "none"), "keeper.refused");
  EXPECT_EQ(listed(), all) << "what was undone is whole";
  world.restart();
  EXPECT_EQ(listed(), all);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TableTest, BoundsAreOfRowsAndBytes) {
  EXPECT_EQ(set("harbour", "fill"), "table.full");
  EXPECT_EQ(rows(), "");
  EXPECT_EQ(set("harbour", "fill with long ones"), "table.full");
  EXPECT_EQ(rows(), "");
  EXPECT_EQ(set("harbour"), "ok");
}

TEST(TableShape, ADamagedRowIsNamed) {
  const TableShape shape(*Record::descriptor());
  auto values = shape.upsert(region("harbour")).values;
  Record out;
  ASSERT_TRUE(shape.read(db::Row(values), out));
  EXPECT_EQ(out.SerializeAsString(), region("harbour").SerializeAsString());
  const auto damage = [&](std::size_t column, db::Value value) {
    auto damaged = values;
    damaged[column] = std::move(value);
    const auto read = shape.read(db::Row(damaged), out);
    return read ? "ok" : read.error().reason + " " + read.error().message;
  };
  const auto named = testing::HasSubstr("table.damaged harbour of table weather_regions is damaged: ");
  EXPECT_THAT(damage(values.size() - 1, db::Blob{"\xFF\xFF"}), named);
  EXPECT_THAT(damage(1, std::int64_t{77}), named) << "no such state";
  EXPECT_THAT(damage(2, std::string("much")), named);
}

TEST(TableShape, WhatIsColdCountsWhereverItIs) {
  const TableShape shape(*pb::DecisionRecord::descriptor());
  ASSERT_TRUE(shape.has_cold());
  pb::DecisionRecord record;
  record.set_npc("marta");
  record.set_record(std::string(70'000, 'x'));
  shape.note_cold(record);
  const auto whole = shape.size_of(record);
  EXPECT_GT(whole, 70'000);
  shape.leave_cold(record);
  EXPECT_EQ(record.record(), "");
  EXPECT_EQ(record.npc(), "marta");
  EXPECT_EQ(shape.size_of(record), whole);
  EXPECT_LT(record.SpaceUsedLong(), 1000U) << "its memory is gone as well";
}

TEST(TableShape, AnAddedFieldIsAnAddedColumn) {
  const TableShape shape(*Record::descriptor());
  const auto steps = shape.migrations();
  EXPECT_EQ(steps[0].sql,
            "create table weather_regions (region text not null default '', parts blob not null default '', "
            "primary key (region))");
  EXPECT_EQ(steps[1].sql, "alter table weather_regions add column state bigint not null default 0");
  EXPECT_EQ(steps.back().sql,
            "alter table weather_regions add column pinned_until_ms bigint not null default 0")
      << "lists are no columns";
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i].version, static_cast<int>(i) + 1);
}

// With TROUPE_WRITE_REFERENCE=1 in the environment it is written anew.
TEST(TableShape, TheReferenceIsFresh) {
  const std::filesystem::path file = "docs/reference/tables.md";
  const std::string made = tables_reference();
  if (std::getenv("TROUPE_WRITE_REFERENCE") != nullptr) std::ofstream(file) << made;
  std::ifstream in(file);
  const std::string kept((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(kept, made);
}

TEST(TableShape, EachTableHasANameOfItsOwn) {
  std::set<std::string> names;
  for (const auto* record : all_records())
    EXPECT_TRUE(names.insert(TableShape(*record).name()).second) << record->name();
  EXPECT_GE(names.size(), 10U);
}

TEST(TableShape, KeysSortAsTheirPartsDo) {
  EXPECT_LT(table_key({std::int64_t{-5}}), table_key({std::int64_t{-4}}));
  EXPECT_LT(table_key({std::int64_t{-1}}), table_key({std::int64_t{0}}));
  EXPECT_LT(table_key({std::int64_t{255}}), table_key({std::int64_t{256}}));
  EXPECT_LT(table_key({"a", std::int64_t{9}}), table_key({"ab", std::int64_t{1}}));
  EXPECT_LT(table_key({"ab"}), table_key({"b"}));
  EXPECT_LT(table_key({"a", std::int64_t{1} << 62}), key_after(table_key({"a"})));
  EXPECT_EQ(key_after(table_key({std::int64_t{255}})), table_key({std::int64_t{256}}).substr(0, 7));
  EXPECT_LT(table_key({std::int64_t{255}, "z"}), key_after(table_key({std::int64_t{255}})));
}

}  // namespace
}  // namespace troupe::test
