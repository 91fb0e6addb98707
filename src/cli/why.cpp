// troupe why: from an event back to its first cause; of a model's decision, what it was asked and how it
// chose.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/events.h"

namespace troupe::cli {

namespace {

constexpr std::size_t kShortPromptBytes = 240;
constexpr std::size_t kIndentStepsMax = 12;  // a long chain goes on straight down

std::string bar(double share) {
  constexpr int kCells = 20;
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kCells));
  std::string out;
  for (int i = 0; i < kCells; ++i) out += i < full ? "█" : "░";
  return out;
}

std::string ms(std::int64_t us) {
  return fmt::format("{:.{}f} ms", static_cast<double>(us) / 1000, us < 10'000 ? 1 : 0);
}

class Chain {
 public:
  Chain(const Terminal& terminal, Names names, bool full)
      : terminal_(terminal), names_(std::move(names)), full_(full) {}

  void print(const Json& chain) {
    for (const auto& link : chain) {
      print_link(link);
      ++depth_;
    }
  }

 private:
  void line(std::string_view text, Ink ink = Ink::plain) const {
    const std::string indent(2 * std::min(depth_, kIndentStepsMax) + (depth_ > 0 ? 2 : 0), ' ');
    const auto wide = terminal_.columns;
    const std::string shown =
        full_ || wide == 0 ? std::string(text) : cut(text, wide > indent.size() ? wide - indent.size() : 1);
    terminal_.out << indent << terminal_.style(ink, shown) << '\n';
  }

  void print_link(const Json& link) const {
    const std::string head =
        fmt::format("{}, {}: {}{}", one_line(text_in(link, "event_id")), game_time(number_in(link, "at_ms")),
                    one_line(text_in(link, "type")),
                    text_in(link, "subject").empty() ? "" : " of " + one_line(text_in(link, "subject")));
    if (depth_ > 0) {
      const std::string indent(2 * std::min(depth_, kIndentStepsMax), ' ');
      terminal_.out << indent << terminal_.style(Ink::dim, "└ because of ")
                    << terminal_.style(Ink::bold, head) << '\n';
    } else {
      terminal_.out << terminal_.style(Ink::bold, head) << '\n';
    }
    line("  " + sentence(link, names_));
    if (const Json& decision = object_in(link, "decision"); !decision.empty()) print_decision(decision);
    if (const Json& input = object_in(link, "input"); !input.empty()) {
      line(fmt::format("  asked for by {} ({}) with {}, input {}", one_line(text_in(input, "caller")),
                       one_line(text_in(input, "role")), one_line(text_in(input, "type")),
                       number_in(input, "sequence")),
           Ink::dim);
    }
  }

  void print_decision(const Json& d) const {
    std::string how = "  " + one_line(text_in(d, "tier"));
    if (const auto model = text_in(d, "model"); !model.empty()) how += ", " + one_line(model);
    if (const auto method = text_in(d, "method"); !method.empty()) how += " by " + one_line(method);
    how += "; " + ms(number_in(d, "total_us"));
    if (const auto deadline = number_in(d, "deadline_ms"); deadline > 0)
      how += fmt::format(" of {} ms", deadline);
    how += flag_in(d, "deadline_met") ? ", in time" : ", too late";
    if (number_in(d, "queue_us") > 0) how += ", waited " + ms(number_in(d, "queue_us"));
    if (number_in(d, "first_token_us") > 0)
      how += ", first token after " + ms(number_in(d, "first_token_us"));
    line(how);
    if (number_in(d, "prompt_tokens") > 0) {
      line(fmt::format("  {} prompt tokens ({} from the cache), {} new; {} micro-USD",
                       number_in(d, "prompt_tokens"), number_in(d, "cached_tokens"),
                       number_in(d, "new_tokens"), number_in(d, "cost_microusd")),
           Ink::dim);
    }
    print_schedule(d);
    print_options(d);
    // Of a choice, the options say it already.
    if (const auto output = text_in(d, "output"); !output.empty() && list_in(d, "options").empty()) {
      line("  said: " + one_line(output));
    }
    print_words(d);
    if (const auto thought = text_in(d, "reasoning"); !thought.empty()) {
      const std::string_view head =
          full_ ? std::string_view(thought) : utf8_prefix(thought, kShortPromptBytes);
      line(fmt::format("  thought first ({} tokens, heard by nobody): {}{}", number_in(d, "reasoning_tokens"),
                       one_line(head), head.size() < thought.size() ? "…" : ""),
           Ink::dim);
    }
    if (const auto verdict = text_in(d, "verdict"); !verdict.empty()) line("  verdict: " + one_line(verdict));
    if (const auto reason = text_in(d, "reason"); !reason.empty()) line("  because: " + one_line(reason));
    print_list(d, "fallbacks", "  before that: ");
    print_list(d, "facts", "  facts: ");
    print_list(d, "memories", "  memories: ");
    print_prompt(text_in(d, "prompt"));
  }

  // Of a talk: how the line was understood, and what the answer rests on.
  void print_words(const Json& d) const {
    if (const auto heard = text_in(d, "heard"); !heard.empty()) line("  heard as: " + one_line(heard));
    if (const auto way = text_in(d, "way"); !way.empty()) {
      std::vector<std::string> on;
      for (const auto& evidence : list_in(d, "evidence")) {
        std::string one = text_in(evidence, "kind");
        if (const auto id = text_in(evidence, "id"); !id.empty()) one += " " + id;
        if (const auto text = text_in(evidence, "text"); !text.empty()) one += " \"" + text + "\"";
        on.push_back(one_line(one));
      }
      line("  way: " + one_line(way) + (on.empty() ? "" : ", from " + join(on, ", ")));
    }
    print_list(d, "guard", "  not said: ");
  }

  // What scheduler and router did about it; nothing where nothing had to be done.
  void print_schedule(const Json& d) const {
    std::vector<std::string> parts;
    if (const auto slack = number_in(d, "slack_us"); slack != 0) {
      parts.push_back(slack < 0 ? "began " + ms(-slack) + " too late"
                                : "began with " + ms(slack) + " to spare");
    }
    if (const auto predicted = number_in(d, "predicted_us"); predicted > 0) {
      parts.push_back("predicted " + ms(predicted) + ", took " + ms(number_in(d, "computed_us")));
    }
    if (const auto times = number_in(d, "preemptions"); times > 0) {
      parts.push_back(
          fmt::format("stopped {} time{} for somebody more urgent", times, times == 1 ? "" : "s"));
    }
    if (const auto wasted = number_in(d, "wasted_tokens"); wasted > 0) {
      parts.push_back(fmt::format("{} token{} computed in vain", wasted, wasted == 1 ? "" : "s"));
    }
    if (const auto cut = text_in(d, "cut"); !cut.empty() && cut != "none") {
      parts.push_back("cut short: " + one_line(cut));
    }
    if (const auto admission = text_in(d, "admission"); !admission.empty() && admission != "admitted") {
      parts.push_back(one_line(admission));
    }
    if (!parts.empty()) line("  " + join(parts, "; "), Ink::dim);
  }

  void print_options(const Json& d) const {
    const Json& options = list_in(d, "options");
    const Json& shares = list_in(d, "probabilities");
    const auto choice = static_cast<std::size_t>(number_in(d, "choice"));
    for (std::size_t i = 0; i < options.size(); ++i) {
      const bool known = i < shares.size() && shares[i].is_number();
      const double share = known ? shares[i].get<double>() : 0;
      const std::string text =
          options[i].is_string() ? one_line(options[i].get<std::string>()) : compact(options[i]);
      line(fmt::format("  {} {} {}", known ? fmt::format("{} {:3.0f} %", bar(share), 100 * share) : "-",
                       i == choice ? ">" : " ", text),
           i == choice ? Ink::green : Ink::plain);
    }
  }

  void print_list(const Json& d, const char* key, std::string_view lead) const {
    std::vector<std::string> texts;
    for (const auto& item : list_in(d, key)) {
      if (item.is_string()) texts.push_back(one_line(item.get<std::string>()));
    }
    const bool sentences = key == std::string_view("fallbacks") || key == std::string_view("guard");
    if (!texts.empty()) line(std::string(lead) + join(texts, sentences ? "; " : ", "), Ink::dim);
  }

  void print_prompt(const std::string& prompt) const {
    if (prompt.empty()) return;
    if (!full_) {
      const std::string_view head = utf8_prefix(prompt, kShortPromptBytes);
      line(fmt::format("  prompt: {}{}", one_line(head),
                       head.size() < prompt.size() ? "… (--full shows it all)" : ""),
           Ink::dim);
      return;
    }
    line("  prompt:", Ink::dim);
    for (const auto& text : split(prompt, '\n')) line("    " + one_line(text), Ink::dim);
  }

  const Terminal& terminal_;
  Names names_;
  bool full_;
  std::size_t depth_ = 0;
};

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

int run_why(const WhyOptions& options, const Terminal& terminal) {
  HttpClient client = connect(options.server);
  std::string id = options.event_id;
  if (is_number(id)) {
    const auto world = call_rpc(client, "world.Get");
    if (!world) return failed(terminal, world.error());
    id = text_in(*world, "name") + "-" + id;
  }
  const auto reply = call_rpc(client, "world.Why", {{"event_id", id}});
  if (!reply) return failed(terminal, reply.error());
  if (options.json) {
    terminal.out << compact(*reply) << '\n';
  } else {
    Chain(terminal, ask_names(client), options.full).print(list_in(*reply, "chain"));
  }
  return 0;
}

}  // namespace troupe::cli
