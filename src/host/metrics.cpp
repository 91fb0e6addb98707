#include "host/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <set>

namespace troupe {

namespace {

struct CounterImpl final : Counter {
  explicit CounterImpl(prometheus::Counter& c) : counter(c) {}
  void add(double amount) override { counter.Increment(amount); }
  prometheus::Counter& counter;
};
struct GaugeImpl final : Gauge {
  explicit GaugeImpl(prometheus::Gauge& g) : gauge(g) {}
  void set(double value) override { gauge.Set(value); }
  prometheus::Gauge& gauge;
};
struct HistogramImpl final : Histogram {
  explicit HistogramImpl(prometheus::Histogram& h) : histogram(h) {}
  void observe(double value) override { histogram.Observe(value); }
  prometheus::Histogram& histogram;
};

using Key = std::pair<std::string, Labels>;

}  // namespace

struct Metrics::Impl {
  mutable std::mutex mutex;
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::map<Key, std::unique_ptr<Counter>> counters;
  std::map<Key, std::unique_ptr<Gauge>> gauges;
  std::map<Key, std::unique_ptr<Histogram>> histograms;
  std::vector<std::function<void()>> scrapes;
  std::set<std::string> worlds;  // that have labels of their own
};

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}
Metrics::~Metrics() = default;

Metrics Metrics::labelled(Labels labels) const {
  Metrics out(*this);
  labels.insert(own_.begin(), own_.end());
  out.own_ = std::move(labels);
  return out;
}

// As they are shown; under the lock.
Labels Metrics::complete(const Labels& labels) const {
  Labels all = labels;
  all.insert(own_.begin(), own_.end());
  const auto world = all.find("world");
  if (world == all.end()) return all;
  auto& known = impl_->worlds;
  if (!known.contains(world->second) && known.size() >= kWorldsLabelled) {
    world->second = "others";
  } else {
    known.insert(world->second);
  }
  return all;
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  const Labels all = complete(labels);
  auto& slot = impl_->counters[{name, all}];
  if (!slot) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
    slot = std::make_unique<CounterImpl>(family.Add(all));
  }
  return *slot;
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  const Labels all = complete(labels);
  auto& slot = impl_->gauges[{name, all}];
  if (!slot) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
    slot = std::make_unique<GaugeImpl>(family.Add(all));
  }
  return *slot;
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const std::vector<double>& bounds, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  const Labels all = complete(labels);
  auto& slot = impl_->histograms[{name, all}];
  if (!slot) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
    slot = std::make_unique<HistogramImpl>(family.Add(all, bounds));
  }
  return *slot;
}

void Metrics::on_scrape(std::function<void()> read) {
  const std::lock_guard lock(impl_->mutex);
  impl_->scrapes.push_back(std::move(read));
}

std::string Metrics::text() const {
  std::vector<std::function<void()>> scrapes;
  {
    const std::lock_guard lock(impl_->mutex);
    scrapes = impl_->scrapes;
  }
  for (const auto& scrape : scrapes) scrape();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

const std::vector<double>& latency_bounds_seconds() {
  static const std::vector<double> kBounds = {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                                              50e-3, 100e-3, 250e-3, 500e-3, 1,    2.5,    5,    10};
  return kBounds;
}

}  // namespace troupe
