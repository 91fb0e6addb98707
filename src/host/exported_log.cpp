#include "host/exported_log.h"

#include <fmt/core.h>

#include "host/timeline.h"
#include "troupe/v1/world.pb.h"

namespace troupe::exported_log {

namespace {

constexpr std::size_t kPage = 500;

const db::Migration kTables = {"export", 1, R"sql(
    create table export (
      format bigint primary key,
      world text not null,
      pack text not null,
      seed bigint not null,
      events bigint not null,
      inputs bigint not null,
      at_ms bigint not null
    );
    create table packs (
      hash text not null,
      path text not null,
      bytes blob not null,
      primary key (hash, path)
    ))sql"};

Result<void> copy_rows(const ReadLog& recorded, db::Db& to, const std::string& table,
                       const std::string& columns, const std::string& places) {
  db::Rows rows;
  TRY_VOID(recorded([&](db::Reader& reader) -> Result<void> {
    TRY(rows, reader.query("select " + columns + " from " + table));
    return {};
  }));
  return to.transact_now([&](db::Tx& tx) -> Result<void> {
    for (const auto& row : rows)
      TRY_VOID(tx.exec(fmt::format("insert into {} ({}) values ({})", table, columns, places), row.values()));
    return {};
  });
}

// All entries up to `end`, a page at a time.
template <class Record, class ReadPage>
Result<void> copy_log(const ReadLog& recorded, db::Db& to, std::uint64_t end, ReadPage read_page,
                      const std::function<void(const Record&)>& seen) {
  for (std::uint64_t at = 0; at < end;) {
    std::vector<Record> page;
    TRY_VOID(recorded([&](db::Reader& reader) -> Result<void> {
      TRY(page, read_page(reader, at));
      return {};
    }));
    std::erase_if(page, [end](const Record& one) { return one.sequence > end; });
    if (page.empty())
      return fail(Code::conflict, "log.damaged", fmt::format("the log ends after {}, not after {}", at, end));
    for (const auto& one : page) seen(one);
    TRY_VOID(to.transact_now([&](db::Tx& tx) -> Result<void> {
      for (const auto& one : page) TRY_VOID(event_log::append(tx, one));
      return {};
    }));
    at = page.back().sequence;
  }
  return {};
}

}  // namespace

Result<std::set<std::string>> copy(const ReadLog& recorded, const Head& end, db::Db& to) {
  auto migrations = event_log::migrations();
  migrations.push_back(kTables);
  TRY_VOID(to.migrate(migrations));
  TRY_VOID(copy_rows(recorded, to, "timeline",
                     "id, world, seed, pack_hash, game_ms, base_ms, scale_milli, paused",
                     "$1, $2, $3, $4, $5, $6, $7, $8"));
  TRY_VOID(copy_rows(recorded, to, "services", "name, present", "$1, $2"));
  std::set<std::string> packs;
  const std::function<void(const InputRecord&)> note_packs = [&](const InputRecord& input) {
    pb::PackTaken taken;
    if (input.type != kPackTaken || !taken.ParseFromString(input.payload)) return;
    packs.insert(taken.change().from_hash());
    packs.insert(taken.change().to_hash());
  };
  TRY_VOID(copy_log<InputRecord>(
      recorded, to, end.inputs,
      [](db::Reader& reader, std::uint64_t after) { return event_log::inputs(reader, after, kPage); },
      note_packs));
  TRY_VOID(copy_log<EventRecord>(
      recorded, to, end.events,
      [](db::Reader& reader, std::uint64_t after) {
        return event_log::history(reader, {.after = after, .limit = kPage});
      },
      [](const EventRecord&) {}));
  TRY_VOID(to.read_now([&](db::Reader& reader) -> Result<void> {
    TRY(const auto rows, reader.query("select pack_hash from timeline"));
    if (rows.empty()) return fail(Code::not_found, "replay.empty", "the world has not begun");
    packs.insert(rows[0].text(0));
    return {};
  }));
  return packs;
}

Result<void> add_pack(db::Db& to, const std::string& hash, const Files& files) {
  return to.transact_now([&](db::Tx& tx) -> Result<void> {
    for (const auto& [path, bytes] : files)
      TRY_VOID(tx.exec("insert into packs (hash, path, bytes) values ($1, $2, $3)",
                       db::Values{hash, path, db::Blob{bytes}}));
    return {};
  });
}

Result<void> finish(db::Db& to, Head head) {
  return to.transact_now([&](db::Tx& tx) -> Result<void> {
    TRY_VOID(
        tx.exec("insert into export (format, world, pack, seed, events, inputs, at_ms) "
                "select $1, $2, $3, seed, $4, $5, $6 from timeline",
                db::Values{kFormat, head.world, head.pack, static_cast<std::int64_t>(head.events),
                           static_cast<std::int64_t>(head.inputs), head.at.ms}));
    return {};
  });
}

Result<Head> head(db::Db& from) {
  Head out;
  TRY_VOID(from.read_now([&](db::Reader& reader) -> Result<void> {
    TRY(const auto rows, reader.query("select format, world, pack, seed, events, inputs, at_ms from export"));
    if (rows.empty()) return fail(Code::invalid_argument, "export.not_whole", "its end is missing");
    out = {.format = rows[0].integer(0),
           .world = rows[0].text(1),
           .pack = rows[0].text(2),
           .seed = static_cast<std::uint64_t>(rows[0].integer(3)),
           .events = static_cast<std::uint64_t>(rows[0].integer(4)),
           .inputs = static_cast<std::uint64_t>(rows[0].integer(5)),
           .at = {rows[0].integer(6)}};
    return {};
  }));
  return out;
}

Result<std::map<std::string, Files>> packs(db::Db& from) {
  std::map<std::string, Files> all;
  TRY_VOID(from.read_now([&](db::Reader& reader) -> Result<void> {
    TRY(const auto rows, reader.query("select hash, path, bytes from packs"));
    for (const auto& row : rows) all[row.text(0)][row.text(1)] = row.blob(2);
    return {};
  }));
  return all;
}

}  // namespace troupe::exported_log
