#include "app/beats.h"

#include <algorithm>

#include "app/services.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {

namespace {
constexpr const char* kBeat = "fleet.worlds.Beat";
constexpr rt::milliseconds kEvery{1'000};
constexpr rt::milliseconds kLife{4'000};
constexpr std::size_t kProcessesMax = 256;
}  // namespace

Result<void> Beats::start(rt::Group& group) {
  TRY(others_, bus_.subscribe(kBeat, [this](const bus::Event& event) {
    pb::ProcessBeat beat;
    if (!beat.ParseFromString(event.payload) || beat.process() == process_) return;
    const auto now = env_.now();
    std::erase_if(heard_, [now](const auto& one) { return now - one.second.at > kLife; });
    if (heard_.size() >= kProcessesMax && !heard_.contains(beat.process())) return;
    const bool new_here = !heard_.contains(beat.process());
    auto& heard = heard_[beat.process()];
    heard = {.states = {}, .at = now};
    for (const auto& service : beat.services())
      heard.states.push_back({.name = service.name(),
                              .room = service.room(),
                              .process = beat.process(),
                              .state = service.state()});
    if (new_here) say_once();  // so that it need not wait to know of us
  }));
  group.spawn("beat", [this] { return say(); });
  return {};
}

void Beats::say_once() {
  pb::ProcessBeat beat;
  beat.set_process(process_);
  for (const auto& state : own_()) {
    auto& service = *beat.add_services();
    service.set_name(state.name);
    service.set_room(state.room);
    service.set_state(state.state);
  }
  (void)bus_.publish({kBeat, beat.SerializeAsString()});  // who is not heard is away
}

boost::asio::awaitable<void> Beats::say() {
  for (;;) {
    say_once();
    co_await rt::sleep_for(env_, kEvery);
  }
}

Beats::States Beats::all() const {
  States all;
  const auto own = own_();
  for (const auto& row : all_service_rows()) {
    edge::ServiceState state{.name = std::string(row.name), .room = {}, .process = {}, .state = "away"};
    const auto take = [&](const States& from) {
      const auto found = std::ranges::find(from, state.name, &edge::ServiceState::name);
      if (found != from.end() && (state.state == "away" || found->state == "running")) state = *found;
    };
    take(own);
    for (const auto& [process, heard] : heard_) {
      if (env_.now() - heard.at <= kLife) take(heard.states);
    }
    if (row.make == nullptr) state = {.name = state.name, .room = {}, .process = {}, .state = "not_built"};
    all.push_back(std::move(state));
  }
  return all;
}

}  // namespace troupe
