#include "edge/http_strict.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"

namespace troupe::edge {

namespace {

std::unexpected<Error> bad(std::string why) {
  return fail(Code::invalid_argument, "http.malformed",
              "not one unambiguous HTTP request: " + std::move(why));
}

bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Headers that we or anybody before us decides by: twice is ambiguous.
bool is_single(std::string_view name) {
  static constexpr std::string_view kNames[] = {"authorization",
                                                "connection",
                                                "content-length",
                                                "content-type",
                                                "expect",
                                                "host",
                                                "idempotency-key",
                                                "if-none-match",
                                                "origin",
                                                "sec-websocket-key",
                                                "sec-websocket-version",
                                                "traceparent",
                                                "transfer-encoding",
                                                "upgrade"};
  return std::ranges::find(kNames, name) != std::end(kNames) || name.starts_with("x-troupe-");
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

Result<RequestLine> check_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("the request line has three parts");
  const RequestLine parts{line.substr(0, first), line.substr(first + 1, last - first - 1),
                          line.substr(last + 1)};
  if (parts.method.size() > 16 ||
      !std::ranges::all_of(parts.method, [](char c) { return c >= 'A' && c <= 'Z'; }) ||
      parts.method.empty()) {
    return bad("the method is up to 16 capital letters");
  }
  if (!parts.target.starts_with('/')) return bad("the target begins with '/'");
  if (!std::ranges::all_of(parts.target, [](char c) { return c > ' ' && c < 0x7f && c != '#'; })) {
    return bad("the target is visible ASCII without a fragment");
  }
  if (parts.version != "HTTP/1.1" && parts.version != "HTTP/1.0") return bad("the version is HTTP/1.1");
  return parts;
}

bool is_authority(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

}  // namespace

std::size_t find_bad_byte(std::string_view bytes, std::size_t from) {
  for (std::size_t i = from; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c == '\n' && (i == 0 || bytes[i - 1] != '\r')) return i;
    if (c != '\n' && i > 0 && bytes[i - 1] == '\r') return i;
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) return i;
  }
  return std::string_view::npos;
}

Result<void> check_head(std::string_view head) {
  if (!head.ends_with("\r\n\r\n")) return bad("the head ends with an empty line");
  if (find_bad_byte(head, 0) != std::string_view::npos) return bad("control characters or a bare CR or LF");
  head.remove_suffix(2);

  auto end = head.find("\r\n");
  TRY(const RequestLine line, check_request_line(head.substr(0, end)));
  head.remove_prefix(end + 2);

  std::set<std::string, std::less<>> seen;
  std::size_t count = 0;
  bool chunked = false;
  std::string_view length;
  while (!head.empty()) {
    end = head.find("\r\n");
    const std::string_view field = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (++count > kHeadersMax) {
      return fail(Code::invalid_argument, "http.header_too_large",
                  "at most " + std::to_string(kHeadersMax) + " headers");
    }
    if (field.starts_with(' ') || field.starts_with('\t')) return bad("a folded header line");
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return bad("a header line without a colon");
    if (!is_token(field.substr(0, colon))) return bad("a header name with characters that it cannot have");
    const std::string name = lower_ascii(field.substr(0, colon));
    const std::string value = trim(field.substr(colon + 1));
    if (!seen.insert(name).second && is_single(name)) return bad("the header " + name + " comes twice");

    if (name == "host" && !is_authority(value)) return bad("the host header names no host");
    if (name == "content-length") {
      if (!is_digits(value) || value.size() > 15) return bad("the content length is not a number");
      length = field;
      const bool zero = value.find_first_not_of('0') == std::string::npos;
      if (!zero && (line.method == "GET" || line.method == "HEAD"))
        return bad(std::string(line.method) + " with a body");
    }
    if (name == "transfer-encoding") {
      if (lower_ascii(value) != "chunked") return bad("the only transfer encoding is chunked");
      if (line.method == "GET" || line.method == "HEAD")
        return bad(std::string(line.method) + " with a body");
      chunked = true;
    }
  }
  if (chunked && !length.empty()) return bad("both a content length and chunks");
  if (chunked && line.version == "HTTP/1.0") return bad("HTTP/1.0 has no chunks");
  if (line.version == "HTTP/1.1" && !seen.contains("host")) return bad("the host header is missing");
  return {};
}

}  // namespace troupe::edge
