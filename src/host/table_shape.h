#pragma once
// How a record's message becomes a table: its columns, the statements that make and change it, and back from
// a row. Follows from the descriptor alone, in the SQL that all databases share. Immutable; any thread.
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ports/db.h"
#include "troupe/v1/common.pb.h"

namespace troupe {

namespace pb = troupe::v1;

// What names a row, in the order of the table: texts, whole numbers (eight bytes, so that they sort).
using TableKey = std::string;
using KeyPart = std::variant<std::int64_t, std::string_view>;
TableKey table_key(std::initializer_list<KeyPart> parts);
// The first key after all that begin with these parts.
TableKey key_after(TableKey parts);

struct Statement {
  std::string sql;
  db::Values values;
};

class TableShape {
 public:
  // The message says (table); a mistake in that ends the program at its start.
  explicit TableShape(const google::protobuf::Descriptor& record);

  const pb::TableInfo& info() const { return info_; }
  const std::string& name() const { return info_.name(); }
  // Made column by column in the order of the fields' numbers: a field that is added is one more step.
  std::vector<db::Migration> migrations() const;
  const std::string& order() const { return order_; }      // its key columns, for `order by`
  const std::string& columns() const { return columns_; }  // all of them, for `select`; of every age the same

  // The same as `columns`, of a row as memory holds it: without what is cold, and with its size.
  const std::string& held_columns() const { return held_columns_; }

  bool has_column(std::string_view field) const;

  TableKey key_of(const google::protobuf::Message& record) const;
  Statement upsert(const google::protobuf::Message& record) const;
  Statement erase(const TableKey& key) const;
  // The whole row, by columns().
  Statement select(const TableKey& key) const;

  // Of a record with a cold field: writes its size beside it; leaves it out, the memory that it took as well.
  bool has_cold() const { return cold_ != nullptr; }
  void note_cold(google::protobuf::Message& record) const;
  void leave_cold(google::protobuf::Message& record) const;
  // Bytes of the row as the database has it, wherever its cold field is.
  std::int64_t size_of(const google::protobuf::Message& record) const;
  // `internal` table.damaged, with table and key, where the row is no such record.
  Result<void> read(const db::Row& row, google::protobuf::Message& out) const;
  // The key as people read it: "harbour", "marta 12".
  std::string say(const TableKey& key) const;

 private:
  using Field = const google::protobuf::FieldDescriptor*;
  db::Values values_of(const TableKey& key) const;

  pb::TableInfo info_;
  std::vector<Field> key_;         // in the order of the option
  std::vector<Field> columns_of_;  // the key's first, then by number
  Field cold_ = nullptr;           // one at most
  Field cold_size_ = nullptr;
  std::vector<Field> warm_;  // all but the cold one
  std::string columns_, held_columns_, order_, upsert_, erase_, select_;
};

}  // namespace troupe
