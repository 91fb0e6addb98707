#pragma once
// The texts of a document, as google.protobuf.Struct has them. (A template, so that this room needs no
// protobuf.)
#include <algorithm>
#include <string>
#include <vector>

#include "moderation/moderation.h"

namespace troupe::moderation {

struct FieldFinding {
  std::string path;  // "letter.text"
  Finding finding;
};

// The first text, in the order of the fields' names, that does not fit; names are texts, too.
template <class Struct>
FieldFinding judge_fields(const Struct& fields, const Levels& allowed, const std::string& path = {}) {
  const auto judge_value = [&](const auto& self, const auto& value, const std::string& at) -> FieldFinding {
    if (value.has_string_value()) return {at, judge(without_codes(value.string_value()), allowed)};
    if (value.has_struct_value()) return judge_fields(value.struct_value(), allowed, at + ".");
    if (!value.has_list_value()) return {};
    for (const auto& item : value.list_value().values()) {
      if (auto found = self(self, item, at); !found.finding.allowed) return found;
    }
    return {};
  };
  std::vector<std::string> names;
  for (const auto& [name, value] : fields.fields()) names.push_back(name);
  std::ranges::sort(names);
  for (const auto& name : names) {
    if (auto found = judge(name, allowed); !found.allowed) return {path + name, found};
    auto found = judge_value(judge_value, fields.fields().at(name), path + name);
    if (!found.finding.allowed) return found;
  }
  return {};
}

}  // namespace troupe::moderation
