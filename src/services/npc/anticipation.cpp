#include "services/npc/anticipation.h"

#include <algorithm>
#include <ranges>

#include "base/hash.h"
#include "base/log.h"
#include "base/steady.h"
#include "host/registry.h"
#include "inference/freedom.h"
#include "rt/clock.h"

namespace troupe::npc {

void Anticipation::start() {
  if (config_.thinks && config_.read_ahead) host_.spawn("watch players", [this] { return watch_players(); });
}

// Not from npc.Input itself: that is a turn, and a turn that reaches outside is kept in the log.
boost::asio::awaitable<void> Anticipation::watch_players() {
  unprepared_ = first_met();
  for (;;) {
    co_await rt::sleep_for(host_.env(), config_.tuning.look_again);
    const auto since =
        host_.timeline().now().ms - host_.timeline().clock().span_of(config_.tuning.present_ahead).ms;
    const auto& known = players_.known().rows();
    for (const auto& [key, player] : known) {
      if (player.seen_ms() >= since) expect(player.player(), about_to_hear(player));
    }
    // With nothing better to do, one after the other for somebody whom nobody knows: the first line of most.
    // Not while somebody talks or is about to: what is read then is in their way.
    const bool needed = talks_ > 0 || std::ranges::any_of(known, [&](const auto& entry) {
                          return entry.second.seen_ms() >= since;
                        });
    if (needed || reading_ahead_ > 0 || unprepared_.empty()) continue;
    expect("", unprepared_.back());
    unprepared_.pop_back();
  }
}

// The nearest to where newcomers arrive, the nearest of all last. Not everybody: a world that nobody visits
// would keep its processors busy for minutes after each start.
std::vector<std::string> Anticipation::first_met() const {
  const auto& arrival = *pack_.place(pack_.world.arrival.str());
  std::vector<std::pair<double, std::string>> people;
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead()) continue;
    const auto at = position(pack_, mind->record(), host_.timeline().now().ms);
    people.emplace_back(steady_distance(at.x - arrival.x, at.y - arrival.y), id);
  }
  std::ranges::sort(people);
  people.resize(std::min(people.size(), config_.limits.strangers_max));
  std::vector<std::string> ids;
  for (auto& [distance, id] : people | std::views::reverse) ids.push_back(std::move(id));
  return ids;
}

std::string Anticipation::about_to_hear(const pb::PlayerRecord& player) const {
  if (!player.typing_to().empty()) return player.typing_to();
  if (!player.looked_at().empty()) return player.looked_at();
  std::string nearest;
  double least = config_.limits.approach_m;
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead()) continue;
    const auto at = position(pack_, mind->record(), host_.timeline().now().ms);
    const double distance = steady_distance(at.x - player.x(), at.y - player.y());
    if (distance > least) continue;
    least = distance;
    nearest = id;
  }
  return nearest;
}

void Anticipation::expect(const std::string& player, const std::string& npc) {
  if (npc.empty() || !config_.thinks || !config_.read_ahead) return;
  const auto now = host_.env().now();
  if (!anticipated_.contains(player)) make_room();
  auto& last = anticipated_[player];
  last.wanted = npc;
  if (last.reading || reading_ahead_ >= config_.limits.reading_ahead_max) return;
  if (last.npc == npc && now - last.at < config_.tuning.read_again) return;
  last.npc = npc;
  last.at = now;
  last.reading = true;
  ++reading_ahead_;
  host_.spawn("read ahead", [this, player, npc] { return read_ahead(player, npc); });
}

boost::asio::awaitable<void> Anticipation::read_ahead(std::string player, std::string npc) {
  if (auto prompt = prompts_.make(npc, player, {})) {
    prompt->request.set_read_ahead(true);
    // Nothing is read where no model may speak.
    prompt->request.set_freedom(std::string(inference::freedom_name(inference::Freedom::small_talk)));
    const auto read_it = co_await read(prompt->request);
    if (!read_it) log::debug("npc", "nothing was read ahead for {}: {}", npc, read_it.error().message);
    if (read_it && !player.empty()) co_await read_sayable(player, npc, *std::move(prompt));
  }
  if (const auto known = anticipated_.find(player); known != anticipated_.end())
    known->second.reading = false;
  --reading_ahead_;
}

Task<pb::AiSpeakReply> Anticipation::read(pb::AiSpeakRequest request) {
  auto caller = as_npc(host_.timeline().config().world);
  caller.deadline = host_.env().now() + config_.talk_within();
  return host_.call<pb::AiSpeakReply>(caller, std::move(request));
}

bool Anticipation::still_wanted(const std::string& player, const std::string& npc) const {
  const auto known = anticipated_.find(player);
  return known != anticipated_.end() && known->second.wanted == npc;
}

// One prompt for each: most lines bring up one. Only while nobody else has anything to read or to answer.
boost::asio::awaitable<void> Anticipation::read_sayable(std::string player, std::string npc, Prompt prompt) {
  const auto hash = sha256_hex(stable_bytes(prompt.request.context()));
  if (std::ranges::find(read_in_full_, hash) != read_in_full_.end()) co_return;
  if (prompt.sayable.size() > config_.limits.sayable_max) prompt.sayable.resize(config_.limits.sayable_max);
  for (const auto& says : prompt.sayable) {
    if (talks_ > 0 || reading_ahead_ > 1 || !still_wanted(player, npc)) co_return;
    auto branch = prompt.request;
    branch.mutable_context()->add_brought_up(says);
    branch.set_guess(true);
    if (!co_await read(branch)) co_return;
  }
  read_in_full_.push_back(hash);
  if (read_in_full_.size() > config_.limits.read_in_full_max) read_in_full_.pop_front();
}

void Anticipation::count_talk(const pb::Decision& decision) const {
  if (decision.prompt_tokens() == 0) return;
  const bool warm = decision.prompt_tokens() - decision.cached_tokens() <= config_.tuning.warm_tokens;
  host_.metrics()
      .counter("troupe_npc_talks_total",
               "Lines answered by a model, by whether its prompt had been read before",
               {{"prompt", warm ? "warm" : "cold"}})
      .add();
}

// One more will be kept; the one that is of no use any more for the longest goes.
void Anticipation::make_room() {
  if (anticipated_.size() < config_.limits.anticipated_max) return;
  const auto oldest = std::ranges::min_element(
      anticipated_, {}, [](const auto& entry) { return std::pair(entry.second.reading, entry.second.at); });
  if (!oldest->second.reading) anticipated_.erase(oldest);
}

}  // namespace troupe::npc
