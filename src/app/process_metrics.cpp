#include "app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>

namespace troupe {

namespace {

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

void add_process_metrics(Metrics& metrics) {
  auto& memory = metrics.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM");
  auto& cpu = metrics.counter("process_cpu_seconds_total", "Processor time of the process");
  metrics.on_scrape([&memory, &cpu, counted = std::make_shared<double>(0)] {
    memory.set(resident_bytes());
    const double now = cpu_seconds();
    cpu.add(now - *counted);
    *counted = now;
  });
}

}  // namespace troupe
