#include "cli/load_player.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/sse.h"

namespace troupe::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto kStep = 250ms;       // between inputs
constexpr double kWalkMetresS = 6;  // games run
constexpr double kNearM = 2;
constexpr int kStepsMax = 240;  // who is not reached within a minute is left alone
constexpr auto kAnswerMax = 30s;

constexpr std::array kLines = {
    "Good day. What are you doing?",
    "What happened to the keeper?",
    "Have you seen anything strange in the fog?",
    "Who do you trust in this town?",
    "What is the weather going to be like?",
    "Where can I buy something to eat?",
    "Tell me about yourself.",
    "Is it true what they say about the harbour?",
    "Can you show me what you do all day?",
    "What would you do if you found a purse?",
    "I am new here. What should I know?",
    "Do you remember me?",
};

double ms_since(LoadClock::Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(LoadClock::Clock::now() - began).count();
}

}  // namespace

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(values, place);
  return *place;
}

void LoadFigures::add(const LoadFigures& other) {
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(first_word_ms, other.first_word_ms);
  append(answer_ms, other.answer_ms);
  append(input_ms, other.input_ms);
  for (const auto& [tier, count] : other.tiers) tiers[tier] += count;
  for (const auto& [way, count] : other.ways) ways[way] += count;
  for (const auto& [reason, count] : other.failed) failed[reason] += count;
  deadlines_missed += other.deadlines_missed;
}

bool LoadClock::over() const {
  const std::lock_guard lock(mutex_);
  return Clock::now() >= end_;
}

void LoadClock::end() {
  {
    const std::lock_guard lock(mutex_);
    end_ = Clock::now();
  }
  ended_.notify_all();
}

bool LoadClock::wait(std::chrono::milliseconds span) {
  std::unique_lock lock(mutex_);
  const auto until = Clock::now() + span;
  while (Clock::now() < std::min(until, end_)) ended_.wait_until(lock, std::min(until, end_));
  return Clock::now() < end_;
}

LoadPlayer::LoadPlayer(ServerOptions server, std::uint64_t seed, int number, LoadClock& clock,
                       const std::atomic<bool>* stop)
    : clock_(clock),
      server_(server),
      client_(connect(server, stop)),
      draw_(seed, "load", server.player + "/" + std::to_string(number)) {}

LoadFigures LoadPlayer::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(figures_, {});
}

void LoadPlayer::note_failure(const Error& error) {
  if (clock_.over()) return;  // cut off by the end
  const std::lock_guard lock(mutex_);
  ++figures_.failed[error.reason];
}

Result<Json> LoadPlayer::call(std::string_view method, const Json& request) {
  auto reply = call_rpc(client_, method, request);
  if (!reply) note_failure(reply.error());
  return reply;
}

void LoadPlayer::play() {
  // Not all in the same moment.
  if (!clock_.wait(std::chrono::milliseconds(draw(3000)))) return;
  while (!clock_.over()) {
    const auto npc = pick();
    if (npc.empty() || !walk_to(npc)) {
      if (!clock_.wait(1s)) return;
      continue;
    }
    const auto lines = 1 + draw(3);
    for (std::uint64_t i = 0; i < lines && !clock_.over(); ++i) {
      // Reads what was said and types the next line.
      if (!stand_before(npc, std::chrono::milliseconds(2000 + draw(4000)), true)) return;
      say(npc, kLines.at(draw(kLines.size())));
    }
    if (!stand_before(npc, 2s, false)) return;
  }
}

std::string LoadPlayer::pick() {
  const auto everybody = call("npc.List", Json::object());
  if (!everybody) return {};
  const auto& npcs = list_in(*everybody, "npcs");
  if (npcs.empty()) return {};
  const auto& one = npcs.at(draw(npcs.size()));
  if (drawn_ == 2) come_in({real_in(one, "x") - 30, real_in(one, "y")});
  return text_in(one, "id");
}

// As a game server puts a player somewhere; by themselves they would have to walk there first.
void LoadPlayer::come_in(Place place) {
  at_ = place;
  auto server = server_;
  server.player.clear();
  HttpClient host = connect(server);
  const auto done = call_rpc(host, "npc.Input", {{"x", at_.x}, {"y", at_.y}, {"player", server_.player}});
  if (!done) note_failure(done.error());
}

bool LoadPlayer::walk_to(const std::string& npc) {
  for (int step = 0; step < kStepsMax; ++step) {
    const auto who = call("npc.Get", {{"npc", npc}});
    if (!who) return false;
    const double dx = real_in(*who, "x") - at_.x;
    const double dy = real_in(*who, "y") - at_.y;
    const double distance = std::hypot(dx, dy);
    if (distance <= kNearM) return true;
    const double go =
        std::min(distance - kNearM / 2, kWalkMetresS * std::chrono::duration<double>(kStep).count());
    at_ = {at_.x + dx / distance * go, at_.y + dy / distance * go};
    if (!input(distance < 20 ? npc : "", "") || !clock_.wait(kStep)) return false;
  }
  return false;
}

bool LoadPlayer::stand_before(const std::string& npc, std::chrono::milliseconds span, bool typing) {
  for (auto left = span; left > 0ms; left -= kStep) {
    if (!input(npc, typing && left < span / 2 ? npc : "") || !clock_.wait(kStep)) return false;
  }
  return true;
}

bool LoadPlayer::input(const std::string& looked_at, const std::string& typing_to) {
  const auto began = LoadClock::Clock::now();
  const auto done =
      call("npc.Input", {{"x", at_.x}, {"y", at_.y}, {"looked_at", looked_at}, {"typing_to", typing_to}});
  if (done) {
    const std::lock_guard lock(mutex_);
    figures_.input_ms.push_back(ms_since(began));
  }
  return !clock_.over();
}

void LoadPlayer::say(const std::string& npc, const std::string& text) {
  auto request = rpc_request("npc.Talk", compact(Json{{"npc", npc}, {"text", text}}), kAnswerMax);
  request.headers.emplace_back("Accept", "text/event-stream");
  const auto began = LoadClock::Clock::now();
  double first = 0;
  SseParser parser;
  Result<Json> answer = fail(Code::unavailable, "cli.cut_off", "the answer broke off");
  const auto on_event = [&](const SseEvent& event) {
    if (event.name == "delta" && first == 0) first = ms_since(began);
    if (event.name == "done") answer = Json::parse(event.data, nullptr, false);
    if (event.name == "error")
      answer = std::unexpected(error_from_json(Json::parse(event.data, nullptr, false)));
  };
  const auto reply =
      client_.send(request, [&](std::string_view bytes) { return parser.feed(bytes, on_event); });
  if (!reply) return note_failure(reply.error());
  if (!reply->content_type.starts_with("text/event-stream")) answer = read_reply(client_, *reply);
  if (!answer) return note_failure(answer.error());
  const std::lock_guard lock(mutex_);
  if (first > 0) figures_.first_word_ms.push_back(first);
  figures_.answer_ms.push_back(ms_since(began));
  ++figures_.tiers[text_in(*answer, "tier")];
  ++figures_.ways[text_in(*answer, "way")];
  if (!flag_in(*answer, "deadline_met")) ++figures_.deadlines_missed;
}

}  // namespace troupe::cli
