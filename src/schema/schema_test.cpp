// What a schema may say, what an answer is held to, and that neither costs more than its size allows.
#include "schema/schema.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

#include "schema/guide.h"
#include "schema/patterns.h"

namespace troupe::schema {
namespace {

std::string verdict(const std::string& schema, const std::string& document) {
  const auto read = Schema::read(schema);
  if (!read) return read.error().reason + ": " + read.error().message;
  const auto met = read->check(document);
  return met ? "" : met.error().reason;
}

struct Row {
  const char* schema;
  std::vector<const char*> fits;
  std::vector<const char*> does_not;
};

TEST(Schema, AnAnswerIsHeldToEveryKeyword) {
  const Row rows[] = {
      {R"({"type":"string","pattern":"^\\d{3}$"})", {R"("042")"}, {R"("value1")", R"("1234")", "42"}},
      {R"({"type":"string","pattern":"b+"})", {R"("abc")"}, {R"("ac")"}},
      {R"({"type":"string","pattern":"^\\u0041$"})", {R"("A")"}, {R"("u0041")"}},
      {R"({"type":"number","minimum":0,"maximum":1})",
       {"0", "0.5", "1", "1.0"},
       {"57", "-0.1", "1.01", R"("0.5")"}},
      {R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1})", {"0.5"}, {"0", "1"}},
      {R"({"type":"integer","multipleOf":5})", {"10", "10.0", "0"}, {"7", "2.5"}},
      {R"({"type":"number","multipleOf":0.5})", {"1.5", "2"}, {"1.3"}},
      {R"({"type":"string","minLength":2,"maxLength":3})", {R"("äöü")"}, {R"("a")", R"("abcd")"}},
      {R"({"format":"date"})", {R"("2024-02-29")"}, {R"("2023-02-29")", R"("29.2.2024")", R"("2024-13-01")"}},
      {R"({"format":"date-time"})",
       {R"("2024-02-29T07:00:00Z")", R"("2024-02-29T07:00:00.5+02:00")"},
       {R"("2024-02-29 7:00")"}},
      {R"({"format":"time"})", {R"("07:00:00Z")"}, {R"("25:00:00Z")", R"("7 o'clock")"}},
      {R"({"format":"duration"})",
       {R"("P1DT2H")", R"("PT5M")"},
       {R"("P")", R"("P1DT")", R"("five minutes")"}},
      {R"({"format":"email"})", {R"("marta@harbour.example")"}, {R"("marta")", R"("@b.example")"}},
      {R"({"format":"ipv4"})", {R"("127.0.0.1")"}, {R"("256.0.0.1")", R"("1.2.3")"}},
      {R"({"format":"ipv6"})",
       {R"("::1")", R"("2001:db8::8a2e:370:7334")"},
       {R"("1.2.3.4")", R"("1::2::3")"}},
      {R"({"format":"hostname"})", {R"("a-b.example")"}, {R"("-a.example")", R"("a b")"}},
      {R"({"format":"uuid"})", {R"("123e4567-e89b-12d3-a456-426614174000")"}, {R"("123e4567")"}},
      {R"({"format":"uri"})", {R"("https://a.example/b?c=d")"}, {R"("/b")", R"("a b:c")"}},
      {R"({"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},{"required":["b"]}]})",
       {R"({"a":1,"b":2})"},
       {R"({"a":1})", R"({"b":1})", R"({"a":"x","b":1})"}},
      {R"({"type":"object","required":["name"]})", {R"({"name":1})"}, {"{}"}},
      {R"({"type":"object","properties":{"a":{}},"additionalProperties":false})",
       {R"({"a":1})"},
       {R"({"b":1})"}},
      {R"({"type":"object","additionalProperties":{"type":"string"}})", {R"({"b":"x"})"}, {R"({"b":1})"}},
      {R"({"type":"object","minProperties":1,"maxProperties":1})",
       {R"({"a":1})"},
       {"{}", R"({"a":1,"b":1})"}},
      {R"({"propertyNames":{"pattern":"^a"}})", {R"({"ab":1})"}, {R"({"b":1})"}},
      {R"({"dependentRequired":{"a":["b"]}})", {R"({"a":1,"b":1})", "{}"}, {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]}}})", {R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {R"({"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":2})",
       {"[true]"},
       {"[]", "[1]", "[true,true,true]"}},
      {R"({"type":"array","prefixItems":[{"type":"string"}],"items":false})",
       {R"(["a"])"},
       {R"(["a",1])", "[1]"}},
      {R"({"type":"array","items":[{"type":"string"}],"additionalItems":false})",
       {R"(["a"])"},
       {R"(["a",1])"}},
      {R"({"type":"array","uniqueItems":true})", {"[1,2]"}, {"[1,1]", R"([{"a":1},{"a":1}])"}},
      {R"({"type":"array","contains":{"const":7}})", {"[1,7]"}, {"[1]", "[]"}},
      {R"({"enum":["a",1,null]})", {R"("a")", "1", "null"}, {R"("b")", "2", "true"}},
      {R"({"const":{"a":1}})", {R"({"a":1})"}, {R"({"a":2})"}},
      {R"({"not":{"type":"string"}})", {"1"}, {R"("a")"}},
      {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", {"null", R"("")"}, {"1"}},
      {R"({"oneOf":[{"type":"number"},{"type":"integer"}]})", {"1.5"}, {"1"}},
      {R"({"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"a":1})", R"({"a":2})"}},
      {R"({"$ref":"#/$defs/n","minimum":2,"$defs":{"n":{"type":"integer"}}})", {"2"}, {"1", R"("a")"}},
      {R"({"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"required":["v"]})",
       {R"({"v":1,"next":{"v":2}})"},
       {R"({"v":1,"next":{}})"}},
      {R"({"properties":{"a":{"type":"string"},"b":{"$ref":"#/properties/a"}}})",
       {R"({"b":"x"})"},
       {R"({"b":1})"}},
      {R"({"type":["string","null"]})", {"null"}, {"1"}},
      {R"({"type":"object"})",
       {"{}"},
       {"", "{", "{} {}", "{'a':1}", R"({"a":1,})", R"({"a":1,"a":2})", "NaN"}},
  };
  for (const auto& row : rows) {
    for (const auto* document : row.fits)
      EXPECT_EQ(verdict(row.schema, document), "") << row.schema << "\n" << document;
    for (const auto* document : row.does_not)
      EXPECT_EQ(verdict(row.schema, document), "schema.not_met") << row.schema << "\n" << document;
  }
}

TEST(Schema, WhatCannotBeHeldIsRefusedByItsName) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"patternProperties":{"^a":{}}})", "patternProperties"},
      {R"({"unevaluatedProperties":false})", "unevaluatedProperties"},
      {R"({"properties":{"a":{"items":{"minContains":2}}}})", "minContains"},
      {R"({"minLenght":2})", "did you mean 'minLength'"},
      {R"({"$dynamicRef":"#a"})", "$dynamicRef"},
      {R"({"contentEncoding":"base64"})", "contentEncoding"},
      {R"({"type":"string","format":"iri"})", "'format' iri"},
      {R"({"type":"string","pattern":"(?=a)b"})", "'pattern' (?=a)b"},
      {R"({"type":"string","pattern":"(a)\\1"})", "'pattern' (a)\\1"},
      {R"({"$ref":"https://example.com/schema"})", "https://example.com/schema"},
      {R"({"$ref":"#/$defs/none"})", "#/$defs/none"},
  };
  for (const auto& [schema, name] : rows) {
    const auto read = Schema::read(schema);
    ASSERT_FALSE(read) << schema;
    EXPECT_EQ(read.error().reason, "schema.unsupported") << schema;
    EXPECT_TRUE(read.error().message.contains(name)) << read.error().message;
    EXPECT_FALSE(read.error().message.contains('\n')) << read.error().message;
  }
  // What is said of a value asks nothing of it; names of properties are no keywords.
  EXPECT_TRUE(Schema::read(
      R"({"title":"t","description":"d","default":1,"examples":[1],"x-order":1,"properties":{"unevaluatedItems":{},"not":{}}})"));
}

TEST(Schema, WhatIsNoSchemaOrMatchesNothingIsRefused) {
  for (const char* schema :
       {"", "[]", "7", "{", R"({"type":"nonsense"})", R"({"properties":[]})", R"({"required":"a"})",
        R"({"minLength":-1})", R"({"multipleOf":0})", R"({"items":7})", R"({"allOf":{}})",
        R"({"exclusiveMinimum":true})", R"({"pattern":7})"}) {
    EXPECT_TRUE(verdict(schema, "1").starts_with("schema.bad: ")) << schema << " " << verdict(schema, "1");
  }
  for (const char* schema :
       {R"({"enum":[]})", R"({"type":"string","minLength":3,"maxLength":1})", R"({"minimum":2,"maximum":1})",
        R"({"anyOf":[]})", R"({"properties":{"a":{"enum":[]}},"required":["a"],"type":"object"})",
        R"({"anyOf":[{"minItems":2,"maxItems":1}]})",
        R"({"type":"object","required":["a"],"properties":{},"additionalProperties":false})",
        R"({"type":"object","required":["a"],"properties":{"a":false}})"})
    EXPECT_TRUE(verdict(schema, "1").starts_with("schema.impossible: "))
        << schema << " " << verdict(schema, "1");
}

TEST(Schema, WhatNothingMatchesMayStandWhereNothingIsNeeded) {
  for (const char* schema :
       {R"({"type":"object","properties":{"a":{"enum":[]}}})", R"({"anyOf":[{"enum":[]},{}]})"})
    EXPECT_EQ(verdict(schema, "{}"), "") << schema;
  EXPECT_TRUE(verdict(R"({"type":"object","properties":{"a":{"enum":[]}},"required":["a"]})", "{}")
                  .starts_with("schema.impossible: "));
}
// Each would take seconds, memory or the stack if its work were not bounded by its size.
TEST(Schema, NoSchemaCostsMoreThanItsSize) {
  std::vector<std::string> hostile;
  std::string nested = R"({"type":"string"})";
  for (int i = 0; i < 22; ++i)
    nested = R"({"type":"object","properties":{"a":)" + nested + R"(},"required":["a","a"]})";
  hostile.push_back(nested);
  nested = "{}";
  for (int i = 0; i < 22; ++i) nested = R"({"type":["object","object"],"properties":{"a":)" + nested + "}}";
  hostile.push_back(nested);
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    std::string defs;
    for (int i = 0; i < 60; ++i)
      defs += fmt::format(R"("d{}":{{"{}":[{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}}]}},)", i, key,
                          i + 1, i + 1);
    hostile.push_back(R"({"$ref":"#/$defs/d0","$defs":{)" + defs + R"("d60":{"type":"null"}}})");
    std::string few;
    for (int i = 0; i < 6; ++i)
      few += fmt::format(
          R"("d{}":{{"{}":[{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}},{{"$ref":"#/$defs/d{}"}}]}},)",
          i, key, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1);
    hostile.push_back(R"({"$ref":"#/$defs/d0","$defs":{)" + few + R"("d6":{"type":"null"}}})");
  }
  hostile.emplace_back(R"({"$ref":"#"})");
  hostile.emplace_back(
      R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}}})");
  hostile.emplace_back(
      R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"not":{"$ref":"#/$defs/a"}})");
  std::string chain;
  for (int i = 0; i < 900; ++i)
    chain += fmt::format(R"("d{}":{{"items":{{"$ref":"#/$defs/d{}"}}}},)", i, i + 1);
  hostile.push_back(R"({"$ref":"#/$defs/d0","$defs":{)" + chain + R"("d900":{}}})");
  hostile.emplace_back(R"({"type":"string","pattern":"(a+)+(a+)+(a+)+$"})");
  hostile.push_back(R"({"type":"string","pattern":")" + std::string(1000, '(') + R"("})");
  hostile.emplace_back(R"({"type":"string","pattern":"((a{100}){100}){100}"})");
  hostile.push_back(std::string(60'000, '['));
  hostile.push_back(R"({"enum":[)" + std::string(20'000, '[') + std::string(20'000, ']') + "]}");
  hostile.push_back(R"({"uniqueItems":true})");
  std::string wide = R"({"properties":{)";
  for (int i = 0; i < 3000; ++i) wide += fmt::format(R"({}"p{}":{{}})", i ? "," : "", i);
  hostile.push_back(wide + "}}");

  std::vector<std::string> documents = {"null", "\"" + std::string(100'000, 'a') + "b\"",
                                        std::string(500'000, '[')};
  std::string list = "[0";
  for (int i = 1; i < 100'000; ++i) list += "," + std::to_string(i);
  documents.push_back(list + "]");
  std::string deep = "null";
  for (int i = 0; i < 60; ++i) deep = R"({"a":[)" + deep + "]}";
  documents.push_back(deep);
  for (const auto& schema : hostile) {
    (void)guide_of(schema);
    const auto read = Schema::read(schema);
    if (!read) continue;
    for (const auto& document : documents) (void)read->check(document);
  }
}

// A kilobyte, 22 levels deep, with a name twice at each: the search doubled with each level.
TEST(Schema, ANameThatIsRequiredTwiceIsOne) {
  std::string schema = R"({"type":"null"})";
  for (int i = 0; i < 22; ++i)
    schema = R"({"type":"object","properties":{"a":)" + schema + R"(},"required":["a","a"]})";
  const auto start = std::chrono::steady_clock::now();
  (void)Schema::read(schema);
  (void)guide_of(schema);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
  const auto many = Schema::read(R"({"enum":[0)" + [] {
    std::string values;
    for (int i = 0; i < 5000; ++i) values += ",1";
    return values;
  }() + "]}");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().reason, "schema.too_large");
}

// A few bytes of a pattern are thousands of states, each about a microsecond: fifty kilobytes of them stopped
// everybody's answers for three seconds.
TEST(Schema, ThePatternsOfASchemaAreCountedTogether) {
  const auto with = [](int count, const char* pattern) {
    std::string properties;
    for (int i = 0; i < count; ++i) {
      properties += fmt::format(R"({}"p{}":{{"pattern":"^{}{}$"}})", i ? "," : "", i, pattern, i);
    }
    return R"({"properties":{)" + properties + "}}";
  };
  for (const char* pattern :
       {"(a{1,30}b{1,30}){1,30}", "[a-z]{1,500}", "\\\\pL{1,5}", "(a|bc|d{2,9}){1,99}"}) {
    const auto start = std::clock();
    const auto many = Schema::read(with(900, pattern));
    EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC / 2) << pattern;
    ASSERT_FALSE(many) << pattern;
    EXPECT_TRUE(many.error().reason == "schema.too_much" || many.error().reason == "schema.too_large")
        << many.error().message;
  }
  const auto few = Schema::read(with(20, "[a-z]{1,500}"));
  ASSERT_TRUE(few) << few.error().message;
  EXPECT_GT(few->pattern_states(), 10'000);
  EXPECT_EQ(Schema::read(with(20, "[a-z]{1,500}"), {.pattern_states_max = 10'000}).error().reason,
            "schema.too_much");
  // The same pattern is made once, wherever it stands, and each place is held to it.
  std::string same;
  for (int i = 0; i < 380; ++i)
    same += fmt::format(R"({}"p{}":{{"pattern":"^[a-z]{{1,500}}$"}})", i ? "," : "", i);
  const auto repeated = Schema::read(R"({"properties":{)" + same + "}}");
  ASSERT_TRUE(repeated) << repeated.error().message;
  EXPECT_LT(repeated->pattern_states(), 2000);
  EXPECT_TRUE(repeated->check(R"({"p0":"a","p379":"b"})"));
  EXPECT_FALSE(repeated->check(R"({"p0":"a","p379":"B"})"));
}

TEST(Schema, TheStepsOfACheckAreCounted) {
  const auto read =
      Schema::read(R"({"items":{"anyOf":[{"type":"null"},{"type":"integer"}]}})", {.steps_max = 100});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->check("[1,2,3]"));
  std::string many = "[1";
  for (int i = 0; i < 200; ++i) many += ",1";
  const auto met = read->check(many + "]");
  ASSERT_FALSE(met);
  EXPECT_TRUE(met.error().message.contains("steps")) << met.error().message;
}

// Where parts of a schema and items of an answer multiply.
TEST(Schema, WhatIsComparedIsCounted) {
  std::string values = "0";
  std::string consts = R"({"const":0})";
  for (int i = 1; i < 900; ++i) {
    values += "," + std::to_string(i);
    consts += R"(,{"const":)" + std::to_string(i) + "}";
  }
  std::string numbers = "[899";
  for (int i = 0; i < 50'000; ++i) numbers += ",899";
  std::string texts = "[\"\"";
  for (int i = 0; i < 300; ++i) texts += ",\"" + std::string(1000, 'a') + "\"";
  const std::string list = R"({"type":"array","items":)";
  for (const auto& [schema, document] : std::vector<std::pair<std::string, std::string>>{
           {list + R"({"enum":[)" + values + "]}}", numbers},
           {list + R"({"anyOf":[)" + consts + "]}}", numbers},
           {R"({"definitions":{"e":{"enum":[)" + values +
                R"(]}},"type":"array","items":{"anyOf":[{"type":"string"},)" +
                R"({"$ref":"#/definitions/e"}]}})",
            numbers},
           {list + R"({"type":"string","pattern":"^((a?){50}){20}$"}})", texts}}) {
    const auto read = Schema::read(schema);
    ASSERT_TRUE(read) << read.error().message;
    const auto start = std::chrono::steady_clock::now();
    const auto met = read->check(document + "]");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << schema.substr(0, 80);
    ASSERT_FALSE(met) << schema.substr(0, 80);
    EXPECT_TRUE(met.error().message.contains("steps")) << met.error().message;
    EXPECT_TRUE(read->check("[]"));
  }
}

TEST(Schema, AnAnswersFaultIsNamedWithItsPlace) {
  const auto read = Schema::read(
      R"({"type":"object","properties":{"list":{"type":"array","items":{"type":"string","pattern":"^\\d+$"}}}})");
  ASSERT_TRUE(read);
  const auto met = read->check(R"({"list":["1","x"]})");
  ASSERT_FALSE(met);
  EXPECT_TRUE(met.error().message.contains("answer.list[1]: does not match the pattern"))
      << met.error().message;
}

// A grammar is led by what is left when all that it does not know is taken out.
TEST(Guide, SaysOnlyWhatAConverterKnows) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"type":"object","required":["name"]})",
       R"({"type":"object","required":["name"],"properties":{"name":{}}})"},
      {R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"]},{"properties":{"a":{"maximum":3}}}]})",
       R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":1,"maximum":3}}})"},
      {R"({"type":"object","properties":{"a":{}},"additionalProperties":true})",
       R"({"type":"object","additionalProperties":false,"properties":{"a":{}}})"},
      {R"({"type":"object","additionalProperties":{"type":"null"}})",
       R"({"type":"object","additionalProperties":{"type":"null"}})"},
      {R"({"type":"string","allOf":[{"minLength":2},{"maxLength":3}]})",
       R"({"type":"string","minLength":2,"maxLength":3})"},
      {R"({"type":"array","items":{"not":{"type":"null"}},"uniqueItems":true,"maxItems":100000})",
       R"({"type":"array","items":{}})"},
      {R"({"type":"integer","exclusiveMinimum":0.5,"exclusiveMaximum":4})",
       R"({"type":"integer","minimum":1,"maximum":3})"},
      {R"({"type":"integer","minimum":1,"maximum":12,"multipleOf":5})", R"({"enum":[5,10]})"},
      {R"({"type":["integer","integer"]})", R"({"type":"integer"})"},
      {R"({"type":"string","pattern":"^\\d$"})", R"({"const":"troupe rule 0"})"},
      {R"({"type":"string","pattern":"\\bword\\b"})", R"({"type":"string"})"},
  };
  for (const auto& [schema, expected] : rows) {
    const auto guide = guide_of(schema);
    ASSERT_TRUE(guide) << guide.error().message;
    EXPECT_EQ(guide->schema, expected) << schema;
  }
}

TEST(Guide, PatternsBecomeRules) {
  const std::pair<const char*, const char*> rows[] = {
      {"^\\d{3}$", R"("\"" ([0-9]{3}) "\"")"},
      {"^(red|blue)-[a-f]+$", R"("\"" (("r" "e" "d" | "b" "l" "u" "e") "-" [a-f]+) "\"")"},
      {"a\"b", R"("\"" ("a" "\\\"" "b") "\"")"},
      {"[^x]", R"("\"" ([^x"\\\x00-\x1f]) "\"")"},
  };
  for (const auto& [pattern, rule] : rows) EXPECT_EQ(pattern_rule(pattern).value_or("none"), rule) << pattern;
  for (const char* pattern : {"(?=a)", "a\\b", "[\"]", "(", "a{", "*", "\\p{L}", "[[:alpha:]]"})
    EXPECT_FALSE(pattern_rule(pattern)) << pattern;
}

}  // namespace
}  // namespace troupe::schema
