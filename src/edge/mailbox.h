#pragma once
// A bounded queue between callbacks and one coroutine, both on the io thread. Held by shared_ptr by both
// sides.
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "rt/task.h"

namespace troupe::edge {

template <class T>
class Mailbox {
 public:
  Mailbox(const rt::Env& env, std::size_t bytes_max) : env_(env), bytes_max_(bytes_max) {}
  Mailbox(const Mailbox&) = delete;

  // False when it is full or closed; `bytes` counts against the bound.
  bool push(T item, std::size_t bytes) {
    if (closed_ || bytes_ + bytes > bytes_max_) return false;
    bytes_ += bytes;
    items_.emplace_back(std::move(item), bytes);
    wake();
    return true;
  }
  // No more comes; what is there is still read. A last item goes in whatever the bound says.
  void close() {
    closed_ = true;
    wake();
  }
  void close_with(T last) {
    if (closed_) return;
    items_.emplace_back(std::move(last), 0);
    close();
  }
  // nullopt: closed and empty. One reader.
  boost::asio::awaitable<std::optional<T>> pop() {
    while (items_.empty()) {
      if (closed_) co_return std::nullopt;
      waker_.emplace(env_);
      const auto wait = *waker_;
      (void)co_await wait.wait();
      waker_.reset();
    }
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    co_return std::optional<T>(std::move(item));
  }

 private:
  void wake() {
    if (waker_) waker_->set({});
  }

  rt::Env env_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<std::pair<T, std::size_t>> items_;
  std::optional<rt::OneShot<void>> waker_;
  bool closed_ = false;
};

}  // namespace troupe::edge
