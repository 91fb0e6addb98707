// Every setting there is. A row here is all that a new one takes: listing, checking, storing and pushing
// follow.
#include "services/settings/settings_rules.h"

namespace troupe::settings {

namespace {

Setting flag(std::string category, std::string key, bool standard, std::string summary,
             bool per_player = true) {
  return {.category = std::move(category),
          .key = std::move(key),
          .type = Type::boolean,
          .standard = standard,
          .choices = {},
          .summary = std::move(summary),
          .per_player = per_player};
}
Setting number(std::string category, std::string key, double standard, double minimum, double maximum,
               std::string summary, bool per_player = true) {
  return {.category = std::move(category),
          .key = std::move(key),
          .type = Type::number,
          .standard = standard,
          .minimum = minimum,
          .maximum = maximum,
          .choices = {},
          .summary = std::move(summary),
          .per_player = per_player};
}
Setting integer(std::string category, std::string key, double standard, double minimum, double maximum,
                std::string summary, bool per_player = true) {
  Setting made =
      number(std::move(category), std::move(key), standard, minimum, maximum, std::move(summary), per_player);
  made.type = Type::integer;
  return made;
}
Setting choice(std::string category, std::string key, std::vector<std::string> choices, std::string standard,
               std::string summary, bool per_player = true) {
  return {.category = std::move(category),
          .key = std::move(key),
          .type = Type::choice,
          .standard = std::move(standard),
          .choices = std::move(choices),
          .summary = std::move(summary),
          .per_player = per_player};
}
Setting text(std::string category, std::string key, std::string standard, std::string summary,
             bool per_player) {
  return {.category = std::move(category),
          .key = std::move(key),
          .type = Type::text,
          .standard = std::move(standard),
          .choices = {},
          .summary = std::move(summary),
          .per_player = per_player};
}

constexpr bool kForAll = false;  // not per player

}  // namespace

std::span<const Setting> all_settings() {
  static const std::vector<Setting> kSettings = {
      number("audio", "master_volume", .8, 0, 1, "Loudness of everything"),
      number("audio", "music_volume", .6, 0, 1, "Loudness of music"),
      number("audio", "effects_volume", .8, 0, 1, "Loudness of steps, doors and bells"),
      number("audio", "voice_volume", 1, 0, 1, "Loudness of people who speak"),
      number("audio", "ambience_volume", .7, 0, 1, "Loudness of wind, rain and sea"),
      flag("audio", "mute_unfocused", true, "Silence while the game is in the background"),
      choice("audio", "output", {"stereo", "surround", "headphones", "mono"}, "stereo", "How sound is mixed"),

      choice("video", "quality", {"low", "medium", "high", "ultra"}, "medium",
             "How much the picture may cost"),
      number("video", "resolution_scale", 1, .5, 2, "Rendered pixels against shown pixels, per axis"),
      integer("video", "frame_rate_max", 60, 30, 240, "Pictures a second at most"),
      flag("video", "vertical_sync", true, "Waits for the screen"),
      integer("video", "field_of_view", 90, 60, 120, "Width of the view in degrees"),
      number("video", "brightness", 1, .5, 1.5, "Brightness of the picture"),
      flag("video", "motion_blur", false, "Blurs what moves fast"),

      number("controls", "mouse_sensitivity", 1, .1, 5, "How far the view turns with the mouse"),
      flag("controls", "invert_y", false, "Up is down"),
      number("controls", "stick_dead_zone", .15, 0, .5, "How far a stick moves before it counts"),
      flag("controls", "vibration", true, "The controller shakes"),
      flag("controls", "hold_to_run", true, "Runs while the key is held, instead of switching"),

      flag("accessibility", "subtitles", true, "Shows what is said"),
      choice("accessibility", "subtitle_size", {"small", "medium", "large", "huge"}, "medium",
             "Size of subtitles"),
      choice("accessibility", "colour_filter", {"none", "protanopia", "deuteranopia", "tritanopia"}, "none",
             "Colours for eyes that see fewer"),
      flag("accessibility", "reduce_motion", false, "Less movement in menus and camera"),
      flag("accessibility", "high_contrast", false, "Strong outlines and plain backgrounds"),
      flag("accessibility", "text_to_speech", false, "Reads menus and lines aloud"),
      number("accessibility", "camera_shake", 1, 0, 1, "How much the camera shakes"),

      integer("ai", "talk_deadline_ms", 15'000, 1000, 60'000, "How long an answer may take", kForAll),
      integer("ai", "choose_deadline_ms", 1500, 50, 10'000, "How long a choice may take", kForAll),
      number("ai", "initiative", .5, 0, 1,
             "How readily people begin to talk by themselves; the server does not read it yet", kForAll),
      flag("ai", "reflection", true, "People think about their day in the evening", kForAll),
      text("ai", "language", "en", "Language that people answer in; the server does not read it yet", true),

      integer("world", "players_max", 1000, 1, 10'000, "Players with a socket at the same time", kForAll),
      text("world", "message_of_the_day", "", "What players read when they come in", kForAll),
  };
  return kSettings;
}

std::span<const Tier> all_tiers() {
  static const std::vector<Tier> kTiers = {
      {"free", 1, 100, {"text_talk", "quests"}},
      {"premium", 3, 1000, {"text_talk", "quests", "voice_talk", "own_look"}},
      {"whale", 10, 10'000, {"text_talk", "quests", "voice_talk", "own_look", "own_home", "early_access"}},
  };
  return kTiers;
}

}  // namespace troupe::settings
