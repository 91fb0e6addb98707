#pragma once
// The line protocol between a benchmark's script and our side of it: words in (a line, parted by tabs),
// figures out (a line of JSON, each figure a list of numbers). The program stays up between rounds, so that
// peers can run in between.
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::bench {

using Words = std::vector<std::string>;
using Figures = std::map<std::string, std::vector<double>>;
using Commands = std::map<std::string, std::function<Figures(const Words&)>>;

// Reads standard input to its end; the first word names the command, the others are handed to it. The exit
// status of main(): 2 at a command that is not there.
int answer_lines(const Commands& commands);

double median(std::vector<double> values);

}  // namespace troupe::bench
