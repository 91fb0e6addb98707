#include "adapters/db_sqlite/disk_faults.h"

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace troupe::db {

DiskFaults& disk_faults() {
  static DiskFaults faults;
  return faults;
}

}  // namespace troupe::db

extern "C" {

int fdatasync(int fd) {
  auto& faults = troupe::db::disk_faults();
  ++faults.syncs;
  if (const int why = faults.sync_errno; why != 0 && faults.syncs_allowed-- <= 0) {
    errno = why;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  if (const int why = troupe::db::disk_faults().write_errno) {
    errno = why;
    return -1;
  }
  return ::syscall(SYS_pwrite64, fd, bytes, size, offset);
}

}  // extern "C"
