#include "host/table.h"

#include <fmt/format.h>

#include "base/log.h"

namespace troupe {

TableRows::TableRows(Timeline& timeline, const google::protobuf::Descriptor& record)
    : shape_(record),
      timeline_(timeline),
      rows_gauge_(timeline.metrics().gauge("troupe_table_rows", "Rows of a table",
                                           {{"world", timeline.config().world}, {"table", shape_.name()}})) {
  timeline.add_table(*this);
}

Statement TableRows::statement(const TableKey& key) const {
  const auto* record = row(key);
  return record == nullptr ? shape_.erase(key) : shape_.upsert(*record);
}

bool TableRows::admit(Turn& turn, const TableKey& key, std::int64_t rows, std::int64_t bytes) const {
  const auto& info = shape_.info();
  const bool rows_fit = rows <= 0 || rows_count_ + rows <= info.rows_max();
  const bool bytes_fit = bytes <= 0 || bytes_ + bytes <= info.bytes_max();
  if (rows_fit && bytes_fit) return true;
  turn.abandon({Code::exhausted, "table.full",
                rows_fit ? fmt::format("{} takes no more: {} bytes of {} are taken ({})", shape_.name(),
                                       bytes_, info.bytes_max(), shape_.say(key))
                         : fmt::format("{} takes no more than {} rows ({})", shape_.name(), info.rows_max(),
                                       shape_.say(key))});
  return false;
}

void TableRows::count(std::int64_t rows, std::int64_t bytes) {
  rows_count_ += rows;
  bytes_ += bytes;
  rows_gauge_.set(static_cast<double>(rows_count_));
}

void TableRows::name_unreadable(const TableKey& key) const {
  log::error("host", "{} of table {} is damaged and left out", shape_.say(key), shape_.name());
}

Task<db::Rows> TableRows::fetch_rows(std::vector<TableKey> keys) const {
  std::vector<Statement> statements;
  for (const auto& key : keys) statements.push_back(shape_.select(key));
  CO_TRY_VOID(co_await timeline_.settled());
  const auto rows = std::make_shared<db::Rows>();
  CO_TRY_VOID(co_await timeline_.db().read([rows, statements](db::Reader& reader) -> Result<void> {
    for (const auto& [sql, values] : statements) {
      TRY(auto found, reader.query(sql, values));
      for (auto& row : found) rows->push_back(std::move(row));
    }
    return {};
  }));
  co_return std::move(*rows);
}

}  // namespace troupe
