#include "services/worlds/world_lines.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <tuple>

#include "base/text.h"

namespace troupe {

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool fits_label(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '-' ||
         c == '_';
}

}  // namespace

std::string WorldLines::file(const std::string& world, std::int64_t number) {
  return number == 1 ? world : world + "@" + std::to_string(number);
}

std::string WorldLines::name(std::int64_t number) {
  return number == 1 ? "main" : "main-" + std::to_string(number);
}

std::int64_t WorldLines::current(const std::string& world) const {
  std::int64_t number = 1;
  for (const auto& line : lines_.of(world)) number = std::max(number, line.number());
  return number;
}

std::vector<std::string> WorldLines::files(const std::string& world) const {
  std::vector<std::string> files{world};
  for (const auto& line : lines_.of(world)) files.push_back(file(world, line.number()));
  return files;
}

std::optional<std::uint64_t> WorldLines::parted(const std::string& world) const {
  const auto* line = lines_.find(world, current(world));
  if (line == nullptr) return std::nullopt;
  return line->from_sequence();
}

Result<WorldLines::Spot> WorldLines::find(const std::string& world, const std::string& moment) const {
  if (const auto* label = labels_.find(world, moment)) {
    return Spot{.number = label->number(),
                .moment = {.sequence = label->sequence(), .at = {label->at_ms()}, .inputs = label->inputs()}};
  }
  Spot spot{.number = current(world), .moment = {}};
  if (is_digits(moment)) {
    const auto [end, error] =
        std::from_chars(moment.data(), moment.data() + moment.size(), spot.moment.sequence);
    if (error == std::errc() && spot.moment.sequence > 0) return spot;
    return fail(Code::invalid_argument, "worlds.bad_moment", "a sequence is a number from 1");
  }
  if (moment.empty()) {
    return fail(Code::invalid_argument, "worlds.bad_moment",
                "say which moment: a label, or the sequence of an event");
  }
  std::vector<std::string> known;
  for (const auto& label : labels_.of(world)) known.push_back(label.label());
  return fail(Code::not_found, "worlds.unknown_moment",
              "nothing was saved as '" + moment + "' in '" + world + "'" + did_you_mean(moment, known));
}

Result<void> WorldLines::check_label(const std::string& world, const std::string& label) const {
  if (label.empty() || label.size() > kLabelBytesMax || is_digits(label) || trim(label) != label ||
      !std::ranges::all_of(label, fits_label)) {
    return fail(Code::invalid_argument, "worlds.bad_label",
                "a label has 1 to 64 letters, digits, blanks, - and _, and is not digits alone");
  }
  if (labels_.find(world, label) == nullptr) return {};
  return fail(Code::conflict, "worlds.label_exists", "'" + world + "' has a label '" + label + "' already");
}

bool WorldLines::lived_through(const std::string& world, std::int64_t number, std::uint64_t sequence) const {
  auto at = current(world);
  auto until = std::numeric_limits<std::uint64_t>::max();
  while (at != number) {
    const auto* line = lines_.find(world, at);
    if (line == nullptr) return false;
    until = std::min(until, line->from_sequence());
    at = line->from_number();
  }
  return sequence <= until;
}

pb::WorldsLinesReply WorldLines::view(const std::string& world, const Moment& present) const {
  // The end of each line is told by the one that parted from it.
  std::map<std::int64_t, std::vector<pb::WorldsLine>> shown;
  const auto now = current(world);
  const auto add = [&](std::int64_t number, const std::string& label, const Moment& moment) {
    auto& line = shown[number].emplace_back();
    line.set_name(name(number));
    line.set_label(label);
    line.set_sequence(moment.sequence);
    line.set_at_ms(moment.at.ms);
    line.set_current(lived_through(world, number, moment.sequence));
  };
  for (const auto& label : labels_.of(world))
    add(label.number(), label.label(), {.sequence = label.sequence(), .at = {label.at_ms()}});
  std::int64_t before = 1;
  for (const auto& line : lines_.of(world)) {
    add(before, "", {.sequence = line.left_sequence(), .at = {line.left_at_ms()}});
    before = line.number();
  }
  add(now, "", present);
  pb::WorldsLinesReply reply;
  for (auto& [number, lines] : shown) {
    std::ranges::sort(lines, {}, [](const auto& line) {
      return std::tuple(line.sequence(), line.label().empty(), line.label());
    });
    for (auto& line : lines) *reply.add_lines() = std::move(line);
  }
  return reply;
}

void WorldLines::forget(Turn& turn, const std::string& world) {
  const auto all = [](const auto&) { return true; };
  lines_.erase_if(turn, all, world);
  labels_.erase_if(turn, all, world);
}

}  // namespace troupe
