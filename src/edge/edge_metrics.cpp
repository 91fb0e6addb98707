#include "edge/edge_metrics.h"

namespace troupe::edge {

EdgeMetrics::EdgeMetrics(Metrics& metrics)
    : metrics_(metrics),
      connections_(metrics.gauge("troupe_edge_connections", "Open connections")),
      refused_(metrics.counter("troupe_edge_connections_refused_total", "Connections beyond the limit")),
      wrong_tokens_(
          metrics.counter("troupe_edge_wrong_tokens_total", "Requests and hellos with an unknown token")),
      sockets_(metrics.gauge("troupe_edge_sockets", "Open game sockets")),
      frames_in_(
          metrics.counter("troupe_edge_frames_total", "Frames of game sockets", {{"direction", "in"}})),
      frames_out_(
          metrics.counter("troupe_edge_frames_total", "Frames of game sockets", {{"direction", "out"}})),
      coalesced_(
          metrics.counter("troupe_edge_events_coalesced_total", "Events that a newer one stood in for")),
      bytes_in_(
          metrics.counter("troupe_edge_bytes_total", "Bytes to and from clients", {{"direction", "in"}})),
      bytes_out_(
          metrics.counter("troupe_edge_bytes_total", "Bytes to and from clients", {{"direction", "out"}})) {}

void EdgeMetrics::request(const std::string& route, int status, double seconds) {
  auto& slot = requests_[{route, status}];
  if (slot.first == nullptr) {
    slot.first = &metrics_.counter("troupe_edge_requests_total", "HTTP requests answered",
                                   {{"route", route}, {"status", std::to_string(status)}});
    slot.second = &metrics_.histogram("troupe_edge_request_seconds", "Time to answer an HTTP request",
                                      latency_bounds_seconds(), {{"route", route}});
  }
  slot.first->add();
  slot.second->observe(seconds);
}

void EdgeMetrics::dropped(const std::string& why) {
  metrics_.counter("troupe_edge_dropped_total", "Game sockets sent away and live events lost", {{"why", why}})
      .add();
}

}  // namespace troupe::edge
