// bench_talk_rules PACK LINES.jsonl [--weights GGUF] [--cache FILE] [--day N] [--clock HH:MM]: what the rules
// of src/talk answer to the lines, without a server and without a language model, as JSON lines for rules.py.
// Vectors are those of the embedding model, kept in the cache file, or by words alone where none is named.
// --language FILE tries a language file that is not built in.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "bench/harness/kept_vectors.h"
#include "talk/answer.h"
#include "talk/saying.h"
#include "talk/told.h"

namespace {

using namespace troupe;

struct Options {
  std::string pack, lines, weights, cache, language;
  std::map<std::string, double> set;  // limits to try: a family or a name of Thresholds
  std::optional<std::int64_t> day;
  std::optional<pack::Clock> clock;
};

Options read_options(int argc, char** argv) {
  Options out;
  std::vector<std::string> plain;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] {
      TROUPE_CHECK(i + 1 < argc, "an option without its value");
      return std::string(argv[++i]);
    };
    if (word == "--weights") {
      out.weights = next();
    } else if (word == "--cache") {
      out.cache = next();
    } else if (word == "--language") {
      out.language = next();
    } else if (word == "--set") {
      const std::string pair = next();
      const auto equals = pair.find('=');
      TROUPE_CHECK(equals != std::string::npos, "--set NAME=VALUE");
      out.set[pair.substr(0, equals)] = std::atof(pair.substr(equals + 1).c_str());
    } else if (word == "--day") {
      out.day = std::atoll(next().c_str());
    } else if (word == "--clock") {
      out.clock = pack::parse_clock(next());
    } else {
      plain.push_back(word);
    }
  }
  TROUPE_CHECK(plain.size() == 2,
               "usage: bench_talk_rules PACK LINES.jsonl [--weights GGUF] [--cache FILE] [--language FILE] "
               "[--day N] [--clock HH:MM]");
  out.pack = plain[0];
  out.lines = plain[1];
  return out;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Town {
 public:
  Town(const pack::Pack& pack, const talk::Language& language, const Options& options)
      : pack_(pack),
        vectors_(language.words, options.weights, options.cache),
        world_(talk::make_world(pack, language)) {
    vectors_.fill(known_, talk::texts_of(world_));
    talk::bind(world_, known_);
    for (const pack::Npc& npc : pack.npcs) {
      people_.push_back(talk::make_person(world_, npc));
      vectors_.fill(known_, talk::texts_of(people_.back()));
      talk::bind(people_.back(), known_);
      talk::drop_traits(world_, people_.back(), known_);
    }
    const auto least = options.weights.empty() ? talk::Thresholds::by_words() : talk::Thresholds();
    thresholds_ = talk::calibrate(world_, people_, known_, least);
    for (const auto& [name, value] : options.set) limit(name) = value;
    day_ = options.day.value_or(pack.world.start_day);
    clock_ = options.clock.value_or(pack.world.start_clock);
  }

  void print_thresholds() const {
    for (std::size_t i = 0; i < thresholds_.say.size(); ++i)
      std::cerr << talk::kFamilyNames[i] << " " << fmt::format("{:.3f}", thresholds_.say[i]) << "  ";
    std::cerr << "\n";
  }

  const talk::Person* person(const std::string& id) const {
    for (const auto& person : people_) {
      if (person.npc->id == id) return &person;
    }
    return nullptr;
  }
  talk::Scene scene(const talk::Person& person, const std::string& listener) const {
    talk::Scene out = talk::scene_of(pack_, *person.npc, day_, clock_);
    out.listener = listener;
    out.temperature_c = 8;  // of no region: the lines do not ask for degrees
    return out;
  }
  talk::Answer say(const talk::Person& person, talk::Scene& scene, const std::string& line, double* ms) {
    const auto began = std::chrono::steady_clock::now();
    const talk::Heard heard = talk::hear(world_, person, scene, line);
    talk::VectorTable table;
    vectors_.fill(table, talk::texts_of(heard));
    vectors_.fill(table, talk::texts_of(scene));
    talk::Answer out = talk::answer(world_, person, scene, heard, thresholds_, known_, table);
    if (ms != nullptr)
      *ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    for (std::string& sentence : talk::worth_keeping(world_.language->asking, heard.raw))
      scene.told.push_back({std::move(sentence), static_cast<std::int64_t>(scene.turn)});
    scene.said.push_back(out.text);
    scene.spoken = out.spoken;
    ++scene.turn;
    return out;
  }

 private:
  double& limit(const std::string& name) {
    for (std::size_t i = 0; i < talk::kFamilyNames.size(); ++i) {
      if (name == std::string(talk::kFamilyNames[i]) + "_say") return thresholds_.say[i];
    }
    const std::map<std::string, double*> limits{{"secret", &thresholds_.secret},
                                                {"player", &thresholds_.player},
                                                {"player_mine", &thresholds_.player_mine},
                                                {"act", &thresholds_.act},
                                                {"out", &thresholds_.out},
                                                {"nearest", &thresholds_.nearest},
                                                {"nearest_fact", &thresholds_.nearest_fact},
                                                {"nearest_me", &thresholds_.nearest_me},
                                                {"react", &thresholds_.react},
                                                {"own_line", &thresholds_.own_line},
                                                {"sure", &thresholds_.sure},
                                                {"out_sure", &thresholds_.out_sure},
                                                {"out_maybe", &thresholds_.out_maybe},
                                                {"told", &thresholds_.told},
                                                {"told_thing", &thresholds_.told_thing},
                                                {"told_kind", &thresholds_.told_kind},
                                                {"told_unclear", &thresholds_.told_unclear}};
    const auto found = limits.find(name);
    TROUPE_CHECK(found != limits.end(), "--set names a limit that is not known");
    return *found->second;
  }

  const pack::Pack& pack_;
  bench::KeptVectors vectors_;
  talk::World world_;
  talk::VectorTable known_;
  std::vector<talk::Person> people_;
  talk::Thresholds thresholds_;
  std::int64_t day_ = 1;
  pack::Clock clock_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const auto pack = pack::load_pack(options.pack);
  TROUPE_CHECK(pack.has_value(), pack::to_string(pack.error().front()).c_str());
  const auto language = options.language.empty()
                            ? talk::language_of(*pack)
                            : talk::load_language(options.language, read_file(options.language));
  TROUPE_CHECK(language.has_value(), pack::to_string(language.error().front()).c_str());
  Town town(*pack, *language, options);
  town.print_thresholds();
  std::ifstream lines(options.lines);
  for (std::string row; std::getline(lines, row);) {
    const auto line = nlohmann::json::parse(row);
    const talk::Person* person = town.person(line["npc"]);
    TROUPE_CHECK(person != nullptr, "a line names nobody of this pack");
    talk::Scene scene = town.scene(*person, line["id"]);
    for (const auto& before : line["before"]) town.say(*person, scene, before, nullptr);
    double ms = 0;
    const talk::Answer answer = town.say(*person, scene, line["line"], &ms);
    const nlohmann::json out{
        {"id", line["id"]},
        {"text", answer.text},
        {"way", std::string(talk::name_of(answer.way))},
        {"manner", std::string(talk::name_of(answer.manner))},
        {"why", answer.why},
        {"second", fmt::format("{} {:.2f}", answer.second_intent, answer.second_score)},
        {"ms", ms},
        {"phase", std::string(pack::name_of(scene.phase))},
        {"season", std::string(pack::name_of(scene.date->season))},
        {"weather", scene.weather ? std::string(pack::name_of(*scene.weather)) : "clear"}};
    std::cout << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }
}
