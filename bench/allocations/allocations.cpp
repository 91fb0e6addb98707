// bench_allocations: how often the hot paths ask for memory. Counts every operator new of the program.
#include <atomic>
#include <cstdlib>
#include <new>

#include "base/check.h"
#include "bench/harness/answers.h"
#include "pack/pack.h"
#include "services/npc/npc_rules.h"
#include "services/weather/weather_rules.h"

namespace {
std::atomic<std::size_t> asked = 0;

void* counted(std::size_t size) {
  asked.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace troupe;

double allocations_of(const std::function<void()>& work) {
  const std::size_t before = asked.load();
  work();
  return static_cast<double>(asked.load() - before);
}

const pack::Pack& lanternfall() {
  static const auto loaded = pack::load_pack("worlds/lanternfall");
  TROUPE_CHECK(loaded.has_value(), "run in the repository's root");
  return *loaded;
}

// A week ahead, and the search for severe weather.
bench::Figures forecast(const bench::Words&) {
  const auto& pack = lanternfall();
  const auto rules = weather::make_rules(pack.climate.regions.front());
  const weather::Seasons seasons(pack.calendar);
  const auto draw = weather::draw_of(1, "harbour");
  const auto now = weather::begin(rules, pack::Weather::clear, 0, seasons.at_hour(0));
  std::array<weather::RegionState, 168> hours;
  std::array<weather::Onset, 168> severe;
  return {{"count", {allocations_of([&] {
             weather::forecast(rules, seasons, now, draw, hours);
             (void)weather::severe_onsets(rules, seasons, hours.back(), draw, severe);
           })}}};
}

// Where somebody is on their way, how far that is from a player, what they do.
bench::Figures reflex(const bench::Words&) {
  const auto& pack = lanternfall();
  npc::pb::NpcRecord record;
  const auto& from = pack.npcs.front().home.str();
  for (const auto& place : pack.places) {
    record.set_place(from);
    const auto journey = npc::plan_journey(pack, record, place.id.str(), 0);
    if (journey.path.size() < 3) continue;
    record.mutable_path()->Assign(journey.path.begin(), journey.path.end());
    record.set_arrives_ms(journey.arrives_ms);
    break;
  }
  TROUPE_CHECK(record.path_size() >= 3, "somebody walks");
  return {{"count", {allocations_of([&] {
             for (int i = 0; i < 1000; ++i) {
               const auto at = npc::position(pack, record, record.arrives_ms() * i / 1000);
               (void)npc::react({.player_m = static_cast<float>(at.x), .walking = true});
             }
           })}}};
}

// The counter sees what there is to see.
bench::Figures control(const bench::Words&) {
  return {{"count", {allocations_of([] { std::string(1000, 'x').swap(*std::make_unique<std::string>()); })}}};
}

}  // namespace

int main() { return bench::answer_lines({{"forecast", forecast}, {"reflex", reflex}, {"control", control}}); }
