#pragma once
// What the loader fills file by file, and what it must still look up once all files are read. Internal to the
// room.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pack/pack_yaml.h"

namespace troupe::pack {

enum class Thing {
  region,
  place,
  feature,
  feature_kind,
  npc,
  fact,
  faction,
  good,
  good_kind,
  verb,
  month,
  archetype
};
std::string_view label_of(Thing thing);  // "place"

// A name that must turn out to be something.
struct Reference {
  Thing thing = Thing::place;
  std::string name;
  Source at;
  std::vector<std::string> also;  // other names that would have been right here: a verb's parameters, 'self'
};

// Text that anybody may get to read, or that stands in every prompt of an NPC: no secret may be in it.
struct OpenText {
  std::string what;  // "the persona of 'marta'"
  std::string text;
  std::string fact;  // the fact it words, which matters only while that fact is not a secret
  Source at;
};

// `lamp.lit` somewhere in a verb: a kind of feature must have that key, with a value of that type.
struct StateKey {
  std::string feature_kind;
  std::string key;
  Value value;
  Source at;
};

struct Draft {
  explicit Draft(const PackLimits& l) : limits(l), report(l.problems) {}

  const PackLimits& limits;
  Pack pack;
  Report report;
  std::vector<Reference> references;
  std::vector<OpenText> open_texts;
  std::vector<StateKey> state_keys;
  std::map<std::pair<std::string, std::string>, Source> spots;    // ("neighbour of quay", "harbour") -> where
  std::map<std::pair<std::string, std::string>, Source> defined;  // ("place", "quay") -> where
  std::set<std::string> unread_npcs;    // files in npcs/ that could not be read: they are taken to be people
  bool ways_are_broken = false;         // something about ways has been reported; what follows from it is not
  std::set<std::string> broken_places;  // in which something has been reported: where they lead is not known
  std::set<Thing> unread;  // whose file could not be read: a missing name is then no mistake of its own

  // Reports a second definition of the same id.
  void define(std::string_view label, const std::string& id, const Source& at);
  void refer(Thing thing, const std::string& name, const Source& at, std::vector<std::string> also = {});
  void open(std::string what, std::string text, const Source& at, std::string fact = {});
  void spot(std::string what, const std::string& name, const Source& at) {
    spots[{std::move(what), name}] = at;
  }
  Source spot_of(const std::string& what, const std::string& name, const Source& otherwise) const;

  // The text of a reference, registered for the check at the end.
  template <class AnyId>
  AnyId read_ref(const Cursor& cursor, Thing thing, std::string_view what) {
    std::string name = cursor.identifier(what);
    refer(thing, name, cursor.at());
    return AnyId(std::move(name));
  }
  template <class AnyId>
  AnyId read_ref(Fields& fields, std::string_view key, Thing thing) {
    const auto found = fields.required(key);
    return found ? read_ref<AnyId>(*found, thing, key) : AnyId();
  }
  template <class AnyId>
  AnyId read_ref_or_none(Fields& fields, std::string_view key, Thing thing) {
    const auto found = fields.optional(key);
    return found ? read_ref<AnyId>(*found, thing, key) : AnyId();
  }
  // A list of references; the same name twice is a mistake.
  template <class AnyId>
  std::vector<AnyId> read_refs(const std::vector<Cursor>& items, Thing thing, std::string_view what) {
    std::vector<AnyId> out;
    for (const Cursor& item : items) {
      AnyId id = read_ref<AnyId>(item, thing, what);
      if (!id) continue;
      if (std::ranges::find(out, id) != out.end()) {
        item.problem("'" + id.str() + "' is in this list twice");
        continue;
      }
      out.push_back(std::move(id));
    }
    return out;
  }
};

// Short texts of a list: other names, questions.
std::vector<std::string> read_short_texts(const std::vector<Cursor>& items, std::string_view what);

// As load_pack() of pack.h; notes what is asked for.
std::expected<Pack, std::vector<Problem>> load_pack(const std::filesystem::path& root,
                                                    const PackLimits& limits, Schema* schema);

// One function per file or folder; each reports what is wrong and goes on.
void read_world(const Cursor& root, Draft& draft);
void read_calendar(const Cursor& root, Draft& draft);
void read_climate(const Cursor& root, Draft& draft);
void read_places(const Cursor& root, Draft& draft);
void read_factions(const Cursor& root, Draft& draft);
void read_goods(const Cursor& root, Draft& draft);
void read_facts(const Cursor& root, Draft& draft);
void read_npc(const Cursor& root, const std::string& file_stem, Draft& draft);
void read_verbs(const Cursor& root, Draft& draft);
// What a verb means to those who see it: nature, feels, mood, threat.
void read_meaning(Fields& fields, Verb& verb);
// `wears` and `archetypes` of verbs.yaml.
void read_wears(Fields& fields, Draft& draft);
void read_archetypes(Fields& fields, Draft& draft);
void read_lore(const std::string& file, const std::string& text, Draft& draft);

// What can only be seen across files; each assumes nothing that an earlier one has reported.
void check_references(Draft& draft);
void check_calendar_and_climate(Draft& draft);
void check_map(Draft& draft);
void check_names(Draft& draft);
void check_routines(Draft& draft);
void check_routine_verbs(Draft& draft);
void check_state_keys(Draft& draft);
void check_holders(Draft& draft);  // also joins Npc::knows into Fact::holders
void check_secrets(Draft& draft);
void check_mysteries(Draft& draft);

}  // namespace troupe::pack
