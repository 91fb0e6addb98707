// bench_acts WORLDS.yaml LINES.jsonl [--weights GGUF] [--cache FILE] [--model NAME]: what the rules of
// src/talk make of the lines, without a server, as JSON lines for bench.py. Vectors are those of the
// embedding model, kept in the cache file; without weights there are none, and the form is judged by function
// words alone.
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "bench/acts/acts_lines.h"
#include "bench/harness/kept_vectors.h"

namespace {

using namespace troupe;

struct Options {
  std::string worlds, lines, weights, cache, model;
};

Options read_options(int argc, char** argv) {
  Options out;
  std::vector<std::string> plain;
  const std::map<std::string, std::string*> named{
      {"--weights", &out.weights}, {"--cache", &out.cache}, {"--model", &out.model}};
  for (int i = 1; i < argc; ++i) {
    const auto found = named.find(argv[i]);
    if (found == named.end()) {
      plain.emplace_back(argv[i]);
      continue;
    }
    TROUPE_CHECK(i + 1 < argc, "an option without its value");
    *found->second = argv[++i];
  }
  TROUPE_CHECK(plain.size() == 2,
               "usage: bench_acts WORLDS.yaml LINES.jsonl [--weights GGUF] [--cache FILE] [--model NAME]");
  out.worlds = plain[0];
  out.lines = plain[1];
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const auto language = talk::load_language("talk.en.yaml", std::string(talk::language_file("en")));
  TROUPE_CHECK(language.has_value(), pack::to_string(language.error().front()).c_str());
  const auto people = bench::load_act_people(options.worlds, *language);
  bench::KeptVectors vectors(language->words, options.weights, options.cache);
  const bool has_vectors = !options.weights.empty();
  talk::VectorTable known;
  if (has_vectors) {
    for (const auto& [name, person] : people)
      vectors.fill(known, talk::texts_of(*language, person.candidates));
  }
  const auto form = talk::built_in_form("en", has_vectors ? options.model : "");
  for (const auto& line : bench::load_act_lines(options.lines)) {
    const auto found = people.find(line.person);
    TROUPE_CHECK(found != people.end(), "a line names nobody of worlds.yaml");
    const bench::ActPerson& person = found->second;
    talk::WishLine heard = bench::heard_line(*language, person, line.line);
    if (has_vectors) {
      talk::VectorTable table;
      vectors.fill(table, {heard.line});
      heard.vector = table.of(heard.line);
    }
    const auto began = std::chrono::steady_clock::now();
    const talk::Wish wish = talk::wish(*language, heard, person.candidates, form ? &*form : nullptr, known);
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    const nlohmann::json out{{"person", line.person},
                             {"kind", line.kind},
                             {"line", line.line},
                             {"want", line.want},
                             {"wish", std::string(talk::name_of(wish.kind))},
                             {"did", wish.kind == talk::WishKind::act ? person.written[wish.candidate] : ""},
                             {"score", wish.score},
                             {"form", wish.form},
                             {"why", wish.why},
                             {"ms", ms}};
    std::cout << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }
}
