#include "host/table_shape.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <ranges>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "host/registry.h"

namespace troupe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Cpp = FieldDescriptor::CppType;

constexpr const char* kParts = "parts";
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;  // with it flipped, numbers sort as their bytes do

bool is_whole(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case Cpp::CPPTYPE_INT32:
    case Cpp::CPPTYPE_INT64:
    case Cpp::CPPTYPE_UINT32:
    case Cpp::CPPTYPE_UINT64:
    case Cpp::CPPTYPE_BOOL:
    case Cpp::CPPTYPE_ENUM:
      return true;
    default:
      return false;
  }
}

bool is_real(const FieldDescriptor& field) {
  return field.cpp_type() == Cpp::CPPTYPE_DOUBLE || field.cpp_type() == Cpp::CPPTYPE_FLOAT;
}

bool is_text(const FieldDescriptor& field) { return field.type() == FieldDescriptor::TYPE_STRING; }

bool is_column(const FieldDescriptor& field) {
  return !field.is_repeated() && !field.has_presence() && field.cpp_type() != Cpp::CPPTYPE_MESSAGE;
}

std::string type_of(const FieldDescriptor& field) {
  if (is_whole(field)) return "bigint not null default 0";
  // `double precision`: what PostgreSQL calls `real` would round.
  if (is_real(field)) return "double precision not null default 0";
  return is_text(field) ? "text not null default ''" : "blob not null default ''";
}

std::int64_t whole_in(const Message& record, const FieldDescriptor& field) {
  const auto& reflection = *record.GetReflection();
  switch (field.cpp_type()) {
    case Cpp::CPPTYPE_INT32:
      return reflection.GetInt32(record, &field);
    case Cpp::CPPTYPE_INT64:
      return reflection.GetInt64(record, &field);
    case Cpp::CPPTYPE_UINT32:
      return reflection.GetUInt32(record, &field);
    case Cpp::CPPTYPE_UINT64:
      return static_cast<std::int64_t>(reflection.GetUInt64(record, &field));
    case Cpp::CPPTYPE_BOOL:
      return reflection.GetBool(record, &field) ? 1 : 0;
    default:
      return reflection.GetEnumValue(record, &field);
  }
}

void set_whole(Message& record, const FieldDescriptor& field, std::int64_t value) {
  const auto& reflection = *record.GetReflection();
  switch (field.cpp_type()) {
    case Cpp::CPPTYPE_INT32:
      return reflection.SetInt32(&record, &field, static_cast<std::int32_t>(value));
    case Cpp::CPPTYPE_INT64:
      return reflection.SetInt64(&record, &field, value);
    case Cpp::CPPTYPE_UINT32:
      return reflection.SetUInt32(&record, &field, static_cast<std::uint32_t>(value));
    case Cpp::CPPTYPE_UINT64:
      return reflection.SetUInt64(&record, &field, static_cast<std::uint64_t>(value));
    case Cpp::CPPTYPE_BOOL:
      return reflection.SetBool(&record, &field, value != 0);
    default:
      return reflection.SetEnumValue(&record, &field, static_cast<int>(value));
  }
}

db::Value value_in(const Message& record, const FieldDescriptor& field) {
  const auto& reflection = *record.GetReflection();
  if (is_whole(field)) return whole_in(record, field);
  if (field.cpp_type() == Cpp::CPPTYPE_DOUBLE) return reflection.GetDouble(record, &field);
  if (field.cpp_type() == Cpp::CPPTYPE_FLOAT) return double{reflection.GetFloat(record, &field)};
  if (is_text(field)) return reflection.GetString(record, &field);
  return db::Blob{reflection.GetString(record, &field)};
}

// False where the value is of another kind.
bool set_value(Message& record, const FieldDescriptor& field, const db::Value& value) {
  const auto& reflection = *record.GetReflection();
  const auto* whole = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  const auto* text = std::get_if<std::string>(&value);
  const auto* blob = std::get_if<db::Blob>(&value);
  if (is_whole(field)) {
    if (whole == nullptr) return false;
    const auto* names = field.enum_type();
    if (names != nullptr && names->FindValueByNumber(static_cast<int>(*whole)) == nullptr) return false;
    set_whole(record, field, *whole);
    return true;
  }
  if (is_real(field)) {
    // A whole number may come back as one.
    if (real == nullptr && whole == nullptr) return false;
    const double number = real != nullptr ? *real : static_cast<double>(*whole);
    if (field.cpp_type() == Cpp::CPPTYPE_DOUBLE) {
      reflection.SetDouble(&record, &field, number);
    } else {
      reflection.SetFloat(&record, &field, static_cast<float>(number));
    }
    return true;
  }
  // An empty default is a text in every database.
  if (is_text(field) || (text != nullptr && text->empty())) {
    if (text != nullptr) reflection.SetString(&record, &field, *text);
    return text != nullptr;
  }
  if (blob != nullptr) reflection.SetString(&record, &field, blob->bytes);
  return blob != nullptr;
}

// What is in no column, as a message of its own.
std::string parts_of(const Message& record, const std::vector<const FieldDescriptor*>& columns) {
  if (static_cast<int>(columns.size()) == record.GetDescriptor()->field_count()) return {};
  const std::unique_ptr<Message> copy(record.New());
  copy->CopyFrom(record);
  for (const auto* field : columns) copy->GetReflection()->ClearField(copy.get(), field);
  return stable_bytes(*copy);
}

// The values of a key as people read them.
std::string said(std::span<const db::Value> key) {
  std::vector<std::string> parts;
  for (const auto& value : key) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* whole = std::get_if<std::int64_t>(&value);
    parts.push_back(text != nullptr ? *text : std::to_string(whole != nullptr ? *whole : 0));
  }
  return join(parts, " ");
}

void add_part(TableKey& key, const KeyPart& part) {
  if (const auto* text = std::get_if<std::string_view>(&part)) {
    key += *text;
    key += '\0';  // no text of a record holds it
    return;
  }
  const auto bits = static_cast<std::uint64_t>(std::get<std::int64_t>(part)) ^ kSign;
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>((bits >> shift) & 0xFF);
}

}  // namespace

TableKey table_key(std::initializer_list<KeyPart> parts) {
  TableKey key;
  for (const auto& part : parts) add_part(key, part);
  return key;
}

TableKey key_after(TableKey parts) {
  while (!parts.empty() && parts.back() == '\xFF') parts.pop_back();
  if (!parts.empty()) ++parts.back();
  return parts;
}

TableShape::TableShape(const google::protobuf::Descriptor& record)
    : info_(record.options().GetExtension(pb::table)) {
  TROUPE_CHECK(!info_.name().empty() && info_.key_size() > 0, "a record says (table) with a name and a key");
  TROUPE_CHECK(info_.rows_max() > 0 && info_.bytes_max() > 0, "a table says its bounds");
  for (const auto& name : info_.key()) {
    const auto* field = record.FindFieldByName(name);
    TROUPE_CHECK(field != nullptr && is_column(*field) && (is_whole(*field) || is_text(*field)),
                 "a table's key is of fields of the record: texts or whole numbers");
    key_.push_back(field);
  }
  columns_of_ = key_;
  std::vector<Field> others;
  for (int i = 0; i < record.field_count(); ++i) {
    const auto* field = record.field(i);
    if (is_column(*field) && std::ranges::find(key_, field) == key_.end()) others.push_back(field);
  }
  std::ranges::sort(others, {}, [](Field field) { return field->number(); });
  std::ranges::copy(others, std::back_inserter(columns_of_));

  for (const auto* field : columns_of_) {
    const auto& size = field->options().GetExtension(pb::cold);
    if (size.empty()) continue;
    cold_ = field;
    cold_size_ = record.FindFieldByName(size);
    TROUPE_CHECK(cold_size_ != nullptr && cold_size_->cpp_type() == Cpp::CPPTYPE_INT64,
                 "a cold field names an int64 for its size");
  }
  for (int i = 0; i < record.field_count(); ++i) {
    if (record.field(i) != cold_) warm_.push_back(record.field(i));
  }

  std::vector<std::string> names, held, places, sets, matches, keys;
  for (const auto* field : columns_of_) {
    TROUPE_CHECK(field->name() != kParts, "no field of a table is called `parts`");
    names.push_back(field->name());
    held.push_back(field == cold_        ? "''"
                   : field == cold_size_ ? fmt::format("length({})", cold_->name())
                                         : field->name());
  }
  names.emplace_back(kParts);
  held.emplace_back(kParts);
  for (std::size_t i = 0; i < names.size(); ++i) {
    places.push_back(fmt::format("${}", i + 1));
    if (i >= key_.size()) sets.push_back(fmt::format("{0} = excluded.{0}", names[i]));
  }
  for (std::size_t i = 0; i < key_.size(); ++i) {
    keys.push_back(key_[i]->name());
    matches.push_back(fmt::format("{} = ${}", key_[i]->name(), i + 1));
  }
  columns_ = join(names, ", ");
  held_columns_ = join(held, ", ");
  order_ = join(keys, ", ");
  upsert_ = fmt::format("insert into {} ({}) values ({}) on conflict ({}) do update set {}", name(), columns_,
                        join(places, ", "), order_, join(sets, ", "));
  erase_ = fmt::format("delete from {} where {}", name(), join(matches, " and "));
  select_ = fmt::format("select {} from {} where {}", columns_, name(), join(matches, " and "));
}

std::vector<db::Migration> TableShape::migrations() const {
  std::vector<std::string> keys;
  for (const auto* field : key_) keys.push_back(field->name() + " " + type_of(*field));
  std::vector<db::Migration> steps;
  const auto add = [&](std::string sql) {
    steps.push_back({name(), static_cast<int>(steps.size()) + 1, std::move(sql)});
  };
  add(fmt::format("create table {} ({}, {} blob not null default '', primary key ({}))", name(),
                  join(keys, ", "), kParts, order_));
  for (const auto* field : columns_of_ | std::views::drop(key_.size()))
    add(fmt::format("alter table {} add column {} {}", name(), field->name(), type_of(*field)));
  return steps;
}

bool TableShape::has_column(std::string_view field) const {
  return std::ranges::any_of(columns_of_, [&](Field column) { return column->name() == field; });
}

TableKey TableShape::key_of(const Message& record) const {
  TableKey key;
  for (const auto* field : key_) {
    if (is_whole(*field)) {
      add_part(key, whole_in(record, *field));
      continue;
    }
    std::string scratch;
    add_part(key, record.GetReflection()->GetStringReference(record, field, &scratch));
  }
  return key;
}

Statement TableShape::upsert(const Message& record) const {
  Statement out{upsert_, {}};
  out.values.reserve(columns_of_.size() + 1);
  for (const auto* field : columns_of_) out.values.push_back(value_in(record, *field));
  out.values.emplace_back(db::Blob{parts_of(record, columns_of_)});
  return out;
}

db::Values TableShape::values_of(const TableKey& key) const {
  db::Values values;
  std::size_t at = 0;
  for (const auto* field : key_) {
    if (is_text(*field)) {
      const auto end = key.find('\0', at);
      values.emplace_back(key.substr(at, end - at));
      at = end + 1;
      continue;
    }
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(key[at++]);
    values.emplace_back(static_cast<std::int64_t>(bits ^ kSign));
  }
  return values;
}

Statement TableShape::erase(const TableKey& key) const { return {erase_, values_of(key)}; }

Statement TableShape::select(const TableKey& key) const { return {select_, values_of(key)}; }

void TableShape::note_cold(Message& record) const {
  if (cold_ == nullptr) return;
  std::string scratch;
  const auto& bytes = record.GetReflection()->GetStringReference(record, cold_, &scratch);
  record.GetReflection()->SetInt64(&record, cold_size_, static_cast<std::int64_t>(bytes.size()));
}

// Into a new message: one that is cleared keeps its memory.
void TableShape::leave_cold(Message& record) const {
  const std::unique_ptr<Message> held(record.New());
  record.GetReflection()->SwapFields(&record, held.get(), warm_);
  record.GetReflection()->Swap(&record, held.get());
}

std::int64_t TableShape::size_of(const Message& record) const {
  using google::protobuf::io::CodedOutputStream;
  std::size_t bytes = record.ByteSizeLong();
  if (cold_ == nullptr) return static_cast<std::int64_t>(bytes);
  std::string scratch;
  const auto& cold = record.GetReflection()->GetStringReference(record, cold_, &scratch);
  if (!cold.empty()) {
    bytes -= CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(cold_->number()) << 3) +
             CodedOutputStream::VarintSize64(cold.size()) + cold.size();
  }
  return static_cast<std::int64_t>(bytes) + whole_in(record, *cold_size_);
}

std::string TableShape::say(const TableKey& key) const { return said(values_of(key)); }

Result<void> TableShape::read(const db::Row& row, Message& out) const {
  const auto& values = row.values();
  const auto damaged = [&](const std::string& what) {
    return fail(Code::internal, "table.damaged",
                fmt::format("{} of table {} is damaged: {}", said(std::span(values).first(key_.size())),
                            name(), what));
  };
  if (!out.ParseFromString(row.blob(columns_of_.size()))) return damaged("its lists cannot be read");
  for (std::size_t i = 0; i < columns_of_.size(); ++i) {
    if (!set_value(out, *columns_of_[i], values[i]))
      return damaged(columns_of_[i]->name() + " is of another kind");
  }
  return {};
}

}  // namespace troupe
