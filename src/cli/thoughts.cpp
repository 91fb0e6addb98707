#include "cli/thoughts.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace troupe::cli {

namespace {

std::string ms(std::int64_t us) {
  return fmt::format("{:.{}f} ms", static_cast<double>(us) / 1000, us < 10'000 && us > -10'000 ? 1 : 0);
}

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

bool has_ended(const Json& thought) { return text_in(thought, "state") == "ended"; }

Ink ink_of(std::string_view what) {
  if (what == "met") return Ink::green;
  if (what == "late" || what == "failed") return Ink::red;
  if (what == "dropped") return Ink::yellow;
  return what == "cancelled" ? Ink::dim : Ink::cyan;
}

}  // namespace

std::vector<Json> ThoughtFollower::changes(const Json& status) {
  std::vector<Json> out;
  std::map<Key, Told> now;
  for (const auto& thought : list_in(status, "thoughts")) {
    const Key key{text_in(thought, "engine"), number_in(thought, "number")};
    const Told as{has_ended(thought), number_in(thought, "preemptions")};
    const auto before = told_.find(key);
    const bool known = before != told_.end();
    const bool changed =
        !known || before->second.ended != as.ended || before->second.preemptions != as.preemptions;
    if (changed && !(first_ && as.ended)) out.push_back(thought);
    now[key] = as;
  }
  first_ = false;
  told_ = std::move(now);
  std::ranges::sort(out, {}, [](const Json& t) { return Key{text_in(t, "engine"), number_in(t, "number")}; });
  return out;
}

std::string thought_line(const Json& thought, const Names& names, const Style& style) {
  const std::string caller = one_line(text_in(thought, "caller"));
  const auto person = names.people.find(caller);
  const std::string who = caller.empty()                 ? "the server"
                          : person != names.people.end() ? person->second
                                                         : caller;
  const bool ended = has_ended(thought);
  const std::string what = one_line(text_in(thought, ended ? "outcome" : "state"));
  std::vector<std::string> parts;
  if (const auto slack = number_in(thought, "slack_us"); slack != 0) {
    parts.push_back(ms(slack < 0 ? -slack : slack) + (slack < 0 ? " late" : ended ? " to spare" : " left"));
  }
  if (const auto reason = text_in(thought, "reason"); !reason.empty()) parts.push_back(one_line(reason));
  if (const auto waited = number_in(thought, "waited_us"); waited > 0)
    parts.push_back("waited " + ms(waited));
  if (const auto tokens = number_in(thought, "new_tokens"); tokens > 0)
    parts.push_back(counted(tokens, "new token"));
  if (const auto times = number_in(thought, "preemptions"); times > 0) {
    parts.push_back("pre-empted " + counted(times, "time"));
  }
  if (const auto wasted = number_in(thought, "wasted_tokens"); wasted > 0) {
    parts.push_back(counted(wasted, "token") + " in vain");
  }
  parts.push_back(one_line(text_in(thought, "model")));
  return pad(who, 16) + " " + pad(one_line(text_in(thought, "tier")), 7) + " " +
         style(ink_of(what), pad(what, 11)) + " " + join(parts, "; ");
}

}  // namespace troupe::cli
