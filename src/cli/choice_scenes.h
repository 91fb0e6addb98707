#pragma once
// What would a sensible person do? Some of the ordinary scenes of bench/choose, put to a model through a
// running server's router.Choose, and how often and how fast it was right. Reading and counting are pure.
#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "cli/rpc.h"
#include "pack/pack.h"

namespace troupe::cli {

struct ChoiceScene {
  std::string who;
  std::string scene;
  std::vector<std::string> options;
  std::vector<std::size_t> sensible;  // of the options
};

std::expected<std::vector<ChoiceScene>, std::vector<pack::Problem>> load_scenes(const std::string& file,
                                                                                const std::string& text);
// Every second scene of the people to whom nothing was fitted (every second person, see scenes.yaml): enough
// to tell models apart, and a minute or two for a model of 1.5B on two cores.
std::vector<ChoiceScene> suite_scenes();

struct ChoiceFigures {
  std::size_t asked = 0;  // and answered
  std::size_t right = 0;
  std::vector<double> ms;  // of each answer, as whoever calls sees it

  double share() const { return asked == 0 ? 0 : static_cast<double>(right) / static_cast<double>(asked); }
};

// A scene that is not answered counts for nothing: it says how busy the machine is, not how the model
// chooses. More than a tenth of them, or the first (a model that no tier has, one that cannot choose), is the
// error that the last of them had.
Result<ChoiceFigures> ask_scenes(HttpClient& client, const std::string& model,
                                 const std::vector<ChoiceScene>& scenes,
                                 const std::function<void(std::size_t done)>& tell);

}  // namespace troupe::cli
