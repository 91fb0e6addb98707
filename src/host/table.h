#pragma once
// A table of a world's state: its rows in memory, and how they change.
//
//   Table<pb::WeatherRegionRecord> regions_{host.timeline()};
//   regions_.find("harbour");  regions_.put(turn, record);  regions_.erase(turn, "harbour");
//
// The record's message says name, key and bounds, option (table). A change is made in memory at once, is
// written with its turn (however often it was changed, a row is one statement), and is taken back when the
// turn, or the call inside it, is undone. Being a table it is loaded at the start, is part of the state hash,
// and is counted in troupe_table_rows. Rows go by their key, in every iteration.
//
// Owner    a service, on the world's timeline; io thread. Made before the timeline is opened.
// Bounds   rows_max and bytes_max of the option: a put beyond them fails its turn, `exhausted` table.full.
//
// Pointers into it are valid until its next change, and so never across an await.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/table_shape.h"
#include "host/timeline.h"

namespace troupe {

// The part that knows no type: what a timeline asks of a table.
class TableRows {
 public:
  TableRows(Timeline& timeline, const google::protobuf::Descriptor& record);
  TableRows(const TableRows&) = delete;
  virtual ~TableRows() = default;

  const TableShape& shape() const { return shape_; }
  // The row as it is now: what is written when its turn ends.
  Statement statement(const TableKey& key) const;
  // Its turn is over and will not be undone: what is cold leaves the memory.
  virtual void written(const TableKey& key) = 0;
  virtual Result<void> load(db::Reader& reader) = 0;

 protected:
  virtual const google::protobuf::Message* row(const TableKey& key) const = 0;
  // Whether there is room for so many more; else the turn has failed.
  bool admit(Turn& turn, const TableKey& key, std::int64_t rows, std::int64_t bytes) const;
  void count(std::int64_t rows, std::int64_t bytes);
  void name_unreadable(const TableKey& key) const;
  // Of those that are there, in this order, as the database has them.
  Task<db::Rows> fetch_rows(std::vector<TableKey> keys) const;

  const TableShape shape_;
  Timeline& timeline_;
  std::int64_t rows_count_ = 0;
  std::int64_t bytes_ = 0;
  Gauge& rows_gauge_;
};

// A part of a key: a text, or a whole number or enum.
template <class T>
KeyPart key_part(const T& part) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string_view(part);
  } else {
    return static_cast<std::int64_t>(part);
  }
}

// The rows of a table in the order of something else: a function of the record; rows for which it says
// nothing are left out. Found in Table::index().
template <class Record, class By>
class TableIndex {
 public:
  // Their keys by what they are ordered by; a key is looked up with Table::at().
  const std::set<std::pair<By, TableKey>>& entries() const { return entries_; }

 private:
  template <class>
  friend class Table;
  std::set<std::pair<By, TableKey>> entries_;
};

// The rows of a table by what they belong to, to several as well: a function of the record. Found in
// Table::groups().
template <class Record, class By>
class TableGroups {
 public:
  // The keys of its rows; never empty where there are some.
  const std::set<TableKey>* find(const By& by) const {
    const auto found = groups_.find(by);
    return found == groups_.end() ? nullptr : &found->second;
  }
  const std::map<By, std::set<TableKey>>& all() const { return groups_; }

 private:
  template <class>
  friend class Table;
  std::map<By, std::set<TableKey>> groups_;
};

// What somebody makes of each row and would not make anew for each question. Found in Table::view().
template <class Record, class T>
class TableView {
 public:
  template <class... Part>
  const T* find(const Part&... key) const {
    const auto found = rows_.find(table_key({key_part(key)...}));
    return found == rows_.end() ? nullptr : &found->second;
  }
  const std::map<TableKey, T>& rows() const { return rows_; }

 private:
  template <class>
  friend class Table;
  std::map<TableKey, T> rows_;
};

template <class Record>
class Table final : public TableRows {
 public:
  using Rows = std::map<TableKey, Record>;
  using Change = std::function<void(const TableKey&, const Record* gone, const Record* came)>;

  // `readable` of what the columns alone do not say: a row that is not is named in the log and left out, as
  // after a start with --accept-loss.
  explicit Table(Timeline& timeline, std::function<bool(const Record&)> readable = {})
      : TableRows(timeline, *Record::descriptor()), readable_(std::move(readable)) {}

  template <class... Part>
  const Record* find(const Part&... key) const {
    return at(table_key({key_part(key)...}));
  }
  const Record* at(const TableKey& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  const Rows& rows() const { return rows_; }
  std::size_t size() const { return rows_.size(); }
  // Those whose key begins with these parts; at least one.
  template <class... Part>
  std::ranges::subrange<typename Rows::const_iterator> under(const Part&... parts) const {
    const auto prefix = table_key({key_part(parts)...});
    return {rows_.lower_bound(prefix), rows_.lower_bound(key_after(prefix))};
  }

  // Their records alone: of("marta") of a key (npc, id); of() all.
  template <class... Part>
  auto of(const Part&... parts) const {
    if constexpr (sizeof...(parts) == 0) {
      return rows_ | std::views::values;
    } else {
      return under(parts...) | std::views::values;
    }
  }

  // Whole, where a field of the record is cold: read from the database once all that was applied is durable.
  // Those that are there, in this order.
  Task<std::vector<Record>> fetch(std::vector<TableKey> keys) const {
    CO_TRY(const auto rows, co_await fetch_rows(std::move(keys)));
    std::vector<Record> records(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CO_TRY_VOID(shape_.read(rows[i], records[i]));
    co_return records;
  }

  // Takes the place of the row that has its key.
  void put(Turn& turn, Record record) {
    shape_.note_cold(record);
    auto key = shape_.key_of(record);
    const auto* old = at(key);
    const auto bytes = size_of(record) - (old == nullptr ? 0 : size_of(*old));
    if (!admit(turn, key, old == nullptr ? 1 : 0, bytes)) return;
    change(turn, std::move(key), std::move(record));
  }

  // The row itself, to be changed in place while the turn runs: for a large record of which many hands change a
  // little. What it was is kept for the undo, once for all that is undone together. Indexes, groups and views do not hear of it, and bytes_max does
  // not stop it: such a table has none of these and nothing cold, and its record's lists have bounds. nullptr: there is none.
  template <class... Part>
  Record* edit(Turn& turn, const Part&... parts) {
    auto key = table_key({key_part(parts)...});
    const auto found = rows_.find(key);
    if (found == rows_.end()) return nullptr;
    auto& record = found->second;
    const auto before = edited_.find(key);
    if (before != edited_.end() && before->second.scope == turn.scope()) return &record;
    const auto bytes = size_of(record);
    count(0, bytes - counted(key, record));
    edited_[key] = {.bytes = bytes, .scope = turn.scope()};
    turn.touch(*this, key);
    turn.on_undo([this, key = std::move(key), old = record]() mutable { set(key, std::move(old)); });
    return &record;
  }

  // Whether there was one.
  template <class... Part>
  bool erase(Turn& turn, const Part&... key) {
    return erase_at(turn, table_key({key_part(key)...}));
  }
  bool erase_at(Turn& turn, TableKey key) {
    if (!rows_.contains(key)) return false;
    change(turn, std::move(key), std::nullopt);
    return true;
  }

  // All of(parts...) of which `drop` is true. How many they were.
  template <class Drop, class... Part>
  std::int64_t erase_if(Turn& turn, Drop drop, const Part&... parts) {
    std::vector<TableKey> gone;
    for (const auto& record : of(parts...)) {
      if (drop(record)) gone.push_back(shape_.key_of(record));
    }
    for (const auto& key : gone) erase_at(turn, key);
    return static_cast<std::int64_t>(gone.size());
  }

  // Is told of each change once it is made, of one that is taken back, too; `came` is the row in the table.
  // Before the timeline is opened. What it refers to lives as long as the table.
  void on_change(Change keep) { kept_.push_back(std::move(keep)); }

  // Another order of the rows, kept from here on; before the timeline is opened. Lives as long as the table.
  template <class By>
  const TableIndex<Record, By>& index(std::function<std::optional<By>(const Record&)> by) {
    auto made = std::make_shared<TableIndex<Record, By>>();
    on_change([made, by = std::move(by)](const TableKey& key, const Record* gone, const Record* came) {
      if (const auto was = gone == nullptr ? std::nullopt : by(*gone)) made->entries_.erase({*was, key});
      if (auto is = came == nullptr ? std::nullopt : by(*came)) made->entries_.emplace(*std::move(is), key);
    });
    return *made;
  }
  // The same by what rows belong to.
  template <class By>
  const TableGroups<Record, By>& groups(std::function<std::vector<By>(const Record&)> by) {
    auto made = std::make_shared<TableGroups<Record, By>>();
    on_change([made, by = std::move(by)](const TableKey& key, const Record* gone, const Record* came) {
      for (const auto& was : gone == nullptr ? std::vector<By>() : by(*gone)) {
        const auto group = made->groups_.find(was);
        if (group == made->groups_.end()) continue;
        group->second.erase(key);
        if (group->second.empty()) made->groups_.erase(group);
      }
      for (auto& is : came == nullptr ? std::vector<By>() : by(*came))
        made->groups_[std::move(is)].insert(key);
    });
    return *made;
  }
  // The same for what is made of each row.
  template <class T>
  const TableView<Record, T>& view(std::function<T(const Record&)> of) {
    auto made = std::make_shared<TableView<Record, T>>();
    on_change([made, of = std::move(of)](const TableKey& key, const Record*, const Record* came) {
      if (came == nullptr) {
        made->rows_.erase(key);
      } else {
        made->rows_.insert_or_assign(key, of(*came));
      }
    });
    return *made;
  }

  void written(const TableKey& key) override {
    if (!shape_.has_cold()) return;
    if (const auto found = rows_.find(key); found != rows_.end()) shape_.leave_cold(found->second);
  }

  Result<void> load(db::Reader& reader) override {
    TRY(const auto saved, reader.query("select " + shape_.held_columns() + " from " + shape_.name()));
    while (!rows_.empty()) set(rows_.begin()->first, std::nullopt);
    for (const auto& row : saved) {
      Record record;
      TRY_VOID(shape_.read(row, record));
      if (readable_ && !readable_(record)) {
        name_unreadable(shape_.key_of(record));
        continue;
      }
      set(shape_.key_of(record), std::move(record));
    }
    return {};
  }

 protected:
  const google::protobuf::Message* row(const TableKey& key) const override { return at(key); }

 private:
  std::int64_t size_of(const Record& record) const {
    if (shape_.has_cold()) return shape_.size_of(record);
    return static_cast<std::int64_t>(record.ByteSizeLong());
  }

  // Its part of bytes_: what was changed in place counts when it is touched again.
  std::int64_t counted(const TableKey& key, const Record& record) const {
    const auto found = edited_.find(key);
    return found == edited_.end() ? size_of(record) : found->second.bytes;
  }

  void change(Turn& turn, TableKey key, std::optional<Record> record) {
    turn.touch(*this, key);
    auto old = set(key, std::move(record));
    turn.on_undo([this, key = std::move(key), old = std::move(old)]() mutable { set(key, std::move(old)); });
  }

  // The one place where rows change. Nothing: the row goes. Answers what was there.
  std::optional<Record> set(const TableKey& key, std::optional<Record> record) {
    std::optional<Record> old;
    const auto found = rows_.find(key);
    if (found != rows_.end()) old = std::move(found->second);
    count((record ? 1 : 0) - (old ? 1 : 0), (record ? size_of(*record) : 0) - (old ? counted(key, *old) : 0));
    edited_.erase(key);
    const Record* came = nullptr;
    typename Rows::node_type gone;  // until all have heard of it: `key` may be its own
    if (record) {
      came = &(found != rows_.end() ? found->second = *std::move(record)
                                    : rows_.emplace(key, *std::move(record)).first->second);
    } else if (found != rows_.end()) {
      gone = rows_.extract(found);
    }
    for (const auto& keep : kept_) keep(key, old ? &*old : nullptr, came);
    return old;
  }

  Rows rows_;
  struct Edited {
    std::int64_t bytes;   // that it counts
    std::uint64_t scope;  // in which what it was is kept
  };
  std::map<TableKey, Edited> edited_;
  std::vector<Change> kept_;  // indexes, groups and views among them
  const std::function<bool(const Record&)> readable_;
};

}  // namespace troupe
