#include "talk/language.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "talk/data.h"

namespace troupe::talk {

namespace {

// Names between sections, which no section can check alone.
void check_names(const pack::Cursor& root, const Language& language) {
  const auto check = [&](const pack::Source& at, const std::string& id) {
    if (language.intent(id) != nullptr) return;
    std::vector<std::string> known;
    for (const Intent& intent : language.intents) known.push_back(intent.id);
    root.report().add(at, fmt::format("intent '{}' is not known", id), pack::nearest_or_list(id, known));
  };
  for (const ToldKind& kind : language.asking.told) check(kind.at, kind.intent);
  for (const QuestionKind& kind : language.asking.kinds) {
    for (const auto& [type, intent] : kind.follow) check(kind.at, intent);
  }
  for (const auto& [type, intent] : language.asking.follow_default) check(root.at(), intent);
}

}  // namespace

const Intent* Language::intent(std::string_view id) const {
  const auto found = std::ranges::find(intents, id, &Intent::id);
  return found == intents.end() ? nullptr : &*found;
}

std::expected<Language, std::vector<pack::Problem>> load_language(const std::string& file,
                                                                  const std::string& text) {
  const pack::PackLimits limits;
  pack::Report report(limits.problems);
  Language out;
  if (!is_utf8(text)) {
    report.add({file, 0, 0}, "the file is not UTF-8", "expected text saved as UTF-8");
    return std::unexpected(report.take());
  }
  const auto tree = pack::parse_yaml(file, text, limits, report);
  if (!tree) return std::unexpected(report.take());
  const pack::Cursor root(*tree, file, report);
  {
    pack::Fields fields(root, file);
    out.code = fields.identifier("language");
    if (const auto words = fields.required("words")) out.words = read_words(*words);
    if (const auto asking = fields.required("asking")) out.asking = read_asking(*asking);
    if (const auto intents = fields.required("intents")) out.intents = read_intents(*intents);
    if (const auto saying = fields.required("saying")) out.saying = read_saying(*saying);
    if (const auto acting = fields.optional("acting")) out.acting = read_acting(*acting);
    if (const auto guarding = fields.optional("guarding")) out.guarding = read_guarding(*guarding);
  }
  if (report.empty()) check_names(root, out);
  if (!report.empty()) return std::unexpected(report.take());
  for (const Intent& intent : out.intents) {
    for (const std::string& ask : intent.asks) {
      if (!ask.contains('{')) out.whole_asks.insert(only_words(without_filler(out.asking, fold(ask))));
    }
  }
  return out;
}

std::string_view language_file(std::string_view code) { return data_file(fmt::format("talk.{}.yaml", code)); }

std::expected<Language, std::vector<pack::Problem>> language_of(const pack::Pack& pack) {
  const std::string& code = pack.world.language;
  const std::string file = fmt::format("talk.{}.yaml", code);
  if (const auto own = pack.language_files.find(file); own != pack.language_files.end())
    return load_language(file, own->second);
  const auto text = language_file(code);
  if (!text.empty()) return load_language(file, std::string(text));
  const auto known = built_in_languages();
  return std::unexpected(std::vector<pack::Problem>{
      {"world.yaml", pack.world.at.line, 0, fmt::format("language '{}' is not known", code),
       fmt::format("expected one of {}, or a file {} in the pack", fmt::join(known, ", "), file)}});
}

std::vector<std::string> built_in_languages() {
  constexpr std::string_view kBegin = "talk.";
  constexpr std::string_view kEnd = ".yaml";
  std::vector<std::string> out;
  for (const std::string_view name : data_files()) {
    if (name.starts_with(kBegin) && name.ends_with(kEnd))
      out.emplace_back(name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size()));
  }
  return out;
}

}  // namespace troupe::talk
