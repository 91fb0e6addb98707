#include "edge/http_types.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <functional>

#include "base/text.h"

namespace troupe::edge {

const std::string* HttpRequest::header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, name, [](const auto& h) -> std::string_view { return h.first; });
  return found == headers.end() ? nullptr : &found->second;
}

bool HttpRequest::accepts_event_stream() const {
  const std::string* accept = header("accept");
  return accept != nullptr && lower_ascii(*accept).find("text/event-stream") != std::string::npos;
}

int status_of(const Error& error) {
  if (error.reason == "http.header_too_large") return 431;
  if (error.reason == "http.body_too_large") return 413;
  if (error.reason == "http.timeout") return 408;
  if (error.reason == "http.method_not_allowed") return 405;
  if (error.reason == "http.upgrade_required") return 426;
  return http_status(error.code);
}

void add_retry_after(const Error& error, HttpReply& reply) {
  if (error.retry_after_ms <= 0 && error.code != Code::exhausted) return;
  const std::int64_t seconds = std::max<std::int64_t>(1, (error.retry_after_ms + 999) / 1000);
  reply.headers.emplace_back("retry-after", std::to_string(seconds));
}

std::string without_paths(std::string message, const std::vector<std::string>& folders) {
  std::vector<std::string> longest_first = folders;
  std::ranges::sort(longest_first, std::greater(), &std::string::size);
  for (const auto& folder : longest_first) {
    for (std::size_t at = 0; (at = message.find(folder, at)) != std::string::npos;) {
      const std::size_t end = at + folder.size();
      const bool whole = end == message.size() || message[end] == '/' ||
                         std::ispunct(static_cast<unsigned char>(message[end])) != 0 || message[end] == ' ';
      if (!whole) {
        at = end;
        continue;
      }
      message.erase(at, folder.size() + (end < message.size() && message[end] == '/' ? 1 : 0));
    }
  }
  return message;
}

HttpReply error_reply(const Error& error) {
  std::string more;
  if (error.retry_after_ms > 0) more += fmt::format(R"(,"retry_after_ms":{})", error.retry_after_ms);
  if (error.current_version) more += fmt::format(R"(,"current_version":"{}")", *error.current_version);
  HttpReply reply = json_reply(fmt::format(R"({{"error":{{"code":"{}","reason":{},"message":{}{}}}}})",
                                           code_name(error.code), json_string(error.reason),
                                           json_string(error.message), more));
  reply.status = status_of(error);
  add_retry_after(error, reply);
  return reply;
}

HttpReply json_reply(std::string json) {
  HttpReply reply;
  reply.content_type = "application/json";
  reply.body = std::move(json);
  return reply;
}

std::string_view status_text(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

std::string reply_head(const HttpReply& reply, std::int64_t length, bool keep_alive, bool http_1_0,
                       std::int64_t date_ms) {
  const std::time_t seconds = date_ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char date[40];
  const std::size_t date_size = std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);

  std::string head = fmt::format("HTTP/1.1 {} {}\r\ndate: {}\r\n", reply.status, status_text(reply.status),
                                 std::string_view(date, date_size));
  if (!reply.content_type.empty()) head += fmt::format("content-type: {}\r\n", reply.content_type);
  head += "x-content-type-options: nosniff\r\n";
  for (const auto& [name, value] : reply.headers) {
    // Values may hold text from elsewhere (ids, models' names): never let it end the line.
    std::string safe = value;
    std::ranges::replace_if(
        safe, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    head += fmt::format("{}: {}\r\n", name, safe);
  }
  if (length >= 0) {
    if (reply.status != 304 && reply.status != 204) head += fmt::format("content-length: {}\r\n", length);
  } else if (!http_1_0) {
    head += "transfer-encoding: chunked\r\n";
  }
  if (!keep_alive) head += "connection: close\r\n";
  head += "\r\n";
  return head;
}

bool url_decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const std::string byte = from_hex(text.substr(i + 1, 2));
      if (byte.size() != 1) return false;
      c = byte[0];
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out += c;
  }
  return true;
}

namespace {

std::unexpected<Error> bad_target(std::string why) {
  return fail(Code::invalid_argument, "http.bad_target", "the request target " + std::move(why));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Result<void> check_path(const std::string& path) {
  if (std::ranges::any_of(path, is_control)) return bad_target("holds control characters");
  if (!is_utf8(path)) return bad_target("is not UTF-8");
  if (path.find('\\') != std::string::npos) return bad_target("holds a backslash");
  for (const auto& segment : split(path, '/')) {
    if (segment == "." || segment == "..") return bad_target("holds dot segments");
  }
  return {};
}

}  // namespace

Result<void> parse_target(std::string_view target, HttpRequest& request) {
  if (!target.starts_with('/')) return bad_target("must begin with '/'");
  const auto question = target.find('?');
  const std::string_view path = target.substr(0, question);
  // A decoded slash would make two paths of one: refused rather than guessed.
  const std::string lower = lower_ascii(path);
  if (lower.find("%2f") != std::string::npos || lower.find("%5c") != std::string::npos) {
    return bad_target("holds an encoded slash");
  }
  if (!url_decode(path, false, request.path)) return bad_target("is not well encoded");
  TRY_VOID(check_path(request.path));
  request.target = target;
  if (question == std::string_view::npos) return {};
  const std::string_view query = target.substr(question + 1);
  if (query.empty()) return {};
  for (const auto& pair : split(query, '&')) {
    const auto equals = pair.find('=');
    std::string name;
    std::string value;
    if (!url_decode(std::string_view(pair).substr(0, equals), true, name) ||
        (equals != std::string::npos &&
         !url_decode(std::string_view(pair).substr(equals + 1), true, value))) {
      return bad_target("has a query that is not well encoded");
    }
    if (!is_utf8(name) || !is_utf8(value) || name.find('\0') != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return bad_target("has a query that is not UTF-8");
    }
    if (!name.empty()) request.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace troupe::edge
