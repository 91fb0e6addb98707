#pragma once
// To whom a line is put by name, where several stand together: "Pip, what did you see?", "What did you see,
// Pip?". Pure; any thread.
#include <span>
#include <string_view>

#include "talk/language.h"

namespace troupe::talk {

// The first of `present` who is called at the line's beginning, else at its end, set off from the rest; nullptr:
// nobody is. Who is only spoken of ("Where is Pip?", "Pip stole it.") is not called.
const pack::Npc* addressed(const Language& language, std::span<const pack::Npc* const> present,
                           std::string_view line);

}  // namespace troupe::talk
