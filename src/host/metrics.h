#pragma once
// Counters, gauges and histograms under /metrics, in Prometheus' text format. Names are
// troupe_<room>_<what>_<unit>; labels must be bounded (methods, tiers, codes: never player names).
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

// References stay valid as long as the Metrics, or one that was made of it. Any thread. Worlds have labels of their own, as far as
// kWorldsLabelled of them; the rest are "others" together.
class Metrics {
 public:
  static constexpr std::size_t kWorldsLabelled = 32;

  Metrics();
  ~Metrics();
  // The same, with `labels` on all that is made through it.
  Metrics labelled(Labels labels) const;
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                       const Labels& labels = {});
  // `read` is called when /metrics is read: for values that somebody else keeps.
  void on_scrape(std::function<void()> read);
  std::string text() const;

 private:
  struct Impl;
  Labels complete(const Labels& labels) const;

  std::shared_ptr<Impl> impl_;
  Labels own_;
};

// 50 microseconds to 10 seconds.
const std::vector<double>& latency_bounds_seconds();

}  // namespace troupe
