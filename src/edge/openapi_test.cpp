#include "edge/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "edge/edge_rig.h"
#include "host/registry.h"

namespace troupe::edge {
namespace {

using Json = nlohmann::json;

// Calls `see` with each "$ref" below `json`.
void each_ref(const Json& json, const std::function<void(const std::string&)>& see) {
  if (json.is_object() && json.contains("$ref")) see(json["$ref"]);
  if (json.is_structured()) {
    for (const auto& inner : json) each_ref(inner, see);
  }
}

TEST(OpenApi, NamesEveryMethodAndEveryReferenceResolves) {
  const Json doc = Json::parse(openapi_json("1.2.3"));
  EXPECT_EQ(doc["openapi"], "3.1.0");
  EXPECT_EQ(doc["info"]["version"], "1.2.3");
  std::size_t methods = 0;
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      ++methods;
      const auto& path = doc["paths"]["/api/" + method->service + "/" + method->method];
      EXPECT_EQ(path["post"]["operationId"], method->name);
      EXPECT_EQ(path.contains("get"), method->access.read_only()) << method->name;
      EXPECT_TRUE(path["post"]["responses"].contains("429")) << method->name;
      EXPECT_EQ(path["post"]["x-troupe-idempotency-key"], method->takes_key() ? "honoured" : "refused");
      const Json key = {{"$ref", "#/components/parameters/idempotency_key"}};
      const auto& parameters = path["post"]["parameters"];
      EXPECT_EQ(std::ranges::find(parameters, key) != parameters.end(), method->takes_key()) << method->name;
    }
  }
  EXPECT_GT(methods, 10U);
  std::size_t refs = 0;
  each_ref(doc, [&](const std::string& ref) {
    ++refs;
    EXPECT_TRUE(doc.contains(Json::json_pointer(ref.substr(1)))) << ref;
  });
  EXPECT_GT(refs, methods);
}

TEST(OpenApi, SchemasFollowProto3Json) {
  const Json doc = Json::parse(openapi_json("1"));
  const auto& schemas = doc["components"]["schemas"];
  const auto& time = schemas["TimeState"]["properties"];
  EXPECT_EQ(time["now_ms"]["format"], "int64");
  EXPECT_EQ(time["paused"]["type"], "boolean");
  EXPECT_EQ(time["scale"]["type"], "number");
  EXPECT_EQ(schemas["WeatherListReply"]["properties"]["regions"]["items"]["$ref"],
            "#/components/schemas/WeatherNow");
  EXPECT_EQ(schemas["WorldInfo.Place"]["properties"]["neighbours"]["type"], "array");
  EXPECT_EQ(schemas["WorldWhyReply.Link"]["properties"]["payload"]["type"], "object");
  EXPECT_EQ(schemas["ProposedVerb"]["properties"]["args"]["additionalProperties"]["type"], "string");
  EXPECT_EQ(schemas["Error"]["properties"]["error"]["properties"]["code"]["enum"].size(), 10U);
  const auto& forecast = doc["paths"]["/api/weather/Forecast"];
  EXPECT_EQ(forecast["post"]["x-troupe-roles"],
            Json::array({"player", "npc", "game_server", "designer", "admin"}));
  bool hours = false;
  for (const auto& parameter : forecast["get"]["parameters"])
    hours = hours || parameter.value("name", "") == "hours";
  EXPECT_TRUE(hours);
}

TEST(OpenApi, IsServedWithAPageThatNeedsNothingElse) {
  Rig rig;
  const auto doc = get(rig.port(), "/openapi.json");
  EXPECT_EQ(doc.status, 200);
  EXPECT_FALSE(doc.json().is_discarded());
  const auto page = get(rig.port(), "/docs");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.body.find("http://"), std::string::npos);
  EXPECT_EQ(page.body.find("https://"), std::string::npos);
  EXPECT_EQ(page.body.find("innerHTML"), std::string::npos);  // what services say is text, never markup
}

}  // namespace
}  // namespace troupe::edge
