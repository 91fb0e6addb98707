#pragma once
// Test only: stands between SQLite and the disk. The test program defines fdatasync() and pwrite64() itself,
// so the library's calls arrive here; each can be made to fail, and syncs are counted.
#include <atomic>

namespace troupe::db {

struct DiskFaults {
  std::atomic<int> write_errno = 0;    // every pwrite fails with it; 0 = none
  std::atomic<int> sync_errno = 0;     // every fdatasync fails with it, after
  std::atomic<int> syncs_allowed = 0;  // so many that do not
  std::atomic<int> syncs = 0;
};
DiskFaults& disk_faults();

}  // namespace troupe::db
