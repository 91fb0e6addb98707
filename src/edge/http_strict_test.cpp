#include "edge/http_strict.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "edge/edge_rig.h"

namespace troupe::edge {
namespace {

struct Bad {
  const char* name;
  std::string bytes;  // "HOST" stands for the right Host header's value
};

std::string with_nul(std::string text) {
  for (char& c : text) {
    if (c == '@') c = '\0';
  }
  return text;
}

const std::vector<Bad>& bad_requests() {
  static const std::vector<Bad> kBad = {
      {"length and chunks",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nTransfer-Encoding: "
       "chunked\r\n\r\n{}"},
      {"chunks and length",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: "
       "2\r\n\r\n{}"},
      {"two lengths",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"},
      {"two equal lengths",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}"},
      {"list of lengths", "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2, 2\r\n\r\n{}"},
      {"signed length", "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: +2\r\n\r\n{}"},
      {"negative length", "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: -2\r\n\r\n{}"},
      {"hex length", "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x2\r\n\r\n{}"},
      {"length that overflows",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: 18446744073709551618\r\n\r\n{}"},
      {"empty length", "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nContent-Length: \r\n\r\n{}"},
      {"other encoding",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked twice",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n"},
      {"chunked, identity",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
      {"encoding with a tab",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\t;x\r\n\r\n0\r\n\r\n"},
      {"chunks in 1.0",
       "POST /api/time/Get HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"bare LF at a header's end", "GET /healthz HTTP/1.1\nHost: HOST\r\n\r\n"},
      {"bare LF everywhere", "GET /healthz HTTP/1.1\nHost: HOST\n\n"},
      {"bare CR in a value", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\rb\r\n\r\n"},
      {"folded header", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\r\n b\r\n\r\n"},
      {"folded first header", "GET /healthz HTTP/1.1\r\n Host: HOST\r\n\r\n"},
      {"NUL in a header", with_nul("GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a@b\r\n\r\n")},
      {"NUL in the target", with_nul("GET /heal@thz HTTP/1.1\r\nHost: HOST\r\n\r\n")},
      {"encoded NUL", "GET /api/time/Get?x=%00 HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"control character", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-A: a\x01\r\n\r\n"},
      {"space before the colon", "GET /healthz HTTP/1.1\r\nHost : HOST\r\n\r\n"},
      {"space in a name", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nContent Length: 2\r\n\r\n"},
      {"no colon", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nnonsense\r\n\r\n"},
      {"empty name", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n: x\r\n\r\n"},
      {"no host", "GET /healthz HTTP/1.1\r\n\r\n"},
      {"two hosts", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n"},
      {"host with user", "GET /healthz HTTP/1.1\r\nHost: a@HOST\r\n\r\n"},
      {"host with path", "GET /healthz HTTP/1.1\r\nHost: HOST/x\r\n\r\n"},
      {"absolute target", "GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"authority target", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"asterisk target", "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"dot segments", "GET /assets/../secret HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"encoded dot segments", "GET /assets/%2e%2e/secret HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"encoded slash", "GET /api%2ftime/Get HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"broken encoding", "GET /%zz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"fragment", "GET /healthz#x HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"two spaces", "GET  /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"space at the end", "GET /healthz HTTP/1.1 \r\nHost: HOST\r\n\r\n"},
      {"tab between", "GET\t/healthz\tHTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"no version", "GET /healthz\r\nHost: HOST\r\n\r\n"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: HOST\r\n\r\n"},
      {"small letters", "get /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"leading line", "\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
      {"TLS", "\x16\x03\x01\x02"},
      {"GET with a body", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\n{}"},
      {"GET with chunks",
       "GET /healthz HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunk size is no number",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: "
       "chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"},
      {"chunk size with a sign",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: "
       "chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"},
      {"chunk size overflows",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: "
       "chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n"},
      {"chunk longer than it says",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n"},
      {"chunk size ends in LF",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"},
      {"two deadlines",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nX-Troupe-Deadline-Ms: 5\r\nX-Troupe-Deadline-Ms: "
       "6\r\n\r\n"},
      {"two origins", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nOrigin: a\r\nOrigin: b\r\n\r\n"},
      {"other expectation",
       "POST /api/time/Get HTTP/1.1\r\nHost: HOST\r\nExpect: more\r\nContent-Length: 2\r\n\r\n{}"},
  };
  return kBad;
}

TEST(HttpStrict, EachIsAnsweredWith400AndTheConnectionCloses) {
  Rig rig;
  for (const auto& bad : bad_requests()) {
    std::string bytes = bad.bytes;
    for (auto at = bytes.find("HOST"); at != std::string::npos; at = bytes.find("HOST")) {
      bytes.replace(at, 4, fmt::format("127.0.0.1:{}", rig.port()));
    }
    Client client(rig.port());
    client.send(bytes);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 400) << bad.name << ": " << answer.body;
    EXPECT_EQ(answer.json()["error"]["code"], "invalid_argument") << bad.name;
    EXPECT_TRUE(answer.closed) << bad.name;
    EXPECT_TRUE(client.rest().empty()) << bad.name << ": a second answer";
  }
  EXPECT_EQ(get(rig.port(), "/healthz").status, 200);
}

TEST(HttpStrict, GoodHeadsPass) {
  for (const char* head :
       {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /a?b=c%20d HTTP/1.1\r\nhost:[::1]:80\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX-Empty:\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-A: 2\tx\xc3\xa9\r\n\r\n"}) {
    const auto checked = check_head(head);
    EXPECT_TRUE(checked.has_value()) << head << (checked ? "" : checked.error().message);
  }
}

TEST(HttpStrict, FirstBadByteIsFound) {
  EXPECT_EQ(find_bad_byte("GET /\r\nA: b\tc\r\n", 0), std::string_view::npos);
  EXPECT_EQ(find_bad_byte("ab\n", 0), 2U);
  EXPECT_EQ(find_bad_byte("ab\rc", 0), 3U);
  EXPECT_EQ(find_bad_byte("ab\r", 0), std::string_view::npos);  // more may come
  EXPECT_EQ(find_bad_byte("ab\r\n", 3), std::string_view::npos);
  EXPECT_EQ(find_bad_byte(std::string_view("a\0b", 3), 0), 1U);
  EXPECT_EQ(find_bad_byte("a\x7f", 0), 1U);
}

TEST(HttpStrict, TooManyHeaders) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < kHeadersMax; ++i) head += "X-A: 1\r\n";
  const auto checked = check_head(head + "\r\n");
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().reason, "http.header_too_large");
}

}  // namespace
}  // namespace troupe::edge
