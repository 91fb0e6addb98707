#pragma once
// The engine that needs no model: what a character does when no model is there, none is affordable, or none
// would be in time. Deterministic: the same request gives the same answer, on every machine.
//
// choose()    Utility: how much an option's words overlap with the scene and the context, plus a small draw
// that depends on
//             the request only, so that characters differ. Method "reflex", a few microseconds.
// generate()  One of the lines that the owner wrote, picked by the request's seed and messages. Grammars are
// not obeyed
//             (the lines are what they are); tokens_max cuts at words.
// embed()     `unavailable` engine.no_model.
// Deadline    None is refused: this engine answers when it is too late for the others.
// Owner       Whoever called make_reflex_engine(). io thread; never suspends, so nothing waits and nothing is
//             bounded but the request: Limits::options_max options, kTextMax bytes of scene and context that
//             are read.
#include <memory>
#include <string>
#include <vector>

#include "ports/engine.h"

namespace troupe::engine {

struct ReflexConfig {
  // Lines for generate(), without names or facts, and words of no language; at least one.
  std::vector<std::string> lines = {"Hm.", "Hm?", "Mm.", "..."};
  Limits limits;
  std::uint64_t seed = 0;
};

std::unique_ptr<Engine> make_reflex_engine(ReflexConfig config);

}  // namespace troupe::engine
