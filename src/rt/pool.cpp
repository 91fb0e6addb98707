#include "rt/pool.h"

#include <pthread.h>

namespace troupe::rt {

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

Pool::Pool(std::string name, std::size_t threads, std::size_t queue_max)
    : name_(std::move(name)), queue_(queue_max) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      name_this_thread(name_);
      while (auto job = queue_.pop()) (*job)();
    });
  }
}

Pool::~Pool() {
  queue_.close();
  for (auto& thread : threads_) thread.join();
}

bool Pool::submit(std::move_only_function<void()> job) { return queue_.push(std::move(job)); }

}  // namespace troupe::rt
