#pragma once
// Test only: what an adapter's test gives to the suites of port db.
#include <functional>
#include <memory>
#include <string>

#include "ports/db.h"

namespace troupe::db {

// One database that is opened, closed and opened again. Its destructor removes it.
class DbUnderTest {
 public:
  virtual ~DbUnderTest() = default;
  virtual Result<std::unique_ptr<Db>> open(const rt::Env& env, Limits limits) = 0;
};

struct DbMaker {
  std::string name;
  std::function<std::unique_ptr<DbUnderTest>()> make;
};

inline std::string reason(const Result<void>& result) { return result ? "ok" : result.error().reason; }

}  // namespace troupe::db
