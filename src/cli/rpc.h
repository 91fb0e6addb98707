#pragma once
// Calls of a running server's methods, in JSON, and what their errors say. Also how a reply is read: proto3
// JSON writes 64-bit numbers as strings.
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/http_client.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace troupe::cli {

using Json = nlohmann::ordered_json;

// Somebody else's headers for `--as` and the token.
HttpClient connect(const ServerOptions& server, const std::atomic<bool>* stop = nullptr);

// POST /api/npc/Talk for "npc.Talk". `deadline` 0 = the server's own.
HttpRequest rpc_request(std::string_view method, std::string body,
                        std::chrono::milliseconds deadline = std::chrono::milliseconds(0));
// The reply as JSON, or the error that the server named.
Result<Json> read_reply(const HttpClient& client, const HttpReply& reply);
Result<Json> call_rpc(HttpClient& client, std::string_view method, const Json& request = Json::object(),
                      std::chrono::milliseconds deadline = std::chrono::milliseconds(0));
Error error_from_json(const Json& json);  // of {"error": {...}}

// Members of an object; the default where they are absent or of another type.
std::int64_t number_in(const Json& object, const char* key, std::int64_t otherwise = 0);
double real_in(const Json& object, const char* key, double otherwise = 0);
std::string text_in(const Json& object, const char* key);
bool flag_in(const Json& object, const char* key);
const Json& list_in(const Json& object, const char* key);    // [] where absent
const Json& object_in(const Json& object, const char* key);  // {} where absent

std::string pretty(const Json& json);   // for people: two spaces; unprintable characters escaped
std::string compact(const Json& json);  // for machines: one line

// Game time as people say it: "day 3 07:05".
std::string game_time(std::int64_t ms);

// "-3 °C"; never "-0".
std::string degrees(double celsius);

// Says what went wrong; answers exit status 1.
int failed(const Terminal& terminal, const Error& error);

}  // namespace troupe::cli
