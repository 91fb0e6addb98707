#pragma once
// How an engine with a grammar is led to what a schema asks for. What the grammar cannot say is left to the
// check after the answer; what it says is never wider than needed for that.
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troupe::schema {

struct Guide {
  // A schema of the simplest keywords, for a converter to GBNF. No pattern is in it, no reference that does
  // not resolve, no type twice.
  std::string schema;
  // Grammar rules of our own: the schema has constants in their places.
  struct Rule {
    std::string constant;  // as in the schema
    std::string gbnf;
    const char* broad;  // GBNF of any value of its type, for an engine to which `gbnf` is too much
  };
  std::vector<Rule> rules;
};

// Errors as of Schema::read().
Result<Guide> guide_of(std::string_view schema);

// Puts the rules into the grammar that was made of the schema: each constant's literal becomes a rule's name.
std::string with_rules(std::string grammar, const std::vector<Guide::Rule>& rules, bool broad = false);

}  // namespace troupe::schema
