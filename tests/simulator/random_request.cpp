#include "tests/simulator/random_request.h"

#include <limits>

namespace troupe::test {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kDepthMax = 3;
constexpr double kSaid = .7;      // a field that is there at all
constexpr double kNonsense = .1;  // of texts
constexpr int kManyMax = 3;

class Filler {
 public:
  Filler(Dice& dice, const std::vector<std::string>& words) : dice_(dice), words_(words) {}

  void fill(Message& message, int depth) {
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (!dice_.chance(kSaid)) continue;
      const auto times = field->is_repeated() ? dice_.below(kManyMax) : 1;
      for (std::uint64_t at = 0; at < times; ++at) set(message, *field, depth);
    }
  }

 private:
  std::int64_t whole() {
    static const std::vector<std::int64_t> kWhole = {0,
                                                     1,
                                                     2,
                                                     3,
                                                     7,
                                                     60,
                                                     100,
                                                     3'600,
                                                     60'000,
                                                     3'600'000,
                                                     90'000'000,
                                                     -1,
                                                     -60'000,
                                                     std::numeric_limits<std::int64_t>::max(),
                                                     std::numeric_limits<std::int64_t>::min()};
    return dice_.of(kWhole);
  }
  double real() {
    static const std::vector<double> kReal = {
        0, .25, .5, 1, 2, 60, 300, -1, 1e9, 1e300, std::numeric_limits<double>::quiet_NaN()};
    return dice_.of(kReal);
  }
  std::string text() {
    static const std::vector<std::string> kNonsenseTexts = {
        "", " ", "zz", "../x", "\xD1\x88\xD1\x8A", std::string(300, 'n'), "nobody knows this", "{}", "\xFF"};
    return dice_.chance(kNonsense) ? dice_.of(kNonsenseTexts) : dice_.of(words_);
  }

  template <class Set, class Add, class T>
  void put(Message& message, const FieldDescriptor& field, Set set, Add add, T value) {
    const auto* values = message.GetReflection();
    if (field.is_repeated()) {
      (values->*add)(&message, &field, std::move(value));
    } else {
      (values->*set)(&message, &field, std::move(value));
    }
  }

  void set(Message& message, const FieldDescriptor& field, int depth) {
    using R = google::protobuf::Reflection;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return put(message, field, &R::SetInt32, &R::AddInt32, static_cast<std::int32_t>(whole()));
      case FieldDescriptor::CPPTYPE_INT64:
        return put(message, field, &R::SetInt64, &R::AddInt64, whole());
      case FieldDescriptor::CPPTYPE_UINT32:
        return put(message, field, &R::SetUInt32, &R::AddUInt32, static_cast<std::uint32_t>(whole()));
      case FieldDescriptor::CPPTYPE_UINT64:
        return put(message, field, &R::SetUInt64, &R::AddUInt64, static_cast<std::uint64_t>(whole()));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return put(message, field, &R::SetDouble, &R::AddDouble, real());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return put(message, field, &R::SetFloat, &R::AddFloat, static_cast<float>(real()));
      case FieldDescriptor::CPPTYPE_BOOL:
        return put(message, field, &R::SetBool, &R::AddBool, dice_.chance(.5));
      case FieldDescriptor::CPPTYPE_ENUM:
        return put(message, field, &R::SetEnumValue, &R::AddEnumValue, static_cast<int>(dice_.below(6)));
      case FieldDescriptor::CPPTYPE_STRING:
        return put(message, field, &R::SetString, &R::AddString, text());
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        if (depth >= kDepthMax) return;
        const auto* values = message.GetReflection();
        fill(field.is_repeated() ? *values->AddMessage(&message, &field)
                                 : *values->MutableMessage(&message, &field),
             depth + 1);
        return;
      }
    }
  }

  Dice& dice_;
  const std::vector<std::string>& words_;
};

}  // namespace

std::string random_request(Dice& dice, const MethodInfo& method, const std::vector<std::string>& words) {
  const auto message = new_message(method.request);
  Filler(dice, words).fill(*message, 0);
  return stable_bytes(*message);
}

}  // namespace troupe::test
