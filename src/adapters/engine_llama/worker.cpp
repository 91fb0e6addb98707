#include "adapters/engine_llama/worker.h"

#include <ggml-cpu.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <exception>

#include "base/log.h"
#include "inference/thread_governor.h"
#include "rt/pool.h"

namespace troupe::engine {

namespace {

struct ThreadpoolFree {
  void operator()(ggml_threadpool* pool) const { ggml_threadpool_free(pool); }
};

// How long the calling thread has been on a core.
rt::nanoseconds thread_cpu() {
  timespec ts{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return std::chrono::seconds(ts.tv_sec) + rt::nanoseconds(ts.tv_nsec);
}

}  // namespace

Worker::Worker(std::shared_ptr<Inbox> inbox, const LlamaConfig& config,
               std::vector<std::unique_ptr<Model>> models, std::vector<std::unique_ptr<Lane>> lanes)
    : inbox_(std::move(inbox)),
      config_(config),
      models_(std::move(models)),
      lanes_(std::move(lanes)),
      prefixes_(config.prefix_dir, config.prefix_disk_max),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  inbox_->stop();
  thread_.join();
}

void Worker::run() {
  rt::name_this_thread("engine");
  // On Linux niceness belongs to the thread, and the pool's threads inherit it from here.
  const auto self = static_cast<id_t>(syscall(SYS_gettid));
  if (setpriority(PRIO_PROCESS, self, config_.nice) != 0) {
    log::warn("engine", "cannot set niceness {}", config_.nice);
  }
  auto params = ggml_threadpool_params_default(config_.threads);
  params.poll = static_cast<std::uint32_t>(config_.poll);
  const std::unique_ptr<ggml_threadpool, ThreadpoolFree> pool(ggml_threadpool_new(&params));
  for (const auto& model : models_) llama_attach_threadpool(model->context(), pool.get(), pool.get());
  bool sound = true;
  const auto guarded = [&](const auto& work) {
    try {
      work();
    } catch (const std::exception& e) {
      log::error("engine", "the engine thread failed: {}", e.what());
      inbox_->stop();
      sound = false;
    }
  };
  guarded([&] {
    for (std::size_t i = 0; i < models_.size(); ++i) {
      if (auto* lane = chat(i)) prefixes_.restore(*lane, *inbox_);
    }
    loop();
  });
  const auto error = stopping_error();
  for (const auto& lane : lanes_) lane->fail_all(error);
  for (auto& arrival : inbox_->drain()) arrival.start(&error);
  // Nobody waits any more: time to write.
  guarded([&] {
    prefixes_.begin_saving();
    for (std::size_t i = 0; i < models_.size(); ++i) {
      auto* lane = chat(i);
      if (lane != nullptr && sound) prefixes_.save(*lane, inbox_->env().now());
    }
  });
  for (const auto& model : models_) llama_detach_threadpool(model->context());
}

// The lane whose best work is most urgent; nullptr when there is none. `spare`: begin also what would not be
// worth it if the machine had anything else to do.
Lane* Worker::pick(bool spare) {
  const auto now = inbox_->env().now();
  Lane* best = nullptr;
  std::optional<inference::Rank> best_rank;
  for (const auto& lane : lanes_) {
    const auto rank = lane->prepare(now, spare);
    if (rank && (!best_rank || *rank < *best_rank)) {
      best_rank = rank;
      best = lane.get();
    }
  }
  return best;
}

void Worker::loop() {
  std::vector<Inbox::Arrival> arrivals;
  inference::ThreadGovernor governor(config_.threads);
  for (;;) {
    bool idle = true;
    for (const auto& lane : lanes_) idle = idle && lane->idle();
    if (!inbox_->wait(idle, arrivals)) break;
    for (auto& arrival : arrivals) {
      if (!arrival.ticket->gone.load()) arrival.start(nullptr);
    }
    arrivals.clear();

    inbox_->counters().threads.store(static_cast<std::uint64_t>(governor.threads()));
    int writing = 0;
    for (const auto& lane : lanes_) writing += lane->writing();
    inbox_->set_writing(writing);
    auto* best = pick(false);
    if (best == nullptr) best = pick(true);
    publish_counts();
    if (best == nullptr) continue;
    for (const auto& model : models_)
      llama_set_n_threads(model->context(), governor.threads(), governor.threads());
    const auto before = inbox_->env().now();
    const auto cpu_before = thread_cpu();
    best->step(before);
    const auto after = inbox_->env().now();
    // On a card this thread sleeps while others compute, which says nothing of the cores.
    const auto which = std::ranges::find(lanes_, best, &std::unique_ptr<Lane>::get) - lanes_.begin();
    if (!models_[static_cast<std::size_t>(which)]->place().on_card())
      governor.measured(after - before, thread_cpu() - cpu_before, after);
    publish_counts();
  }
  // What `arrivals` still holds was not begun.
  const auto error = stopping_error();
  for (auto& arrival : arrivals) arrival.start(&error);
}

void Worker::publish_counts() {
  std::array<std::uint64_t, 4> waiting{};
  std::uint64_t running = 0;
  for (const auto& lane : lanes_) lane->count(waiting, running);
  for (std::size_t i = 0; i < waiting.size(); ++i) inbox_->counters().waiting[i].store(waiting[i]);
  inbox_->counters().running.store(running);
}

}  // namespace troupe::engine
