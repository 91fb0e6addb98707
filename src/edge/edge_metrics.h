#pragma once
// What an operator sees of the edge, under /metrics. Labels: route classes, statuses and reasons, all
// bounded.
#include <map>
#include <string>
#include <utility>

#include "edge/http_stream.h"
#include "host/metrics.h"

namespace troupe::edge {

class EdgeMetrics {
 public:
  explicit EdgeMetrics(Metrics& metrics);

  void connections(std::size_t open) { connections_.set(static_cast<double>(open)); }
  void connection_refused() { refused_.add(); }
  void wrong_token() { wrong_tokens_.add(); }
  void request(const std::string& route, int status, double seconds);
  void sockets(std::size_t open) { sockets_.set(static_cast<double>(open)); }
  void frame_in() { frames_in_.add(); }
  void frame_out() { frames_out_.add(); }
  void coalesced(std::uint32_t events) { coalesced_.add(events); }
  void dropped(const std::string& why);  // sockets sent away, live events lost
  StreamCounters bytes() { return {bytes_in_, bytes_out_}; }

 private:
  Metrics& metrics_;
  Gauge& connections_;
  Counter& refused_;
  Counter& wrong_tokens_;
  Gauge& sockets_;
  Counter& frames_in_;
  Counter& frames_out_;
  Counter& coalesced_;
  Counter& bytes_in_;
  Counter& bytes_out_;
  std::map<std::pair<std::string, int>, std::pair<Counter*, Histogram*>> requests_;
};

}  // namespace troupe::edge
