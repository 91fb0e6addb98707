// proto3 JSON: what comes in, what goes out, and in which words it is refused.
#include "host/json.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/registry.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/socket.pb.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <class M>
std::string refusal(const std::string& text) {
  M message;
  const auto read = from_json(text, message);
  if (read) return "taken";
  EXPECT_EQ(read.error().reason, "rpc.bad_json") << text;
  return read.error().message;
}

TEST(ProtoJson, RefusalsNameTheFieldByItsPath) {
  using Batch = pb::StateBatchRequest;
  using Input = pb::NpcInputRequest;
  EXPECT_EQ(refusal<Batch>(R"({"changes":[{},{"put":{"version":"x"}}]})"),
            "'changes[1].put.version' must be a whole number from 0 to 18446744073709551615, not \"x\"");
  EXPECT_EQ(refusal<Batch>(R"({"changes":[{"put":{"versoin":1}}]})"),
            "no field 'changes[0].put.versoin' in StatePutRequest; did you mean 'version'?");
  EXPECT_EQ(refusal<Batch>(R"({"changes":{}})"), "'changes' must be a list, not an object");
  EXPECT_EQ(refusal<Batch>(R"({"changes":[null]})"), "'changes[0]' must be an object, not null");
  EXPECT_EQ(refusal<Batch>(R"({"changes":[{"put":{},"delete":{}}]})"),
            "'changes[0].delete' and 'changes[0].put' exclude each other");
  EXPECT_EQ(refusal<Batch>("[]"), "StateBatchRequest is an object, not a list");
  EXPECT_EQ(refusal<Batch>(R"({"changes":[]} x)"),
            "the JSON is not well formed: line 1, column 16: this is not JSON");
  EXPECT_EQ(refusal<Input>(R"({"x":"far"})"), "'x' must be a finite number, not \"far\"");
  EXPECT_EQ(refusal<Input>(R"({"x":"NaN"})"), "'x' must be a finite number, not \"NaN\"");
  EXPECT_EQ(refusal<Input>(R"({"x":"Infinity"})"), "'x' must be a finite number, not \"Infinity\"");
  EXPECT_EQ(refusal<Input>(R"({"player":5})"), "'player' must be a text, not 5");
  EXPECT_EQ(refusal<Input>(R"({"looked_at":"a","lookedAt":"b"})"),
            "'looked_at' is there twice, under both its names");
  EXPECT_EQ(refusal<pb::Frame>(R"({"request":{"id":-1}})"),
            "'request.id' must be a whole number from 0 to 18446744073709551615, not -1");
  EXPECT_EQ(refusal<pb::Frame>(R"({"request":{"id":1.5}})"),
            "'request.id' must be a whole number from 0 to 18446744073709551615, not 1.5");
  EXPECT_EQ(
      refusal<pb::Frame>(R"({"hello":{"cursor":18446744073709551616}})"),
      "the JSON is not well formed: line 1, column 40: the whole number 18446744073709551616 has more than "
      "64 bits");
  EXPECT_EQ(refusal<pb::Frame>(R"({"request":{"payload":"%%"}})"),
            "'request.payload' must be bytes in base64, not \"%%\"");
  // What a client sends is shown short, and cannot make the search for a name long.
  const std::string name(44 * 1024, 'x');
  EXPECT_LT(refusal<Input>("{\"" + name + "\":1}").size(), 200U);
  EXPECT_LT(refusal<Input>("{\"x\":\"" + name + "\"}").size(), 200U);
}

TEST(ProtoJson, BothCasesNullAndTextNumbersAreTaken) {
  pb::NpcInputRequest input;
  ASSERT_TRUE(from_json(R"({"lookedAt":"marta","x":"1.5","y":-2,"place":null})", input));
  EXPECT_EQ(input.ShortDebugString(), R"(x: 1.5 y: -2 looked_at: "marta")");
  ASSERT_TRUE(from_json(R"({"x":"-0","y":-0.0})", input));
  EXPECT_EQ(input.ByteSizeLong(), 0U) << "there is one zero";
  pb::StatePutRequest put;
  for (const char* seven : {"7", "7.0", "\"7\"", "7e0"}) {
    ASSERT_TRUE(from_json(std::string("{\"version\":") + seven + "}", put)) << seven;
    EXPECT_EQ(put.version(), 7U);
  }
}

// ---- whole numbers of 64 bits

TEST(ProtoJson, DocumentsKeepAllDigitsOfWholeNumbers) {
  const std::string text =
      R"({"large":18446744073709551615,"low":-9223372036854775808,"nested":[{"steam":76561197960287931}],)"
      R"("real":0.1,"small":5})";
  pb::StateDocument document;
  ASSERT_TRUE(from_json("{\"document\":" + text + "}", document));
  EXPECT_NE(to_json(document).find("\"document\":" + text), std::string::npos) << to_json(document);
  // Also through the bytes in which it travels and is kept.
  pb::StateDocument again;
  ASSERT_TRUE(again.ParseFromString(stable_bytes(document)));
  EXPECT_EQ(json_of(again.document()).dump(), text);
  // Who changes the number without knowing of its digits changes it.
  auto& value = (*again.mutable_document()->mutable_fields())["large"];
  value.set_number_value(12);
  EXPECT_EQ(json_of(value).dump(), "12");
}

// ---- against protobuf's own

void fill(Message& message, std::uint64_t& seed, int depth) {
  const auto next = [&seed] { return seed = seed * 6364136223846793005U + 1442695040888963407U, seed >> 33; };
  const auto* type = message.GetDescriptor();
  const auto* to = message.GetReflection();
  if (type == google::protobuf::Value::descriptor()) {
    return static_cast<google::protobuf::Value&>(message).set_string_value("v" + std::to_string(next()));
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const bool of_entry = field == type->map_key() || field == type->map_value();
    if (!of_entry && (next() % 4 == 0 || depth > 4)) continue;
    const auto one = [&](auto set, auto add, auto value) {
      field->is_repeated() ? (to->*add)(&message, field, value) : (to->*set)(&message, field, value);
    };
    using R = google::protobuf::Reflection;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        one(&R::SetInt32, &R::AddInt32, static_cast<std::int32_t>(next()) * (next() % 2 ? 1 : -1));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        one(&R::SetInt64, &R::AddInt64, static_cast<std::int64_t>(next() * next()) * (next() % 2 ? 1 : -1));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        one(&R::SetUInt32, &R::AddUInt32, static_cast<std::uint32_t>(next()));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        one(&R::SetUInt64, &R::AddUInt64, next() * next());
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        one(&R::SetDouble, &R::AddDouble, static_cast<double>(next()) / 3);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        one(&R::SetFloat, &R::AddFloat,
            static_cast<float>(next() % 1000) / 8);  // as text the same as a double's
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        one(&R::SetBool, &R::AddBool, next() % 2 == 0);
        break;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int count = field->enum_type()->value_count();
        one(&R::SetEnum, &R::AddEnum, field->enum_type()->value(static_cast<int>(next()) % count));
        break;
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = "a\"\\\n\xc3\xa4" + std::to_string(next());
        if (field->is_repeated()) {
          to->AddString(&message, field, text);
        } else {
          to->SetString(&message, field, text);
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (field->is_map() || field->message_type() == google::protobuf::Struct::descriptor()) {
          auto* inner = field->is_map() ? &message : to->MutableMessage(&message, field);
          const auto* map = field->is_map() ? field : inner->GetDescriptor()->field(0);
          fill(*inner->GetReflection()->AddMessage(inner, map), seed, depth + 1);
          break;
        }
        fill(field->is_repeated() ? *to->AddMessage(&message, field) : *to->MutableMessage(&message, field),
             seed, depth + 1);
        break;
    }
  }
}

TEST(ProtoJson, EveryMessageReadsAndWritesAsProtobufDoes) {
  std::set<const google::protobuf::Descriptor*> types = {pb::Frame::descriptor()};
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) types.insert({method->request, method->reply});
  }
  for (const auto& event : all_event_types()) types.insert(event.message);
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::uint64_t seed = 13;
  for (const auto* type : types) {
    for (int round = 0; round < 10; ++round) {
      const auto message = new_message(type);
      const auto theirs = new_message(type);
      const auto ours = new_message(type);
      if (round > 0) fill(*message, seed, 0);
      const std::string json = to_json(*message);
      ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, theirs.get()).ok()) << json;
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*message, *theirs)) << json;
      std::string printed;
      ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*message, &printed, options).ok());
      EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json::parse(printed));
      const auto read = from_json(printed, *ours);
      ASSERT_TRUE(read) << read.error().message << printed;
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*message, *ours)) << printed;
      EXPECT_EQ(nlohmann::json::parse(to_json(*message, true)), nlohmann::json::parse(json));
    }
  }
}

}  // namespace
}  // namespace troupe
