// What one person can be asked beside what all can: facts, what they tell of themselves, names that only
// facts use.
#include <algorithm>

#include "pack/query.h"
#include "talk/ask_maker.h"
#include "talk/reading.h"
#include "talk/scene.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kSentenceWords = 3;  // content words of a sentence that can be found by itself
constexpr double kAuthorBonus = .001;      // an author's question before one that is as near

std::string joined_text(const std::string& plain, const std::string& own) {
  return own.empty() || own == plain ? plain : plain + " " + own;
}

std::vector<std::size_t> things_in(const World& world, std::string_view text) {
  std::vector<std::size_t> out;
  for (const auto& found : world.things.link(text)) out.push_back(found.thing);
  return out;
}

// A name behind an article, or one that is also the town's, is no person's: "the Glass Waste".
bool may_be_a_person(const World& world, const std::string& name, std::string_view text) {
  const Words& words = world.language->words;
  const std::string folded = fold(name);
  if (fold(world.pack->world.title).contains(folded)) return false;
  const auto all = tokens(text);
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (folded.starts_with(all[i].folded) && words.articles.contains(all[i - 1].folded)) return false;
  }
  return true;
}

Named named_of(const World& world, const pack::Npc& npc) {
  Named out;
  out.names = name_words(world.language->words, npc.name);
  // A title is part of the name where the persona begins with it.
  for (const Token& token : tokens(npc.name)) {
    if (!is_among(out.names, token.text)) out.names.push_back(token.text);
  }
  out.pronoun = pronoun_of(world.language->saying.first_person, npc.persona);
  for (const Thing& thing : world.things.all()) {
    const bool other =
        (thing.type == ThingType::person && thing.id != npc.id.str()) || thing.type == ThingType::name;
    if (!other || (thing.type == ThingType::name && !may_be_a_person(world, thing.name, npc.persona)))
      continue;
    for (std::string& word : name_words(world.language->words, thing.name))
      out.others.push_back(std::move(word));
  }
  return out;
}

class PersonMaker {
 public:
  PersonMaker(const World& world, const pack::Npc& npc)
      : world_(world), language_(*world.language), maker_(world), npc_(npc), named_(named_of(world, npc)) {
    out_.npc = &npc;
    out_.first_name = short_name(language_.words, npc.name);
  }

  Person make(const std::vector<Known>& learned) {
    trade();
    about();
    names();
    facts(learned);
    lore();
    return std::move(out_);
  }

 private:
  std::size_t add(Item item) {
    item.stems.merge(stems(language_.words, item.joined));
    std::set<ThingType> types;
    for (const std::size_t thing : things_in(world_, item.joined)) types.insert(world_.things.at(thing).type);
    item.answers = answered_by(language_.asking, fold(item.joined), types);
    out_.items.push_back(std::move(item));
    return out_.items.size() - 1;
  }
  void ask(std::string text, std::string intent, Family family, std::size_t item, bool by_author = false) {
    Ask one = maker_.ask(std::move(text), std::move(intent), family);
    one.item = item;
    one.by_author = by_author;
    if (by_author) one.penalty = -kAuthorBonus;
    out_.asks.push_back(std::move(one));
  }

  void trade() {
    const auto all = sentences(npc_.persona);
    if (!all.empty())
      out_.trade = sentence_in_first_person(language_.saying.first_person, all.front(), named_).value_or("");
  }
  void about() {
    for (const pack::About& about : npc_.about) me(about.says, about.asks, true);
    if (!npc_.about.empty()) return;
    for (const std::string& sentence : sentences(npc_.persona)) {
      const auto said = sentence_in_first_person(language_.saying.first_person, sentence, named_);
      if (said) me(*said, {}, false);
    }
  }
  void me(const std::string& says, const std::vector<std::string>& asks, bool by_author) {
    Item item;
    item.kind = Item::Kind::me;
    item.id = "me";
    item.says = item.joined = says;
    item.own_words = by_author;
    const std::size_t index = add(std::move(item));
    ask(says, "me", Family::me, index);
    for (std::string& clause : clauses(language_.saying.first_person, says))
      ask(std::move(clause), "me", Family::me, index);
    for (const std::string& text : asks) ask(text, "me", Family::me, index, true);
  }

  bool holds(const pack::Fact& fact) const {
    return fact.is_public ||
           std::ranges::any_of(npc_.knows, [&](const auto& k) { return k.fact == fact.id; }) ||
           pack::knows(fact, npc_.id);
  }

  // Names that only facts use: said is the first open fact that has them.
  void names() {
    for (std::size_t i = 0; i < world_.things.all().size(); ++i) {
      const Thing& thing = world_.things.at(i);
      if (thing.type != ThingType::name) continue;
      const auto fact = std::ranges::find_if(world_.pack->facts, [&](const pack::Fact& f) {
        return !f.secret && holds(f) && is_among(things_in(world_, f.text), i);
      });
      if (fact == world_.pack->facts.end()) continue;
      Item item;
      item.kind = Item::Kind::name;
      item.id = fact->id.str();
      item.says = item.joined = fact->text;
      // The town's own name is answered by what it is.
      const auto of_town = sentences(world_.pack->world.text);
      if (!of_town.empty() && fold(world_.pack->world.title).contains(fold(thing.name)))
        item.says = item.joined = of_town.front();
      const std::size_t index = add(std::move(item));
      const Intent* who = language_.intent("person.who");
      std::vector<std::string> texts = language_.asking.names;
      if (who != nullptr) texts.insert(texts.begin(), who->asks.begin(), who->asks.end());
      for (const std::string& text : texts) {
        Ask one = maker_.slot_ask(text, thing.name, "P", i, "name.who", Family::slot);
        one.item = index;
        out_.asks.push_back(std::move(one));
      }
      for (const Intent& intent : language_.intents) {
        if (intent.source != Source::known || intent.slot != Slot::person) continue;
        for (const std::string& text : intent.asks)
          out_.asks.push_back(maker_.slot_ask(text, thing.name, "P", i, intent.id, Family::slot));
      }
    }
  }

  // What everybody knows of the town and of its money, of its places and its groups.
  void lore() {
    constexpr double kBehindFacts = .04;
    for (std::size_t i = 0; i < world_.things.all().size(); ++i) {
      const Thing& thing = world_.things.at(i);
      const auto* place = thing.type == ThingType::place ? world_.pack->place(thing.id) : nullptr;
      const auto* group = thing.type == ThingType::faction ? world_.pack->faction(thing.id) : nullptr;
      if (place == nullptr && group == nullptr) continue;
      for (const std::string& sentence : sentences(place != nullptr ? place->text : group->text))
        lore_of(i, sentence);
    }
    auto all = sentences(world_.pack->world.text);
    for (std::string& sentence : sentences(world_.pack->world.money.text)) all.push_back(std::move(sentence));
    for (const std::string& sentence : all) {
      Item item;
      item.kind = Item::Kind::lore;
      item.id = world_.pack->world.name;
      item.says = item.plain = item.joined = sentence;
      item.things = things_in(world_, sentence);
      ask(sentence, "lore", Family::fact, add(std::move(item)));
      out_.asks.back().penalty = kBehindFacts;
    }
  }

  void lore_of(std::size_t thing, const std::string& sentence) {
    constexpr double kBehindTown = .08;
    Item item;
    item.kind = Item::Kind::lore;
    item.id = world_.things.at(thing).id;
    item.plain = item.joined = sentence;
    // "It owns the rails." says nothing by itself.
    const std::string& name = world_.things.at(thing).name;
    const bool begins = language_.asking.joined.find_any(fold(sentence));
    item.says = begins ? upper_first(name) + "? " + sentence : sentence;
    item.stems = world_.things.at(thing).stems;
    item.things = {thing};
    ask(sentence, "lore", Family::fact, add(std::move(item)));
    out_.asks.back().penalty = kBehindTown;
  }

  void facts(const std::vector<Known>& learned) {
    for (const pack::Fact& fact : world_.pack->facts) {
      const auto own = std::ranges::find(npc_.knows, fact.id, &pack::Knows::fact);
      const auto told = std::ranges::find(learned, fact.id, &Known::fact);
      const bool of_pack = holds(fact);
      if (!of_pack && told == learned.end()) continue;
      std::string says = own == npc_.knows.end() ? std::string() : own->says;
      if (says.empty() && told != learned.end()) says = told->says;
      Item item;
      item.kind = fact.secret ? Item::Kind::secret : Item::Kind::fact;
      item.id = fact.id.str();
      item.plain = fact.text;
      item.own_words = !says.empty() && !fact.secret;
      if (!of_pack) item.source = told->source;
      item.joined = fact.secret ? fact.text : joined_text(fact.text, says);
      if (says.empty() && !fact.reveal.empty()) says = fact.reveal;
      if (says.empty()) says = of_me(fact.text);
      item.says = std::move(says);
      std::string topics;
      for (const std::string& topic : fact.topics) topics += topic + " ";
      item.stems = stems(language_.words, topics);
      item.things = things_in(world_, fact.text + " " + topics);
      const std::string intent = fact.secret ? "secret" : "fact";
      const Family family = fact.secret ? Family::secret : Family::fact;
      const std::size_t index = add(std::move(item));
      ask(fact.text, intent, family, index);
      // In their own words there may be more than in the fact.
      if (out_.items[index].own_words) {
        const auto own_sentences = sentences(out_.items[index].says);
        for (const std::string& sentence : own_sentences) {
          if (content_words(language_.words, sentence).size() >= kSentenceWords)
            part_of_fact(sentence, intent, family, index);
        }
      }
      for (const std::string& text : fact.asks) ask(text, intent, family, index, true);
    }
  }
  void part_of_fact(const std::string& sentence, const std::string& intent, Family family, std::size_t item) {
    constexpr double kBehindWhole = .04;
    ask(sentence, intent, family, item);
    out_.asks.back().penalty = kBehindWhole;
  }
  // A fact about oneself is said of oneself, as far as a rule can.
  std::string of_me(const std::string& text) const {
    return sentence_in_first_person(language_.saying.first_person, text, named_).value_or(text);
  }

  const World& world_;
  const Language& language_;
  AskMaker maker_;
  const pack::Npc& npc_;
  Named named_;
  Person out_;
};

}  // namespace

std::optional<std::string> activity_said(const World& world, const pack::RoutineEntry& entry) {
  if (!entry.says.empty()) return entry.says;
  return activity_in_first_person(world.language->saying.first_person, entry.activity);
}

Person make_person(const World& world, const pack::Npc& npc, const std::vector<Known>& learned) {
  return PersonMaker(world, npc).make(learned);
}

}  // namespace troupe::talk
