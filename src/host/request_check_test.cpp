// Each bound of each field of each RPC, as the protos say them: a new one is tried without a line here.
#include "host/request_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "host/registry.h"

namespace troupe {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const pb::Check& check_of(const FieldDescriptor& field) { return field.options().GetExtension(pb::check); }

void set_number(Message& message, const FieldDescriptor& field, double number) {
  const auto* values = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return values->SetInt32(&message, &field, static_cast<std::int32_t>(number));
    case FieldDescriptor::CPPTYPE_INT64:
      return values->SetInt64(&message, &field, static_cast<std::int64_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return values->SetUInt64(&message, &field, static_cast<std::uint64_t>(number));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return values->SetDouble(&message, &field, number);
    default:
      ADD_FAILURE() << field.full_name() << " has a bound of numbers and is none";
  }
}

void fill(Message& message, int depth = 0);

void set_text(Message& message, const FieldDescriptor& field, const std::string& text) {
  const auto* values = message.GetReflection();
  if (field.is_repeated()) {
    values->ClearField(&message, &field);
    values->AddString(&message, &field, text);
  } else {
    values->SetString(&message, &field, text);
  }
}

void set_items(Message& message, const FieldDescriptor& field, std::int64_t count) {
  const auto* values = message.GetReflection();
  values->ClearField(&message, &field);
  for (std::int64_t i = 0; i < count; ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      fill(*values->AddMessage(&message, &field), 1);
    } else {
      values->AddString(&message, &field,
                        check_of(field).one_of_size() > 0 ? check_of(field).one_of(0) : "a");
    }
  }
}

// What has to be there.
void fill(Message& message, int depth) {
  if (depth > 4) return;
  const auto* type = message.GetDescriptor();
  const auto* values = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto& field = *type->field(i);
    const auto& check = check_of(field);
    if (field.is_repeated()) {
      if (check.items_min() > 0) set_items(message, field, check.items_min());
    } else if (check.required()) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        fill(*values->MutableMessage(&message, &field), depth + 1);
      } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        set_text(message, field, check.one_of_size() > 0 ? check.one_of(0) : "a");
      } else {
        set_number(message, field, check.has_min() ? check.min() : check.max());
      }
    }
  }
}

std::string reason(const Message& request) {
  const auto done = check_request(request);
  return done ? "fine" : done.error().reason;
}

// Tries the bounds of all fields of `message`, which is `request` or a part of it.
int try_bounds(const Message& request, Message& message, int depth) {
  if (depth > 4) return 0;
  int tried = 0;
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto& field = *type->field(i);
    const auto& check = check_of(field);
    const std::unique_ptr<Message> before(message.New());
    before->CopyFrom(message);
    const auto expect = [&](const std::string& what, bool fits, const std::function<void()>& change) {
      change();
      const auto found = check_request(request);
      const std::string mine = check.reason().empty() ? "rpc.bad_field" : check.reason();
      EXPECT_EQ(found.has_value(), fits)
          << field.full_name() << ": " << what << (found ? "" : ": " + found.error().message);
      if (!found) {
        EXPECT_EQ(found.error().reason, mine) << field.full_name() << ": " << what;
        EXPECT_NE(found.error().message.find(field.name()), std::string::npos) << found.error().message;
      }
      message.CopyFrom(*before);
      ++tried;
    };
    const auto bytes = static_cast<std::size_t>(check.bytes_max());
    if (check.required())
      expect("left out", false, [&] { message.GetReflection()->ClearField(&message, &field); });
    if (check.has_min()) {
      if (check.min() != 0) expect("the least", true, [&] { set_number(message, field, check.min()); });
      expect("less", false, [&] { set_number(message, field, check.min() - 1); });
    }
    if (check.has_max()) {
      expect("the most", true, [&] { set_number(message, field, check.max()); });
      expect("more", false, [&] { set_number(message, field, check.max() + 1); });
    }
    if (bytes > 0 && check.pattern().empty())
      expect("as long as may be", true, [&] { set_text(message, field, std::string(bytes, 'a')); });
    if (bytes > 0) expect("longer", false, [&] { set_text(message, field, std::string(bytes + 1, 'a')); });
    for (const auto& one : check.one_of()) expect(one, true, [&] { set_text(message, field, one); });
    if (check.one_of_size() > 0) expect("another", false, [&] { set_text(message, field, "no such thing"); });
    if (check.line()) expect("two lines", false, [&] { set_text(message, field, "a\nb"); });
    if (!check.pattern().empty()) expect("unlike it", false, [&] { set_text(message, field, "\xC3\xA4 !"); });
    if (check.items_min() > 0)
      expect("too few", false, [&] { set_items(message, field, check.items_min() - 1); });
    if (check.items_max() > 0) {
      expect("as many as may be", true, [&] { set_items(message, field, check.items_max()); });
      expect("too many", false, [&] { set_items(message, field, check.items_max() + 1); });
    }
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field.is_map()) continue;
    if (field.message_type()->file()->package() != type->file()->package()) continue;
    auto* values = message.GetReflection();
    auto& part = field.is_repeated() ? *values->AddMessage(&message, &field)
                                     : *values->MutableMessage(&message, &field);
    fill(part, depth + 1);
    tried += try_bounds(request, part, depth + 1);
    message.CopyFrom(*before);
  }
  return tried;
}

// What is computed with has an end: a deadline, a time, a sum that nobody bounds overflows. An unsigned one is a
// sequence, a version or a seed, which are only compared.
void expect_ends(const google::protobuf::Descriptor& type,
                 std::set<const google::protobuf::Descriptor*>& seen) {
  if (!seen.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    const auto kind = field.cpp_type();
    if (kind == FieldDescriptor::CPPTYPE_MESSAGE &&
        field.message_type()->file()->package() == type.file()->package())
      expect_ends(*field.message_type(), seen);
    if (kind != FieldDescriptor::CPPTYPE_INT32 && kind != FieldDescriptor::CPPTYPE_INT64 &&
        kind != FieldDescriptor::CPPTYPE_DOUBLE && kind != FieldDescriptor::CPPTYPE_FLOAT)
      continue;
    EXPECT_TRUE(check_of(field).has_min() && check_of(field).has_max())
        << field.full_name() << " is a number of a request and does not say its least and its most";
  }
}

TEST(RequestCheck, EachNumberHasAnEnd) {
  std::set<const google::protobuf::Descriptor*> seen;
  for (const auto& service : all_services())
    for (const auto* method : service.methods)
      expect_ends(*new_message(method->request)->GetDescriptor(), seen);
  EXPECT_GT(seen.size(), 60U);
}

TEST(RequestCheck, HoldsEachBoundOfEachField) {
  int tried = 0;
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      const auto request = new_message(method->request);
      fill(*request);
      EXPECT_EQ(reason(*request), "fine") << method->name;
      tried += try_bounds(*request, *request, 0);
    }
  }
  EXPECT_GT(tried, 150);
}

TEST(RequestCheck, SaysWhatIsWrongWhereAndWhatWouldBeRight) {
  const auto said = [](const std::string& rpc,
                       const std::function<void(Message&, const google::protobuf::Descriptor&)>& change) {
    const auto request = new_message((*find_method(rpc))->request);
    fill(*request);
    change(*request, *request->GetDescriptor());
    const auto done = check_request(*request);
    return done ? "fine" : done.error().message;
  };
  EXPECT_EQ(
      said("weather.Forecast",
           [](auto& request, const auto& type) { set_number(request, *type.FindFieldByName("hours"), 200); }),
      "hours is 1 to 168, not 200");
  EXPECT_EQ(said("npc.Talk",
                 [](auto& request, const auto& type) {
                   request.GetReflection()->ClearField(&request, type.FindFieldByName("npc"));
                 }),
            "npc is missing");
  EXPECT_EQ(said("capabilities.Check",
                 [](auto& request, const auto& type) {
                   set_text(request, *type.FindFieldByName("kind"), "playr");
                 }),
            "kind is npc or player, not 'playr'; did you mean 'player'?");
  EXPECT_EQ(
      said("npc.Forget",
           [](auto& request, const auto& type) { set_items(request, *type.FindFieldByName("ids"), 1001); }),
      "ids holds at most 1000, not 1001");
}

}  // namespace
}  // namespace troupe
