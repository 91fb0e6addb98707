#include "services/npc/wishes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "services/npc/queries.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

constexpr std::size_t kVectorsMax = 4'000;           // of texts of options
constexpr std::size_t kLearnMax = 64;                // made while somebody waits; the rest with the next line
constexpr std::string_view kPriceOf = "good.price";  // an intent of every language
constexpr double kReactionSure =
    .5;  // from here on a reaction is one to the line, not to a word of a request
constexpr double kLooksLikeAWish = .8;  // of the form: from here on a wish may have no frame

// "minilm-l6-v2@d567.../384" -> "minilm-l6-v2"
std::string name_of_maker(const std::string& maker) { return maker.substr(0, maker.find('@')); }

std::optional<talk::ThingType> thing_type(pack::ParamType type, const std::string& value,
                                          const pack::Pack& pack) {
  switch (type) {
    case pack::ParamType::place:
      return talk::ThingType::place;
    case pack::ParamType::npc:
      return talk::ThingType::person;
    case pack::ParamType::person:
      return pack.npc(value) != nullptr ? std::optional(talk::ThingType::person) : std::nullopt;
    case pack::ParamType::item:
      return talk::ThingType::good;
    case pack::ParamType::feature:
      return talk::ThingType::feature;
    default:
      return std::nullopt;
  }
}

// What is told is the business of answers, and whose words a text would be, no line says.
bool can_be_wished(const pack::Verb& verb) {
  return std::ranges::none_of(verb.params, [](const auto& param) {
    return param.type == pack::ParamType::fact || param.type == pack::ParamType::text;
  });
}

// Whether a line is answered by nothing that was asked for: a reaction to a word of it, what is near to it, or an
// own line that only has words of it ("Ring the bell!", and how they once rang it).
bool is_free(const talk::Answer& answer) {
  const bool own_line = answer.way == talk::Way::written && !answer.was_question &&
                        !answer.evidence.empty() && answer.evidence.front().kind == "line";
  const bool sure = answer.intent.starts_with("act.") && answer.score >= kReactionSure;
  const bool weak = answer.way == talk::Way::small && !sure;
  return own_line || weak || answer.way == talk::Way::unknown || answer.way == talk::Way::nearest;
}

}  // namespace

Wishes::Wishes(const Ground& ground, const Minds& minds, Embedding& embedding)
    : pack_(ground.pack),
      language_(ground.language),
      host_(ground.host),
      config_(ground.config),
      minds_(minds),
      embedding_(embedding),
      by_meaning_(talk::built_in_form(language_.code, name_of_maker(config_.embedding_model))),
      by_words_(talk::built_in_form(language_.code, "")) {}

std::vector<talk::Candidate::Argument> Wishes::arguments(const pack::Verb& verb, const pb::Action& action,
                                                         const std::string& player,
                                                         const talk::World& world) const {
  std::vector<talk::Candidate::Argument> out;
  for (const auto& param : verb.params) {
    const auto given = action.args().find(param.name);
    if (given == action.args().end()) continue;
    const auto& value = given->second;
    auto& argument = out.emplace_back();
    argument.param = param.name;
    if (value == player || value == player_key(player)) {
      argument.is_speaker = true;
      continue;
    }
    const auto type = thing_type(param.type, value, pack_);
    const auto index = type ? world.things.find(*type, value) : talk::Things::npos;
    argument.names =
        index == talk::Things::npos ? std::vector{value} : talk::names_of(world.things.at(index));
  }
  return out;
}

// All that they could do now, not the first few of the pack; and what they would sell to somebody who could
// pay.
Wishes::Options Wishes::options(const std::string& npc, const std::string& player,
                                const talk::World& world) const {
  pb::CapabilitiesLegalRequest legal;
  legal.set_kind("npc");
  legal.set_actor(npc);
  legal.set_limit(config_.limits.options_weighed);
  legal.set_as_if_paid(true);
  legal.set_towards(player_key(player));
  Options out;
  const auto found = asked<pb::CapabilitiesLegalReply>(host_.timeline(), legal);
  if (!found) return out;
  for (const auto& option : found->options()) {
    const auto* verb = pack_.verb(option.action().verb());
    if (verb == nullptr || !can_be_wished(*verb)) continue;
    out.candidates.push_back(
        talk::candidate_of(*verb, option.text(), arguments(*verb, option.action(), player, world)));
    out.actions.push_back(option.action());
  }
  return out;
}

Task<void> Wishes::learn(Caller caller, std::vector<std::string> texts) {
  std::erase_if(texts, [&](const auto& text) { return vectors_.contains(text); });
  if (texts.empty()) co_return Result<void>();
  if (texts.size() > kLearnMax) texts.resize(kLearnMax);
  CO_TRY(auto made, co_await embedding_.of_all(caller, texts, Waiting::somebody));
  if (vectors_.size() > kVectorsMax) vectors_ = {};
  for (std::size_t i = 0; i < texts.size(); ++i) vectors_.add(texts[i], std::move(made[i]));
  co_return Result<void>();
}

Task<std::optional<Wished>> Wishes::of(Caller caller, std::string npc, std::string player,
                                       const Answered& answered) {
  const auto book = answered.book;
  const talk::WishLine line{.line = answered.meant,
                            .called = talk::name_words(language_.words, minds_.known(npc)->who->name),
                            .vector = answered.vector};
  if (!answered.is_speech || !talk::no_wish(language_, line.line).empty()) co_return std::nullopt;
  const auto options = this->options(npc, player, book->world);
  if (options.candidates.empty()) co_return std::nullopt;
  const auto& form = book->by_meaning && by_meaning_ ? by_meaning_ : by_words_;
  const auto* model = form ? &*form : nullptr;
  auto wish = talk::wish(language_, line, options.candidates, model, vectors_);
  if (wish.kind != talk::WishKind::act && wish.form >= kLooksLikeAWish && book->by_meaning) {
    const auto learned = co_await learn(caller, talk::texts_of(language_, options.candidates));
    if (!learned) log::debug("npc", "a wish is understood by its form: {}", learned.error().message);
    wish = talk::wish(language_, line, options.candidates, model, vectors_);
  }
  co_return decide(wish, options, answered, npc, player);
}

std::optional<Wished> Wishes::decide(const talk::Wish& wish, const Options& options, const Answered& answered,
                                     const std::string& npc, const std::string& player) const {
  Wished out{.kind = wish.kind, .why = "wish: " + wish.why};
  const auto& book = *answered.book;
  const auto& person = book.people.at(npc);
  switch (wish.kind) {
    case talk::WishKind::none:
      return std::nullopt;
    case talk::WishKind::nothing_fits: {
      // What has an answer is no wish: "Could you tell me where the inn is?"
      if (!is_free(answered.answer)) return std::nullopt;
      out.says =
          talk::written_line(book.world, person, answered.scene, pack::LineKind::refusal, answered.meant);
      out.why += "; nothing that they can do";
      return out;
    }
    case talk::WishKind::unclear: {
      std::vector<std::string> texts;
      for (const auto index : wish.may_mean) texts.push_back(options.candidates[index].text);
      out.says = talk::which_of(language_, texts);
      return out.says.empty() ? std::nullopt : std::optional(out);
    }
    case talk::WishKind::act:
      break;
  }
  out.action = options.actions[wish.candidate];
  count_as_said(answered.meant, out.action);
  answer_act(options.candidates[wish.candidate], answered, npc, player, out);
  return out;
}

// "Give me three herring": options are made with one.
void Wishes::count_as_said(const std::string& line, pb::Action& action) const {
  const auto* verb = pack_.verb(action.verb());
  const auto said = talk::numbers(language_.words, line);
  const auto number = std::ranges::find(verb->params, pack::ParamType::number, &pack::Param::type);
  if (number == verb->params.end() || said.empty() || said.front() < 1) return;
  (*action.mutable_args())[number->name] = std::to_string(said.front());
}

// A rule, no model's: words and deed follow from the same answer.
void Wishes::answer_act(const talk::Candidate& candidate, const Answered& answered, const std::string& npc,
                        const std::string& player, Wished& out) const {
  const auto& book = *answered.book;
  const auto& person = book.people.at(npc);
  const auto& scene = answered.scene;
  const auto say = [&](pack::LineKind kind) {
    out.says = talk::written_line(book.world, person, scene, kind, answered.meant);
  };
  const auto& feelings = scene.for_listener;
  const auto* verb = pack_.verb(out.action.verb());
  talk::Asked question{.deed = candidate.deed,
                       .trust = feelings.trust,
                       .affection = feelings.affection,
                       .fear = feelings.fear,
                       .anger = feelings.anger,
                       .agreeableness = person.npc->traits.agreeableness,
                       .trust_at_least = verb->trust_at_least};
  if (candidate.deed == talk::Deed::sell) {
    for (const auto& [name, value] : out.action.args()) {
      if (const auto price = scene.prices.find(pack::GoodId(value)); price != scene.prices.end())
        question.price = price->second;
    }
    question.purse = purse_of(player);
  }
  const auto consent = talk::consents(question);
  if (consent.does) {
    pb::CapabilitiesCheckRequest check;
    check.set_kind("npc");
    check.set_actor(npc);
    *check.mutable_action() = out.action;
    const auto verdict = asked<pb::Verdict>(host_.timeline(), check);
    if (!verdict || (!verdict->allowed() && verdict->asks().empty())) {
      out.why += "; not possible: " + (verdict ? verdict->message() : verdict.error().message);
      return say(pack::LineKind::refusal);
    }
  }
  out.does = consent.does;
  out.why += fmt::format("; {}: {}", talk::name_of(consent.says), consent.why);
  std::string priced;
  if (consent.says == talk::AnswerKind::price || consent.says == talk::AnswerKind::too_dear) {
    // And the price, in the words that the pack has for it.
    for (const auto& [name, value] : out.action.args()) {
      const auto price = talk::words_about(book.world, person, scene, kPriceOf, talk::ThingType::good, value);
      if (!price.empty()) priced = " " + price;
    }
  }
  say(consent.does ? pack::LineKind::consent : pack::LineKind::refusal);
  out.says += priced;
}

std::int64_t Wishes::purse_of(const std::string& player) const {
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  const auto document = asked<pb::StateDocument>(host_.timeline(), get);
  if (!document) return 0;
  const auto& fields = document->document().fields();
  const auto money = fields.find("money");
  return money == fields.end() ? 0 : static_cast<std::int64_t>(money->second.number_value());
}

}  // namespace troupe::npc
