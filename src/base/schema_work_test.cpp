// Schemas that ask for more work than they have bytes.
#include "base/schema_work.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(SchemaWork, WhatAsksForTooMuchIsRefusedByName) {
  for (const auto& [schema, reason, part] : std::vector<std::array<std::string, 3>>{
           {R"({"enum":[0)" + repeated(",1", 5000) + "]}", "schema.too_large", "4096 parts"},
           {R"({"required":["a")" + repeated(",\"a\"", 5000) + "]}", "schema.too_large", "4096 parts"},
           {R"({"anyOf":[{})" + repeated(",{}", 5000) + "]}", "schema.too_large", "4096 parts"},
           {R"({"allOf":[{})" + repeated(R"(,{"maxLength":2000})", 150) + "]}", "schema.too_large",
            "200000 repetitions"},
           {R"({"anyOf":[{})" + repeated(R"(,{"pattern":"^a{9}b{1,2000}c{2000,}$"})", 60) + "]}",
            "schema.too_large", "200000 repetitions"},
           {R"({"pattern":")" + repeated("a", 5000) + "\"}", "schema.too_large", "4096 bytes in one pattern"},
           {R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/a"}}})", "schema.circular",
            "'#/$defs/a'"},
           {R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})",
            "schema.circular", "leads to references only"},
           {R"({"$ref":"#"})", "schema.circular", "'#'"}}) {
    const auto checked = check_schema_work(schema);
    ASSERT_FALSE(checked) << schema.substr(0, 60);
    EXPECT_EQ(checked.error().reason, reason) << schema.substr(0, 60);
    EXPECT_NE(checked.error().message.find(part), std::string::npos) << checked.error().message;
  }
}

TEST(SchemaWork, WhatPeopleWriteIsFine) {
  for (
      const char* schema :
      {R"({"type":"object","properties":{"a":{"type":"string","maxLength":100000}},"required":["a"]})",
       R"({"type":"array","items":{"$ref":"#/$defs/node"},"$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}}}}})",
       R"({"type":"string","pattern":"^\\d{3}-\\d{4}$"})", R"({"$ref":"#/$defs/there/is/none"})",
       R"({"$ref":"https://example.org/schema"})", "true", "not JSON"}) {
    const auto checked = check_schema_work(std::string(schema));
    EXPECT_TRUE(checked) << schema << ": " << checked.error().message;
  }
}

}  // namespace
}  // namespace troupe
