#include "edge/openapi.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "edge/json_schema.h"
#include "host/registry.h"

namespace troupe::edge {

namespace {

using Json = nlohmann::ordered_json;

Json ref(const std::string& kind, const std::string& name) {
  return {{"$ref", "#/components/" + kind + "/" + name}};
}
Json schema_ref(const google::protobuf::Descriptor* type) { return ref("schemas", schema_name(type)); }

Json json_content(Json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

Json roles_of(const MethodInfo& method) {
  Json roles = Json::array();
  for (const int role : method.access.roles()) roles.push_back(role_name(static_cast<pb::Role>(role)));
  roles.push_back("admin");
  return roles;
}

Json error_responses() {
  Json responses;
  for (const Code code : {Code::invalid_argument, Code::unauthenticated, Code::permission_denied,
                          Code::not_found, Code::conflict, Code::exhausted, Code::cancelled, Code::internal,
                          Code::unavailable, Code::deadline_exceeded}) {
    responses[std::to_string(http_status(code))] = ref("responses", "error");
  }
  return responses;
}

Json operation(const MethodInfo& method, const char* suffix) {
  Json op;
  op["operationId"] = method.name + suffix;
  op["tags"] = Json::array({method.service});
  op["summary"] = method.access.summary();
  op["x-troupe-roles"] = roles_of(method);
  op["x-troupe-read-only"] = method.access.read_only();
  op["parameters"] = Json::array({ref("parameters", "deadline"), ref("parameters", "player"),
                                  ref("parameters", "role"), ref("parameters", "traceparent")});
  op["x-troupe-idempotency-key"] = method.takes_key() ? "honoured" : "refused";
  if (method.takes_key()) op["parameters"].push_back(ref("parameters", "idempotency_key"));
  Json content = json_content(schema_ref(method.reply));
  content["text/event-stream"] = {{"schema", {{"type", "string"}}}};
  op["responses"]["200"] = {{"description",
                             "The reply. With Accept: text/event-stream as `delta` events, then `done` "
                             "with the whole reply, or `error`."},
                            {"content", std::move(content)}};
  for (const auto& [status, response] : error_responses().items()) op["responses"][status] = response;
  return op;
}

Json query_parameters(const google::protobuf::Descriptor* type) {
  Json parameters = Json::array();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    parameters.push_back({{"name", field->name()}, {"in", "query"}, {"schema", field_schema(field)}});
    if (field->options().GetExtension(pb::check).required()) parameters.back()["required"] = true;
  }
  return parameters;
}

Json plain(const char* id, const char* summary, const char* type) {
  return {{"get",
           {{"operationId", id},
            {"tags", Json::array({"server"})},
            {"summary", summary},
            {"responses", {{"200", {{"description", "ok"}, {"content", {{type, Json::object()}}}}}}}}}};
}

Json openai(const char* id, const char* verb, const char* summary) {
  Json op = {{"operationId", id}, {"tags", Json::array({"openai"})}, {"summary", summary}};
  if (std::string_view(verb) == "post") {
    op["requestBody"]["content"] = json_content({{"type", "object"}});
    for (const char* name : {"deadline", "player", "budget", "tier", "cache"})
      op["parameters"].push_back(ref("parameters", name));
  }
  op["responses"]["200"] = {{"description", "As OpenAI's API; errors in its shape too."},
                            {"content", json_content({{"type", "object"}})}};
  return {{verb, std::move(op)}};
}

Json header_parameter(const char* name, const char* description, Json schema) {
  return {{"name", name}, {"in", "header"}, {"description", description}, {"schema", std::move(schema)}};
}

Json parameters() {
  Json all;
  all["deadline"] = header_parameter(
      "X-Troupe-Deadline-Ms",
      "Answer within this time. Where left out: what the request's own deadline_ms says, or 30 s.",
      {{"type", "integer"}, {"minimum", 1}, {"maximum", 600'000}});
  all["budget"] = header_parameter("X-Troupe-Budget-Microusd",
                                   "The call may cost so many millionths of a dollar at most.",
                                   {{"type", "integer"}, {"minimum", 0}});
  all["tier"] = header_parameter("X-Troupe-Tier", "The tier of a model that is named; silver where left out.",
                                 {{"type", "string"}, {"enum", Json::array({"gold", "silver", "bronze"})}});
  all["cache"] = header_parameter("X-Troupe-Cache",
                                  "meaning: safe to share; who asks the same in other words gets the same "
                                  "answer. exact where left out.",
                                  {{"type", "string"}, {"enum", Json::array({"exact", "meaning"})}});
  all["player"] =
      header_parameter("X-Troupe-Player", "Act as this player, for callers who may.", {{"type", "string"}});
  all["world"] =
      header_parameter("X-Troupe-World", "Which world; not needed where there is one.", {{"type", "string"}});
  all["role"] = header_parameter("X-Troupe-Role", "Local mode: the caller's role.", {{"type", "string"}});
  all["traceparent"] = header_parameter("traceparent", "W3C trace context.", {{"type", "string"}});
  all["idempotency_key"] = header_parameter(
      "Idempotency-Key",
      "The same key, caller, method and body have one effect and get the same answer; the same "
      "key for another request is a conflict (idempotency.other_request).",
      {{"type", "string"}, {"maxLength", 128}});
  return all;
}

Json error_schema() {
  Json codes = Json::array();
  for (int code = 1; code <= 10; ++code) codes.push_back(code_name(static_cast<Code>(code)));
  const Json text = {{"type", "string"}};
  Json error = {{"type", "object"}, {"required", Json::array({"code", "reason", "message"})}};
  error["properties"] = {{"code", {{"type", "string"}, {"enum", codes}}},
                         {"reason", text},
                         {"message", text},
                         {"retry_after_ms", {{"type", "string"}, {"format", "int64"}}},
                         {"current_version", {{"type", "string"}, {"format", "uint64"}}}};
  return {{"type", "object"}, {"required", Json::array({"error"})}, {"properties", {{"error", error}}}};
}

}  // namespace

std::string openapi_json(const std::string& server_version) {
  Json doc;
  doc["openapi"] = "3.1.0";
  doc["info"] = {{"title", "Troupe"},
                 {"version", server_version},
                 {"description",
                  "Every RPC of this server. proto3 JSON: snake_case with default values written out; "
                  "both cases are taken, 64-bit numbers are written as strings and taken as both."}};
  doc["servers"] = Json::array({{{"url", "/"}}});
  doc["tags"] = Json::array();
  Json schemas;
  Json paths;
  for (const auto& service : all_services()) {
    doc["tags"].push_back({{"name", service.name}, {"description", service.summary}});
    for (const auto* method : service.methods) {
      add_schemas(method->request, schemas);
      add_schemas(method->reply, schemas);
      Json& path = paths["/api/" + method->service + "/" + method->method];
      path["post"] = operation(*method, "");
      path["post"]["requestBody"] = {{"content", json_content(schema_ref(method->request))}};
      if (method->access.read_only()) {
        path["get"] = operation(*method, ".get");
        for (auto& parameter : query_parameters(method->request))
          path["get"]["parameters"].push_back(parameter);
      }
    }
  }
  paths["/healthz"] = plain("healthz", "Alive.", "application/json");
  paths["/readyz"] = plain(
      "readyz",
      "Ready: each dependency by name, and each service with room, process and state; 503 where a required "
      "dependency fails.",
      "application/json");
  paths["/metrics"] = plain("metrics", "Prometheus' text format.", "text/plain");
  paths["/v1/models"] = openai("models", "get", "Tiers and models.");
  paths["/v1/models/{model}"] = openai("model", "get", "One tier or model.");
  paths["/v1/models/{model}"]["get"]["parameters"] = Json::array(
      {{{"name", "model"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}});
  paths["/v1/chat/completions"] = openai("chat", "post",
                                         "Text, JSON or calls of tools from messages, streamed or whole; "
                                         "model: gold, silver, bronze or a name.");
  paths["/v1/embeddings"] = openai("embeddings", "post", "Vectors of texts.");
  doc["paths"] = std::move(paths);

  schemas["Error"] = error_schema();
  doc["components"]["schemas"] = std::move(schemas);
  doc["components"]["parameters"] = parameters();
  doc["components"]["responses"]["error"] = {{"description", "An error; Retry-After where it is known."},
                                             {"content", json_content(ref("schemas", "Error"))}};
  doc["components"]["securitySchemes"]["token"] = {{"type", "http"}, {"scheme", "bearer"}};
  doc["security"] = Json::array({Json::object(), {{"token", Json::array()}}});
  return doc.dump();
}

}  // namespace troupe::edge
