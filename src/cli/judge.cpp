// troupe models judge: what a model is good enough for, whatever engine runs it: the exam of a chat model,
// and what it may say by what came of it; and how it chooses. The exam's questions and marks are the rules'
// (talk/exam.h); a running server puts everything to the model, and keeps the grade.
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "base/text.h"
#include "cli/choice_scenes.h"
#include "cli/commands.h"
#include "cli/judge.h"
#include "cli/load_player.h"
#include "cli/rpc.h"
#include "cli/stop.h"
#include "talk/exam.h"

namespace troupe::cli {

namespace {

constexpr int kSeeds = 2;          // each item is asked so often: one answer may be luck
constexpr int kAnswerTokens = 50;  // a sentence or two
constexpr auto kAnswerWithin = std::chrono::seconds(120);

Json message(const char* role, const std::string& text) { return {{"role", role}, {"content", text}}; }

// What the server says of a model that it has loaded.
struct Loaded {
  std::string name;
  bool speaks = true;
};

std::vector<Loaded> loaded_of(const Json& listed) {
  std::vector<Loaded> out;
  for (const auto& model : list_in(listed, "models")) {
    if (!flag_in(model, "loaded")) continue;
    const auto& tiers = list_in(model, "tiers");
    const bool speaks =
        std::ranges::any_of(tiers, [](const Json& tier) { return tier != "choice" && tier != "embedding"; });
    out.push_back({text_in(model, "name"), speaks});
  }
  return out;
}

struct Found {
  std::optional<talk::ExamShares> exam;
  std::vector<std::string> may;
  std::optional<ChoiceFigures> choices;
  std::string no_choices;  // why not
};

// A ModelGrade as the server takes it.
Json grade_of(const Found& found) {
  Json out = {{"may", found.may}, {"examined", found.exam.has_value()}};
  if (found.exam) {
    out["all"] = found.exam->all;
    for (std::size_t i = 0; i < talk::kExamPartNames.size(); ++i)
      out[std::string(talk::kExamPartNames[i])] = found.exam->of[i];
  }
  if (found.choices) {
    out["choices"] = found.choices->asked;
    out["choice_right"] = found.choices->share();
    out["choice_p50_ms"] = percentile(found.choices->ms, .5);
    out["choice_p99_ms"] = percentile(found.choices->ms, .99);
  }
  return out;
}

class Judge {
 public:
  Judge(const JudgeOptions& options, const Terminal& terminal)
      : options_(options),
        terminal_(terminal),
        client_(connect(options.server, &StopSignals::stopped())),
        exam_(talk::built_in_exam("en").value()),
        language_(talk::load_language("talk.en.yaml", std::string(talk::language_file("en"))).value()),
        scenes_(suite_scenes()) {}

  // What to judge where nobody names a model: every one that speaks.
  Result<std::vector<std::string>> every_one() {
    TRY_VOID(look());
    std::vector<std::string> names;
    for (const auto& model : loaded_) {
      if (model.speaks) names.push_back(model.name);
    }
    if (names.empty())
      return fail(Code::not_found, "cli.judge",
                  "the server has loaded no model that speaks; `troupe models ls` shows what there is");
    return names;
  }

  // Whether it was kept, too.
  Result<bool> judge(const std::string& name) {
    if (!looked_) (void)look();  // who may not list models can still have one examined
    const auto known = std::ranges::find(loaded_, name, &Loaded::name);
    Found found;
    if (known == loaded_.end() || known->speaks) {
      TRY(found.exam, examine(name));
      for (const auto freedom : talk::freedoms_of(*found.exam)) found.may.emplace_back(freedom);
    }
    auto chosen = ask_scenes(client_, name, scenes_,
                             [&](std::size_t done) { progress(name, "choices", done, scenes_.size()); });
    clear_progress();
    if (chosen) {
      found.choices = *std::move(chosen);
    } else if (!found.exam || chosen.error().code == Code::cancelled) {
      return std::unexpected(std::move(chosen).error());
    } else {
      found.no_choices = chosen.error().message;
    }
    const auto kept = call_rpc(client_, "models.Grade", {{"name", name}, {"grade", grade_of(found)}});
    report(name, found, kept.has_value());
    if (!kept) complain(terminal_, fmt::format("{}: its grade is not kept: {}", name, kept.error().message));
    return kept.has_value();
  }

 private:
  Result<void> look() {
    looked_ = true;
    TRY(const Json listed, call_rpc(client_, "models.List"));
    loaded_ = loaded_of(listed);
    return {};
  }

  Result<talk::ExamShares> examine(const std::string& model) {
    std::vector<talk::ExamAnswer> answers;
    const auto all = exam_.items.size() * kSeeds;
    for (std::size_t i = 0; i < exam_.items.size(); ++i) {
      for (int seed = 1; seed <= kSeeds; ++seed) {
        progress(model, "exam", answers.size(), all);
        auto text = answer_of(model, exam_.items[i], seed);
        if (!text) clear_progress();
        TRY(auto said, std::move(text));
        answers.push_back({i, std::move(said)});
      }
    }
    clear_progress();
    return talk::shares_of(language_, exam_, answers);
  }

  Result<std::string> answer_of(const std::string& model, const talk::ExamItem& item, int seed) {
    Json messages = Json::array({message("system", exam_.system)});
    for (const auto& shot : exam_.shots) {
      messages.push_back(message("user", shot.user));
      messages.push_back(message("assistant", shot.says));
    }
    messages.push_back(message("user", talk::user_words(exam_, item)));
    const Json body = {{"model", model},
                       {"messages", std::move(messages)},
                       {"max_tokens", kAnswerTokens},
                       {"temperature", item.part == talk::ExamPart::react ? .7 : .3},
                       {"top_p", .9},
                       {"seed", seed},
                       {"stop", "\n"}};
    TRY(const HttpReply reply,
        client_.send({.method = "POST",
                      .path = "/v1/chat/completions",
                      .body = compact(body),
                      .headers = {{"X-Troupe-Deadline-Ms",
                                   std::to_string(kAnswerWithin / std::chrono::milliseconds(1))}},
                      .timeout = kAnswerWithin}));
    const Json json = Json::parse(reply.body, nullptr, false);
    if (reply.status != 200) {
      const auto why = text_in(object_in(json, "error"), "message");
      return fail(reply.status == 404 ? Code::not_found : Code::unavailable, "cli.judge",
                  fmt::format("{} did not answer: {}", model,
                              why.empty() ? fmt::format("status {}", reply.status) : why));
    }
    const auto& choices = list_in(json, "choices");
    return choices.empty() ? std::string() : text_in(object_in(choices.front(), "message"), "content");
  }

  void progress(const std::string& model, const char* what, std::size_t done, std::size_t all) const {
    if (terminal_.err_tty)
      terminal_.err << fmt::format("\r\033[K{}: {} {} of {}", model, what, done, all) << std::flush;
  }
  void clear_progress() const {
    if (terminal_.err_tty) terminal_.err << "\r\033[K" << std::flush;
  }

  void report(const std::string& model, const Found& found, bool kept) const {
    if (options_.json) {
      Json json = {{"model", model}};
      json.update(grade_of(found));
      json["kept"] = kept;
      terminal_.out << compact(json) << '\n' << std::flush;
      return;
    }
    const auto dim = [&](const std::string& text) {
      terminal_.out << terminal_.style(Ink::dim, "  " + text) << '\n';
    };
    terminal_.out << terminal_.style(Ink::bold, one_line(model)) << "  "
                  << one_line(grade_in_words(grade_of(found))) << '\n';
    if (!found.no_choices.empty()) dim("choices: " + one_line(found.no_choices));
    if (found.exam)
      dim(fmt::format("talk.may: {} {}", one_line(model), found.may.empty() ? "none" : join(found.may, " ")));
    // How it chooses decides nothing yet.
    if (kept && found.exam)
      dim("kept; it counts from the server's next start, where neither talk.may nor the catalogue says "
          "anything");
    terminal_.out << std::flush;
  }

  const JudgeOptions& options_;
  const Terminal& terminal_;
  HttpClient client_;
  const talk::Exam exam_;
  const talk::Language language_;
  const std::vector<ChoiceScene> scenes_;
  bool looked_ = false;
  std::vector<Loaded> loaded_;
};

}  // namespace

std::string grade_in_words(const Json& grade) {
  std::vector<std::string> parts;
  if (flag_in(grade, "examined")) {
    for (const auto part : talk::kExamPartNames)
      parts.push_back(fmt::format("{} {:.2f}", part, real_in(grade, std::string(part).c_str())));
    parts.push_back(fmt::format("all {:.2f}", real_in(grade, "all")));
  }
  if (const auto asked = number_in(grade, "choices"); asked > 0)
    parts.push_back(fmt::format("choices {:.2f} of {}, {:.0f} ms, p99 {:.0f} ms",
                                real_in(grade, "choice_right"), asked, real_in(grade, "choice_p50_ms"),
                                real_in(grade, "choice_p99_ms")));
  return join(parts, "  ");
}

int run_judge(const JudgeOptions& options, const Terminal& terminal) {
  const StopSignals signals;
  Judge judge(options, terminal);
  auto names = options.names;
  if (names.empty()) {
    auto all = judge.every_one();
    if (!all) return failed(terminal, all.error());
    names = *std::move(all);
  }
  bool all_kept = true;
  for (const auto& model : names) {
    const auto kept = judge.judge(model);
    if (!kept) return failed(terminal, kept.error());
    all_kept = all_kept && *kept;
  }
  return all_kept ? 0 : 1;
}

}  // namespace troupe::cli
