#include "bench/acts/acts_lines.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "pack/pack_yaml.h"
#include "talk/by_words.h"
#include "talk/deed_words.h"

namespace troupe::bench {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  TROUPE_CHECK(in.good(), "a file of bench/acts cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

struct WrittenVerb {
  std::string form;
  talk::Deed deed = talk::Deed::other;
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// "sell ale to {speaker}" by the verb "sell {thing} to {speaker}": the thing is "ale".
bool fits(const std::string& form, const std::string& written, std::string& param, std::string& name) {
  for (const std::string_view one : {"thing", "person"}) {
    const std::string place = "{" + std::string(one) + "}";
    const auto at = form.find(place);
    if (at == std::string::npos) continue;
    const std::string before = form.substr(0, at);
    const std::string behind = form.substr(at + place.size());
    if (written.size() <= before.size() + behind.size() || !written.starts_with(before) ||
        !written.ends_with(behind))
      return false;
    param = one;
    name = written.substr(before.size(), written.size() - before.size() - behind.size());
    return true;
  }
  return form == written;
}

using Names = std::map<std::string, std::vector<std::string>>;

talk::Candidate candidate(const std::string& written, const std::vector<WrittenVerb>& verbs,
                          const Names& names) {
  talk::Candidate out;
  out.form = written;
  out.text = replaced(written, "{speaker}", kSpeaker);
  for (const WrittenVerb& verb : verbs) {
    std::string param;
    std::string name;
    if (!fits(verb.form, written, param, name)) continue;
    out.form = verb.form;
    out.deed = verb.deed;
    if (!param.empty()) {
      out.arguments.push_back({param, {name}, false});
      if (const auto more = names.find(name); more != names.end())
        out.arguments.back().names.insert(out.arguments.back().names.end(), more->second.begin(),
                                          more->second.end());
    }
    break;
  }
  out.verb = out.form;
  if (written.contains("{speaker}")) out.arguments.push_back({"speaker", {}, true});
  return out;
}

}  // namespace

std::map<std::string, ActPerson> load_act_people(const std::string& path, const talk::Language& language) {
  std::map<std::string, ActPerson> out;
  const pack::PackLimits limits;
  pack::Report report(limits.problems);
  const auto tree = pack::parse_yaml("worlds.yaml", read_file(path), limits, report);
  TROUPE_CHECK(tree.has_value(), pack::to_string(report.take().front()).c_str());
  const pack::Cursor root(*tree, path, report);
  const auto worlds = root.find("worlds");
  TROUPE_CHECK(worlds.has_value(), "worlds.yaml has no worlds");
  for (const auto& [world, it] : worlds->map("worlds")) {
    std::vector<WrittenVerb> verbs;
    if (const auto found = it.find("verbs")) {
      for (const pack::Cursor& row : found->list("verbs")) {
        WrittenVerb verb{row.find("text")->text("text"), talk::Deed::other};
        if (const auto deed = row.find("deed"))
          verb.deed = static_cast<talk::Deed>(deed->choice("deed", talk::kDeedNames).value_or(0));
        verbs.push_back(std::move(verb));
      }
    }
    Names names;
    if (const auto found = it.find("names")) {
      for (const auto& [thing, others] : found->map("names")) {
        for (const pack::Cursor& other : others.list("names"))
          names[thing.node().text].push_back(other.text("name"));
      }
    }
    const auto people = it.find("people");
    TROUPE_CHECK(people.has_value(), "a world has no people");
    for (const auto& [name, options] : people->map("people")) {
      ActPerson person;
      person.called.push_back(name.node().text);
      for (const pack::Cursor& option : options.list("options")) {
        person.written.push_back(option.text("an option"));
        person.candidates.push_back(candidate(person.written.back(), verbs, names));
      }
      // As talk does: a word that nothing knows is one of these with a slip.
      person.vocabulary.common = language.acting.function_words;
      for (const talk::Candidate& one : person.candidates) {
        const auto words = talk::deed_words(language.words, language.acting, one);
        for (const auto& verb : words.verbs) {
          for (const std::string& word : verb.words) person.vocabulary.common.insert(word);
        }
        for (const auto& object : words.objects) {
          for (const auto& object_name : object.names)
            person.vocabulary.names.insert(object_name.begin(), object_name.end());
        }
      }
      out.emplace(world.node().text + "/" + name.node().text, std::move(person));
    }
  }
  return out;
}

std::vector<ActLine> load_act_lines(const std::string& path) {
  std::vector<ActLine> out;
  std::ifstream in(path);
  TROUPE_CHECK(in.good(), "lines.jsonl cannot be read");
  for (std::string row; std::getline(in, row);) {
    const auto line = parse_json(row);
    TROUPE_CHECK(line.has_value(), "a line of lines.jsonl is no JSON");
    out.push_back({line->at("world").get<std::string>() + "/" + line->at("person").get<std::string>(),
                   line->at("kind"), line->at("line"), line->at("want")});
  }
  return out;
}

talk::WishLine heard_line(const talk::Language& language, const ActPerson& person, const std::string& line) {
  return {talk::normalised(language.words, person.vocabulary, line), person.called, {}};
}

void ActCount::add(const std::string& want, const std::string& did) {
  if (want.empty()) {
    ++(did.empty() ? left : done);
  } else {
    ++(did == want ? right : did.empty() ? missed : other);
  }
}
namespace {
double share(int part, int rest) { return part + rest == 0 ? 1 : static_cast<double>(part) / (part + rest); }
}  // namespace
double ActCount::unwished_left() const { return share(left, done); }
double ActCount::wished_done() const { return share(right, other + missed); }
double ActCount::precision() const { return share(right, other + done); }

}  // namespace troupe::bench
