#include "cli/rpc.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace troupe::cli {

namespace {

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// C1 controls and DEL survive JSON's own escaping, and some terminals obey them.
std::string escape_controls(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte == 0x7F) {
      out += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      out += fmt::format("\\u00{:02x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string dump(const Json& json, int indent) {
  return escape_controls(json.dump(indent, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

HttpClient connect(const ServerOptions& server, const std::atomic<bool>* stop) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!server.player.empty()) headers.emplace_back("X-Troupe-Player", server.player);
  if (!server.world.empty()) headers.emplace_back("X-Troupe-World", server.world);
  if (!server.token.empty()) headers.emplace_back("Authorization", "Bearer " + server.token);
  return HttpClient(server.url, std::move(headers), stop);
}

HttpRequest rpc_request(std::string_view method, std::string body, std::chrono::milliseconds deadline) {
  std::string path = "/api/" + std::string(method);
  std::ranges::replace(path, '.', '/');
  HttpRequest request{.method = "POST", .path = std::move(path), .body = std::move(body)};
  if (deadline.count() > 0) {
    request.headers.emplace_back("X-Troupe-Deadline-Ms", std::to_string(deadline.count()));
    // The server answers at the deadline; that answer says more than our own clock could.
    request.timeout = deadline + std::chrono::seconds(5);
  }
  return request;
}

Error error_from_json(const Json& json) {
  const Json& error = object_in(json, "error");
  Error out{Code::internal, text_in(error, "reason"), text_in(error, "message"),
            number_in(error, "retry_after_ms")};
  const std::string code = text_in(error, "code");
  for (int i = 1; i <= static_cast<int>(Code::deadline_exceeded); ++i) {
    if (code_name(static_cast<Code>(i)) == code) out.code = static_cast<Code>(i);
  }
  if (out.message.empty()) out.message = "the server gave no reason";
  return out;
}

Result<Json> read_reply(const HttpClient& client, const HttpReply& reply) {
  Json json = Json::parse(reply.body, nullptr, false);
  if (json.is_object() && json.contains("error")) return std::unexpected(error_from_json(json));
  if (reply.status == 200 && !json.is_discarded()) return json;
  return fail(Code::internal, "cli.not_troupe",
              fmt::format("{} answered with status {} and no JSON; is it a Troupe server?", client.url(),
                          reply.status));
}

Result<Json> call_rpc(HttpClient& client, std::string_view method, const Json& request,
                      std::chrono::milliseconds deadline) {
  TRY(const HttpReply reply, client.send(rpc_request(method, compact(request), deadline)));
  return read_reply(client, reply);
}

std::int64_t number_in(const Json& object, const char* key, std::int64_t otherwise) {
  const Json* value = member(object, key);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  if (value->is_number_float()) {
    const double real = value->get<double>();
    return real > -9e18 && real < 9e18 ? static_cast<std::int64_t>(real) : otherwise;
  }
  if (!value->is_string()) return otherwise;
  const auto& text = value->get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

double real_in(const Json& object, const char* key, double otherwise) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : otherwise;
}

std::string text_in(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

bool flag_in(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const Json& list_in(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const Json* value = member(object, key);
  return value != nullptr && value->is_array() ? *value : kNone;
}

const Json& object_in(const Json& object, const char* key) {
  static const Json kNone = Json::object();
  const Json* value = member(object, key);
  return value != nullptr && value->is_object() ? *value : kNone;
}

std::string pretty(const Json& json) { return dump(json, 2); }

std::string compact(const Json& json) { return dump(json, -1); }

std::string game_time(std::int64_t ms) {
  const std::int64_t minute = ms / 60'000;
  return fmt::format("day {} {:02}:{:02}", minute / 1440 + 1, minute / 60 % 24, minute % 60);
}

std::string degrees(double celsius) { return fmt::format("{:.0f} °C", std::round(celsius) + 0.0); }

int failed(const Terminal& terminal, const Error& error) {
  complain(terminal, error.message);
  return 1;
}

}  // namespace troupe::cli
