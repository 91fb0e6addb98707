#include "services/settings/world_settings.h"

#include "base/check.h"
#include "base/log.h"

namespace troupe {

using settings::Setting;
using settings::Value;

namespace {

const Setting* known(const std::string& name) {
  for (const auto& setting : settings::all_settings()) {
    if (setting.name() == name) return &setting;
  }
  return nullptr;
}

}  // namespace

WorldSettings::WorldSettings(Host& host)
    : host_(host),
      values_(host.timeline()),
      set_(values_.view<Value>([](const auto& record) { return settings::kept(record.value()); })) {}

void WorldSettings::mount() { host_.serve(&WorldSettings::heard, this); }

void WorldSettings::start() {
  auto subscribed = host_.bus().subscribe("evt.shared.settings.>", [this](const bus::Event& event) {
    pb::Envelope envelope;
    if (envelope.ParseFromString(event.payload))
      hear(envelope.type(), envelope.subject(), envelope.payload());
  });
  TROUPE_CHECK(subscribed.has_value(), "the shared timeline's events can be heard");
  shared_ = *std::move(subscribed);
  host_.spawn("settings catch up", [this] { return catch_up(); });
}

void WorldSettings::hear(std::string event, std::string subject, std::string payload) {
  pb::SettingsHeard command;
  command.set_event(std::move(event));
  command.set_subject(std::move(subject));
  command.set_payload(std::move(payload));
  waiting_.push_back(std::move(command));
  if (waiting_.size() > kWaitingMax) waiting_.pop_front();
  if (std::exchange(telling_, true)) return;
  host_.spawn("settings", [this] { return tell(); });
}

boost::asio::awaitable<void> WorldSettings::tell() {
  while (!waiting_.empty()) {
    const pb::SettingsHeard command = std::move(waiting_.front());
    waiting_.pop_front();
    const auto done = co_await host_.submit<pb::SettingsHeardReply>(Caller::server(), command);
    if (!done)
      log::warn("settings", "{} does not reach this world: {}", command.event(), done.error().message);
  }
  telling_ = false;
}

boost::asio::awaitable<void> WorldSettings::catch_up() {
  const auto all = co_await host_.call<pb::SettingsListReply>(Caller::server(), pb::SettingsListRequest());
  if (!all) {
    if (all.error().reason == "service.away") co_return;  // then the defaults hold
    log::warn("settings", "what is set is not known here: {}", all.error().message);
    co_return;
  }
  for (const auto& setting : all->settings()) {
    const std::string name = setting.category() + "." + setting.key();
    const Setting* row = known(name);
    if (row == nullptr ||
        settings::to_proto(value(name)).SerializeAsString() == setting.value().SerializeAsString())
      continue;
    pb::SettingChanged event;
    event.set_category(setting.category());
    event.set_key(setting.key());
    *event.mutable_value() = setting.value();
    hear(pb::SettingChanged::descriptor()->name(), name, event.SerializeAsString());
  }
}

Result<pb::SettingsHeardReply> WorldSettings::heard(Turn& turn, const Caller&,
                                                    const pb::SettingsHeard& command) {
  TRY(const EventType* type, find_event_type(command.event()));
  const auto event = new_message(type->message);
  if (type->info.service() != "settings" || !event->ParseFromString(command.payload()))
    return fail(Code::invalid_argument, "settings.bad_event", command.event() + " is none of settings");
  if (const auto* changed = dynamic_cast<const pb::SettingChanged*>(event.get())) {
    const std::string name = changed->category() + "." + changed->key();
    if (const Setting* setting = known(name)) {
      TRY(const Value next, settings::parse(*setting, changed->value(), {}));
      if (value(name) == next) return pb::SettingsHeardReply();
      if (next == setting->standard) {
        values_.erase(turn, name);
      } else {
        pb::WorldSettingRecord record;
        record.set_name(name);
        record.set_value(settings::to_text(next));
        values_.put(turn, std::move(record));
      }
    }
  }
  turn.emit(*event, {.subject = command.subject(), .place = {}});
  return pb::SettingsHeardReply();
}

const Value& WorldSettings::value(const std::string& name) const {
  if (const auto* found = set_.find(name)) return *found;
  const Setting* setting = known(name);
  TROUPE_CHECK(setting != nullptr, name.c_str());
  return setting->standard;
}

double WorldSettings::number(const std::string& name) const {
  const Value& found = value(name);
  if (const auto* is = std::get_if<bool>(&found)) return *is ? 1 : 0;
  return std::get<double>(found);
}
bool WorldSettings::flag(const std::string& name) const { return std::get<bool>(value(name)); }
const std::string& WorldSettings::text(const std::string& name) const {
  return std::get<std::string>(value(name));
}

}  // namespace troupe
