// What the one reader of JSON takes, and that its work is linear.
#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe {
namespace {

TEST(Json, WhatIsNoneIsRefused) {
  using namespace std::string_literals;
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "line 1, column 1: it ends too early"},
           {"{\"a\":1", "line 1, column 6: it ends too early"},
           {"tru", "line 1, column 3: it ends too early"},
           {"{\"a\":1,}", "line 1, column 8: a comma with nothing after it"},
           {"[1,\n]", "line 2, column 1: a comma with nothing after it"},
           {"{'a':1}", "line 1, column 2: texts stand in double quotes"},
           {"{a:1}", "line 1, column 2: this is not JSON"},
           {"{\"a\":NaN}", "line 1, column 6: NaN and Infinity are no numbers of JSON"},
           {"[Infinity]", "line 1, column 2: NaN and Infinity are no numbers of JSON"},
           {"[-Infinity]", "line 1, column 3: NaN and Infinity are no numbers of JSON"},
           {"{} // well", "line 1, column 4: comments are no part of JSON"},
           {"/* a */ {}", "line 1, column 1: comments are no part of JSON"},
           {"# a\n{}", "line 1, column 1: comments are no part of JSON"},
           {"{\"a\":1,\"b\":2,\"a\":3}", "line 1, column 16: the name 'a' comes twice in one object"},
           {"{\"a\":1,\"\\u0061\":3}", "line 1, column 15: the name 'a' comes twice in one object"},
           {"{\"a\":[{\"b\":1,\"b\":1}]}", "line 1, column 16: the name 'b' comes twice in one object"},
           {"\"\\ud800\"", "line 1, column 8: this is not JSON"},
           {"\"\\udc00a\"", "line 1, column 7: this is not JSON"},
           {"\"\xff\"", "line 1, column 2: not valid UTF-8"},
           {"\"\xed\xa0\x80\"", "line 1, column 3: not valid UTF-8"},
           {"\"\xc0\xaf\"", "line 1, column 2: not valid UTF-8"},
           {"\"a\nb\"", "line 2, column 1: this is not JSON"},
           {"\"\\x41\"", "line 1, column 3: this is not JSON"},
           {"[01]", "line 1, column 4: this is not JSON"},
           {"[+1]", "line 1, column 2: this is not JSON"},
           {"[.5]", "line 1, column 2: this is not JSON"},
           {"[1.]", "line 1, column 4: this is not JSON"},
           {"[0x1]", "line 1, column 3: this is not JSON"},
           {"{} {}", "line 1, column 4: this is not JSON"},
           {"True", "line 1, column 1: this is not JSON"},
           {"\xEF\xBB\xBF{}", "line 1, column 1: a byte order mark is no part of JSON"},
           {"{}\0{}"s, "line 1, column 3: a NUL byte"},
           {"[1e999]", "line 1, column 7: the number 1e999 is too large"},
           {"[123456789012345678901]",
            "line 1, column 23: the whole number 123456789012345678901 has more than 64 bits"}}) {
    for (const auto& error : {parse_json(text).error(), parse_ordered_json(text).error()}) {
      EXPECT_EQ(error.reason, "json.malformed") << text;
      EXPECT_EQ(error.message, why) << text;
    }
  }
}

TEST(Json, WhatIsJsonIsRead) {
  for (const char* text :
       {"0", "-0.5e-7", "\"\\u00e4\\ud83d\\ude00\"", "[]", "{}",
        " \t\r\n[1, 2.5, \"a\", null, true, {\"\":[]}] ",
        "[9223372036854775807,-9223372036854775808,18446744073709551615]", "1e308", "\"\\u0000\""}) {
    const auto read = parse_json(text);
    ASSERT_TRUE(read) << text << ": " << read.error().message;
    EXPECT_EQ(*read, nlohmann::json::parse(text));
    EXPECT_EQ(parse_ordered_json(text)->dump(), nlohmann::ordered_json::parse(text).dump());
  }
  EXPECT_EQ(parse_ordered_json(R"({"b":1,"a":2})")->dump(), R"({"b":1,"a":2})");
  EXPECT_EQ(parse_foreign_json(R"({"a":1,"a":2})")->dump(), R"({"a":2})");
}

TEST(Json, DepthAndNamesAreBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(kJsonDepthMax)));
  for (const std::size_t depth : {kJsonDepthMax + 1, std::size_t{200'000}})
    EXPECT_EQ(parse_json(nested(depth)).error().message, "line 1, column 65: nested deeper than 64 levels");
  const auto members = [](std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return text + "}";
  };
  // An object whose order is kept is searched from its beginning: as many names as fit would be a search for
  // seconds.
  EXPECT_EQ(parse_json(members(30'000))->size(), 30'000U);
  EXPECT_TRUE(parse_ordered_json(members(kJsonOrderedMembersMax)));
  EXPECT_NE(parse_ordered_json(members(30'000)).error().message.find("an object has at most 1024 members"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe
