#pragma once
// Threads for work that blocks. Each pool has a name, a fixed number of threads and a bounded queue.
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "rt/task.h"

namespace troupe::rt {

// A bounded queue between threads. push() never waits: false means full (or closed), and the caller has an
// answer for that.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  bool push(T item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }
  // Waits for an item; nullopt once closed and drained.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  std::optional<T> try_pop() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> items_;
  bool closed_ = false;
};

// Names the calling thread (at most 15 letters) for top, gdb and perf.
void name_this_thread(const std::string& name);

class Pool {
 public:
  Pool(std::string name, std::size_t threads, std::size_t queue_max);
  ~Pool();  // finishes what is queued
  Pool(const Pool&) = delete;

  // False when the queue is full.
  bool submit(std::move_only_function<void()> job);

  // Runs `fn` (returning Result<T>) on the pool; `exhausted` when the queue is full. The job runs to its end
  // even when the waiter leaves at the deadline.
  template <class T>
  Task<T> run(const Env& env, std::move_only_function<Result<T>()> fn, Instant deadline = Instant::never()) {
    OneShot<T> done(env);
    const bool queued = submit([done, f = std::move(fn)]() mutable { done.set(f()); });
    if (!queued) co_return fail(Code::exhausted, "pool.full", name_ + " is busy; try again", 100);
    co_return co_await done.wait(deadline);
  }

 private:
  std::string name_;
  BoundedQueue<std::move_only_function<void()>> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace troupe::rt
