#pragma once
// Something that goes on, counted from its construction to its destruction. The count outlives it; one
// thread.
#include <cstddef>

namespace troupe {

class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace troupe
