// troupe models judge: the exam of a chat model, whatever engine runs it, and what it may say by what came of
// it. The questions and marks are the rules' (talk/exam.h); a running server puts them to the model.
#include <fmt/core.h>

#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/rpc.h"
#include "cli/stop.h"
#include "talk/exam.h"

namespace troupe::cli {

namespace {

constexpr int kSeeds = 2;          // each item is asked so often: one answer may be luck
constexpr int kAnswerTokens = 50;  // a sentence or two
constexpr auto kAnswerWithin = std::chrono::seconds(120);

Json message(const char* role, const std::string& text) { return {{"role", role}, {"content", text}}; }

class Judge {
 public:
  Judge(const JudgeOptions& options, const Terminal& terminal)
      : options_(options),
        terminal_(terminal),
        client_(connect(options.server, &StopSignals::stopped())),
        exam_(talk::built_in_exam("en").value()),
        language_(talk::load_language("talk.en.yaml", std::string(talk::language_file("en"))).value()) {}

  Result<void> judge(const std::string& model) {
    std::vector<talk::ExamAnswer> answers;
    const auto all = exam_.items.size() * kSeeds;
    for (std::size_t i = 0; i < exam_.items.size(); ++i) {
      for (int seed = 1; seed <= kSeeds; ++seed) {
        progress(model, answers.size(), all);
        TRY(auto text, answer_of(model, exam_.items[i], seed));
        answers.push_back({i, std::move(text)});
      }
    }
    if (terminal_.err_tty) terminal_.err << "\r\033[K" << std::flush;
    report(model, answers);
    return {};
  }

 private:
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

  void progress(const std::string& model, std::size_t done, std::size_t all) const {
    if (terminal_.err_tty)
      terminal_.err << fmt::format("\r\033[K{}: {} of {}", model, done, all) << std::flush;
  }

  void report(const std::string& model, const std::vector<talk::ExamAnswer>& answers) const {
    const auto shares = talk::shares_of(language_, exam_, answers);
    std::vector<std::string> may;
    for (const auto freedom : talk::freedoms_of(shares)) may.emplace_back(freedom);
    if (options_.json) {
      Json json = {{"model", model}, {"all", shares.all}, {"may", may}};
      for (std::size_t i = 0; i < talk::kExamPartNames.size(); ++i)
        json[std::string(talk::kExamPartNames[i])] = shares.of[i];
      terminal_.out << compact(json) << '\n' << std::flush;
      return;
    }
    std::string line = terminal_.style(Ink::bold, one_line(model));
    for (std::size_t i = 0; i < talk::kExamPartNames.size(); ++i)
      line += fmt::format("  {} {:.2f}", talk::kExamPartNames[i], shares.of[i]);
    terminal_.out << line << fmt::format("  all {:.2f}\n", shares.all);
    terminal_.out << terminal_.style(Ink::dim, fmt::format("  talk.may: {} {}\n", one_line(model),
                                                           may.empty() ? "none" : join(may, " ")))
                  << std::flush;
  }

  const JudgeOptions& options_;
  const Terminal& terminal_;
  HttpClient client_;
  const talk::Exam exam_;
  const talk::Language language_;
};

}  // namespace

int run_judge(const JudgeOptions& options, const Terminal& terminal) {
  const StopSignals signals;
  Judge judge(options, terminal);
  for (const auto& model : options.names) {
    if (const auto judged = judge.judge(model); !judged) return failed(terminal, judged.error());
  }
  return 0;
}

}  // namespace troupe::cli
