#include "adapters/engine_openai/transport.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "rt/pool.h"

namespace troupe::engine {

namespace {

// An upstream that asks for a day is asked again after a minute all the same.
constexpr curl_off_t kRestSecondsMax = 60;

constexpr long kIdleConnectionsMax = 64;  // kept open for the next request
constexpr long kIdleSecondsMax = 60;
constexpr int kSleepMsMax = 60'000;

// Of every connection. Only `made` is read elsewhere than on the curl thread.
struct Sockets {
  std::set<int> open;
  std::atomic<std::uint64_t> made = 0;
};

// One request and its handle. Lives on the curl thread once started.
struct Exchange {
  HttpRequest request;
  Sockets* sockets = nullptr;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::size_t head_bytes = 0;
  bool head_told = false;
  // Why we ended it ourselves, if we did.
  bool ended_by_us = false;
  HttpEnd why = HttpEnd::stopped;
  std::string detail;
  char error[CURL_ERROR_SIZE] = "";

  Exchange() = default;
  Exchange(const Exchange&) = delete;
  ~Exchange() {
    curl_easy_cleanup(handle);
    curl_slist_free_all(headers);
  }

  bool give_up(HttpEnd end, std::string what) {
    ended_by_us = true;
    why = end;
    detail = std::move(what);
    return false;
  }
  bool judge(const Address& address) {
    if (request.rules->allows(address)) return true;
    return give_up(HttpEnd::address_refused,
                   text_of(address) + " is not an address that is allowed for this engine");
  }
  rt::Instant ends() const { return std::min(request.ends, request.receiver->ends_by()); }

  bool tell_head() {
    if (head_told) return true;
    head_told = true;
    HttpHead head;
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    head.status = static_cast<int>(status);
    const char* type = nullptr;
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    head.is_event_stream = type != nullptr && lower_ascii(type).starts_with("text/event-stream");
    curl_off_t seconds = 0;
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    head.retry_after_ms = std::clamp<curl_off_t>(seconds, 0, kRestSecondsMax) * 1000;
    if (request.receiver->on_head(head) == HttpReceiver::Then::more) return true;
    return give_up(HttpEnd::stopped, {});
  }
};

// ---- libcurl's callbacks; `user` is the Exchange.

curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* to) {
  auto& exchange = *static_cast<Exchange*>(user);
  const auto address = address_of(to->addr);
  if (!address || !exchange.judge(*address)) return CURL_SOCKET_BAD;
  const int made = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
  if (made < 0) return CURL_SOCKET_BAD;
  exchange.sockets->made.fetch_add(1);
  exchange.sockets->open.insert(made);
  return made;
}

int close_socket(void* user, curl_socket_t closing) {
  static_cast<Sockets*>(user)->open.erase(closing);
  return close(closing);
}

int port_of(int socket, decltype(&getsockname) side) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (side(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return -1;
  // The port stands at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// Bytes that nobody asked for: a reply was longer than it said. The next request would take them for its own
// reply.
bool has_leftovers(const Sockets& sockets, int local_port, int remote_port) {
  return std::ranges::any_of(sockets.open, [&](int socket) {
    if (port_of(socket, getsockname) != local_port || port_of(socket, getpeername) != remote_port)
      return false;
    pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, 0) > 0;
  });
}

// A connection that was kept open may have been made for somebody with other rules, and may hold what is not
// ours.
int before_request(void* user, char* ip, char*, int remote_port, int local_port) {
  auto& exchange = *static_cast<Exchange*>(user);
  const auto address = parse_address(ip);
  if (!address || !exchange.judge(*address)) return CURL_PREREQFUNC_ABORT;
  long made = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_NUM_CONNECTS, &made);
  if (made > 0 || !has_leftovers(*exchange.sockets, local_port, remote_port)) return CURL_PREREQFUNC_OK;
  exchange.give_up(HttpEnd::cut_off, "the reply before this one was longer than it said");
  return CURL_PREREQFUNC_ABORT;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.head_bytes += size;
  if (exchange.head_bytes > kHeadBytesMax) {
    exchange.give_up(HttpEnd::too_long, "its headers are longer than 64 KiB");
    return 0;
  }
  const std::string_view line(data, size);
  const bool ends_head = line == "\r\n" || line == "\n";
  if (!ends_head) return size;
  long status = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return size;  // informational: the real one follows
  if (status >= 300 && status < 400) {
    const bool keeps_the_request = status == 307 || status == 308;
    if (keeps_the_request && exchange.request.redirects_max > 0) return size;  // libcurl counts them
    exchange.give_up(HttpEnd::redirected, "it answers with a redirect (" + std::to_string(status) +
                                              "), which is not followed; give the address it leads to");
    return 0;
  }
  return exchange.tell_head() ? size : 0;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.head_told) return size;  // of a redirect
  if (exchange.request.receiver->on_body({data, size}) == HttpReceiver::Then::more) return size;
  exchange.give_up(HttpEnd::stopped, {});
  return 0;
}

HttpEnd end_of(CURLcode code, CURL* handle) {
  long redirects = 0;
  curl_easy_getinfo(handle, CURLINFO_REDIRECT_COUNT, &redirects);
  switch (code) {
    case CURLE_OK:
      return HttpEnd::complete;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // only connecting has a limit of libcurl's
      return HttpEnd::unreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpEnd::not_trusted;
    case CURLE_TOO_MANY_REDIRECTS:
      return HttpEnd::redirected;
    case CURLE_UNSUPPORTED_PROTOCOL:
      return redirects > 0 ? HttpEnd::redirected : HttpEnd::cut_off;  // or no HTTP/1
    default:
      return HttpEnd::cut_off;
  }
}

void set_up(Exchange& exchange) {
  const auto& request = exchange.request;
  CURL* handle = exchange.handle;
  const bool tls = request.url.starts_with("https://");
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
  // A connection carries one request at a time, so that closing it stops that request and no other.
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // a proxy would hide the address that is connected to
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // never wait for a resolver that hangs
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "troupe");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_ms));
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, kIdleSecondsMax);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  if (!request.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, request.redirects_max > 0 ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, static_cast<long>(request.redirects_max));
  const auto add = [&](const std::string& line) {
    exchange.headers = curl_slist_append(exchange.headers, line.c_str());
  };
  if (!request.key.empty()) add("Authorization: Bearer " + request.key);
  if (!request.body.empty()) {
    add("Content-Type: application/json");
    add("Expect:");  // none: no extra round trip before the body
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange.headers);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange.error);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, &exchange);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, exchange.sockets);  // may outlive the exchange
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
}

}  // namespace

struct Transport::Impl {
  explicit Impl(const rt::Env& e) : env(e) {
    [[maybe_unused]] static const bool once = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    multi = curl_multi_init();
    TROUPE_CHECK(multi != nullptr, "libcurl starts");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    thread = std::thread([this] { run(); });
  }

  void run() {
    rt::name_this_thread("curl");
    sigset_t all;
    sigfillset(&all);  // signals are the io thread's; a broken pipe is an error, not a signal
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (!stopping.load()) {
      take_orders();
      int running = 0;
      curl_multi_perform(multi, &running);
      collect();
      curl_multi_poll(multi, nullptr, 0, expire(), nullptr);
    }
    while (!exchanges.empty()) end(exchanges.begin()->first, HttpEnd::stopped, "the engine stops");
    take_orders();  // what was started in the last moment hears it too
    while (!exchanges.empty()) end(exchanges.begin()->first, HttpEnd::stopped, "the engine stops");
  }

  void take_orders() {
    std::map<std::uint64_t, HttpRequest> starts;
    std::vector<std::uint64_t> stops;
    {
      const std::lock_guard lock(mutex);
      starts.swap(to_start);
      stops.swap(to_stop);
    }
    for (auto& [number, request] : starts) {
      auto exchange = std::make_unique<Exchange>();
      exchange->request = std::move(request);
      exchange->sockets = &sockets;
      exchange->handle = curl_easy_init();
      TROUPE_CHECK(exchange->handle != nullptr, "libcurl has a handle");
      set_up(*exchange);
      curl_multi_add_handle(multi, exchange->handle);
      exchanges.emplace(number, std::move(exchange));
    }
    for (const auto number : stops) end(number, HttpEnd::stopped, {});
  }

  // What libcurl is done with.
  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      Exchange* exchange = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      const auto found =
          std::ranges::find_if(exchanges, [&](const auto& e) { return e.second.get() == exchange; });
      TROUPE_CHECK(found != exchanges.end(), "libcurl ends what was started");
      if (exchange->ended_by_us && code != CURLE_OK) {
        end(found->first, exchange->why, exchange->detail);
      } else if (code == CURLE_OK && !exchange->head_told) {
        end(found->first, HttpEnd::cut_off, "in the middle of its headers");
      } else {
        end(found->first, end_of(code, exchange->handle),
            exchange->error[0] != '\0' ? exchange->error : curl_easy_strerror(code));
      }
    }
  }

  // Ends what is late; answers how many milliseconds nothing else is due.
  int expire() {
    const auto now = env.now();
    rt::Instant soonest = now + rt::milliseconds(kSleepMsMax);
    std::vector<std::uint64_t> late;
    for (const auto& [number, exchange] : exchanges) {
      const auto ends = exchange->ends();
      if (ends <= now) {
        late.push_back(number);
      } else {
        soonest = std::min(soonest, ends);
      }
    }
    for (const auto number : late) end(number, HttpEnd::late, "no answer in time");
    return static_cast<int>(
        std::clamp<std::int64_t>((soonest - now).count() / 1'000'000 + 1, 1, kSleepMsMax));
  }

  // Removing a handle in the middle of its request closes the connection.
  void end(std::uint64_t number, HttpEnd how, const std::string& detail) {
    const auto found = exchanges.find(number);
    if (found == exchanges.end()) return;
    const auto exchange = std::move(found->second);
    exchanges.erase(found);
    curl_multi_remove_handle(multi, exchange->handle);
    in_flight.fetch_sub(1);
    exchange->request.receiver->on_end(how, detail);
  }

  rt::Env env;
  CURLM* multi = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Exchange>> exchanges;  // curl thread
  std::mutex mutex;
  std::map<std::uint64_t, HttpRequest> to_start;  // by `mutex`, as is to_stop
  std::vector<std::uint64_t> to_stop;
  std::uint64_t next = 1;  // io thread
  std::atomic<bool> stopping = false;
  Sockets sockets;
  std::atomic<std::uint64_t> requests = 0, in_flight = 0;
  std::thread thread;
};

Transport::Transport(const rt::Env& env) : impl_(std::make_unique<Impl>(env)) {}

Transport::~Transport() {
  shut_down();
  curl_multi_cleanup(impl_->multi);
}

std::uint64_t Transport::start(HttpRequest request) {
  const auto number = impl_->next++;
  impl_->requests.fetch_add(1);
  if (impl_->stopping.load()) {
    request.receiver->on_end(HttpEnd::stopped, "the engine stops");
    return number;
  }
  impl_->in_flight.fetch_add(1);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->to_start.emplace(number, std::move(request));
  }
  curl_multi_wakeup(impl_->multi);
  return number;
}

void Transport::stop(std::uint64_t number) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->to_stop.push_back(number);
  }
  curl_multi_wakeup(impl_->multi);
}

void Transport::shut_down() {
  impl_->stopping.store(true);
  curl_multi_wakeup(impl_->multi);
  if (impl_->thread.joinable()) impl_->thread.join();
}

TransportStats Transport::stats() const {
  return {.requests = impl_->requests.load(),
          .connections = impl_->sockets.made.load(),
          .in_flight = impl_->in_flight.load()};
}

}  // namespace troupe::engine
