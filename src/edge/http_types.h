#pragma once
// One HTTP request and one reply as plain values: no Beast, no sockets. Handlers see nothing else.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "host/caller.h"
#include "rt/task.h"

namespace troupe::edge {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // "GET"
  std::string target;   // as sent
  std::string path;     // decoded; begins with '/', no dot segments
  NamedValues query;    // decoded, in order
  NamedValues headers;  // names in lower case, in order
  std::string body;
  std::string address;  // of who asks: "192.0.2.7"
  bool http_1_0 = false;
  bool keep_alive = true;
  std::string connection;  // the same for all that comes over one

  // Null when there is none. `name` in lower case. (The edge refuses repeated headers of the kinds that it
  // reads.)
  const std::string* header(std::string_view name) const;
  bool accepts_event_stream() const;
};

// Where a streamed reply goes. Answers an error once the client is gone or too slow.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual Task<void> write(std::string bytes) = 0;
};

struct HttpReply {
  int status = 200;
  std::string content_type;
  std::string body;
  NamedValues headers;
  // When set, the body is what this writes, chunked; `body` is not used. It is cancelled when the client
  // leaves.
  std::function<boost::asio::awaitable<void>(std::shared_ptr<BodyWriter>)> stream;
};

// Who asks, and how to answer.
struct HttpCall {
  HttpRequest request;
  Caller caller;
};
using HttpHandler = std::function<Task<HttpReply>(HttpCall)>;

// The contract's error shape: {"error":{"code","reason","message"}}, with Retry-After where it is known.
HttpReply error_reply(const Error& error);
// Of the code, or for refusals of HTTP itself (reason "http....") the one that HTTP has: 405, 408, 413, 431.
int status_of(const Error& error);
void add_retry_after(const Error& error, HttpReply& reply);
// `message` with paths below `folders` cut to what is below: where things lie on the server is nobody's
// business.
std::string without_paths(std::string message, const std::vector<std::string>& folders);

HttpReply json_reply(std::string json);

std::string_view status_text(int status);
// Status line and headers, ready to send. `length` < 0: chunked. `date_ms`: Unix time.
std::string reply_head(const HttpReply& reply, std::int64_t length, bool keep_alive, bool http_1_0,
                       std::int64_t date_ms);

// %XX and, in queries, '+'. Answers false for what is malformed, NUL and control characters.
bool url_decode(std::string_view text, bool plus_is_space, std::string& out);
// Splits and decodes `target` into path and query. `invalid_argument` http.bad_target.
Result<void> parse_target(std::string_view target, HttpRequest& request);

}  // namespace troupe::edge
