#pragma once
// How a grade is said to people, by `models judge` and by `models ls`. Pure.
#include <string>

#include "cli/rpc.h"

namespace troupe::cli {

// Of a ModelGrade in JSON: "ground 0.90  told 0.75  ...  choices 0.83 of 59, 45 ms, p99 120 ms"; "" of none.
std::string grade_in_words(const Json& grade);

}  // namespace troupe::cli
