// What is built in: release dates and features of the engines that the clients are written for.
#include "services/capabilities/engine_rules.h"

namespace troupe::capabilities {

namespace {

struct Version {
  const char* engine;
  const char* version;
  const char* released;
};

struct Row {
  const char* engine;
  const char* category;
  const char* name;
  const char* summary;
  const char* introduced;
  const char* deprecated;
  std::map<std::string, std::string> parameters;
};

std::vector<pb::EngineVersion> engines_of(std::span<const Version> rows) {
  std::vector<pb::EngineVersion> engines;
  for (const auto& row : rows) {
    auto& engine = engines.emplace_back();
    engine.set_engine(row.engine);
    engine.set_version(row.version);
    engine.set_released(row.released);
  }
  return engines;
}

std::vector<pb::Feature> features_of(std::initializer_list<Row> rows) {
  std::vector<pb::Feature> features;
  for (const auto& row : rows) {
    auto& feature = features.emplace_back();
    feature.set_engine(row.engine);
    feature.set_category(row.category);
    feature.set_name(row.name);
    feature.set_summary(row.summary);
    feature.set_introduced(row.introduced);
    feature.set_deprecated(row.deprecated);
    feature.mutable_parameters()->insert(row.parameters.begin(), row.parameters.end());
  }
  return features;
}

}  // namespace

std::span<const pb::EngineVersion> built_in_engines() {
  static constexpr Version kRows[] = {
      {"godot", "4.0", "2023-03-01"},  {"godot", "4.1", "2023-07-06"},  {"godot", "4.2", "2023-11-30"},
      {"godot", "4.3", "2024-08-15"},  {"godot", "4.4", "2025-03-03"},  {"unreal", "5.0", "2022-04-05"},
      {"unreal", "5.1", "2022-11-15"}, {"unreal", "5.2", "2023-05-11"}, {"unreal", "5.3", "2023-09-06"},
      {"unreal", "5.4", "2024-04-23"}, {"unreal", "5.5", "2024-11-12"},
  };
  static const auto kEngines = engines_of(kRows);
  return kEngines;
}

std::span<const pb::Feature> built_in_features() {
  static const auto kFeatures = features_of({
      // ---- Unreal: rendering
      {"unreal",
       "rendering",
       "nanite",
       "Very dense meshes without hand-made levels of detail",
       "5.0",
       "",
       {{"fallback_percent", "share of triangles kept where it is not supported"}}},
      {"unreal",
       "rendering",
       "lumen",
       "Light that bounces and reflects at once when the scene or the sun changes",
       "5.0",
       "",
       {{"software_tracing", "distance fields instead of ray tracing hardware"}}},
      {"unreal",
       "rendering",
       "virtual_shadow_maps",
       "Sharp shadows from near to far for dense scenes",
       "5.0",
       "",
       {}},
      {"unreal",
       "rendering",
       "temporal_super_resolution",
       "Renders small and shows large, frame after frame",
       "5.0",
       "",
       {{"screen_percentage", "resolution that is really rendered"}}},
      {"unreal",
       "rendering",
       "substrate",
       "Materials as layers of matter: wet stone, coated wood, dusty glass",
       "5.2",
       "",
       {}},
      {"unreal",
       "rendering",
       "nanite_tessellation",
       "Displaces dense meshes while rendering: cobbles, snow, bark",
       "5.4",
       "",
       {}},
      {"unreal",
       "rendering",
       "many_lights",
       "Hundreds of shadow casting lanterns and lamps in one view",
       "5.5",
       "",
       {}},
      // ---- Unreal: audio
      {"unreal",
       "audio",
       "metasounds",
       "Sounds as graphs that are computed while they play: wind, rain, engines",
       "5.0",
       "",
       {}},
      {"unreal", "audio", "quantised_playback", "Starts sounds and music on the beat", "5.0", "", {}},
      // ---- Unreal: physics
      {"unreal",
       "physics",
       "chaos_destruction",
       "Breaks walls and crates into pieces that keep their weight",
       "5.0",
       "",
       {{"cluster_levels", "how many times a piece breaks again"}}},
      {"unreal", "physics", "chaos_cloth", "Cloth for flags, sails and coats", "5.0", "", {}},
      {"unreal", "physics", "fluid_simulation", "Water and smoke on a grid near the camera", "5.0", "", {}},
      // ---- Unreal: ai
      {"unreal",
       "ai",
       "state_tree",
       "Behaviour of people as a tree of states with conditions",
       "5.0",
       "",
       {}},
      {"unreal",
       "ai",
       "mass_crowds",
       "Thousands of simple people and animals as data, not as actors",
       "5.0",
       "",
       {{"actors_near", "how many near the player become full actors"}}},
      {"unreal",
       "ai",
       "smart_objects",
       "Places that tell people how to use them: benches, stalls, doors",
       "5.0",
       "",
       {}},
      {"unreal", "ai", "neural_networks", "Runs small networks in the game itself", "5.2", "", {}},
      {"unreal", "ai", "learning_agents", "Trains behaviour by reward and by imitation", "5.3", "", {}},
      // ---- Unreal: world building, animation
      {"unreal",
       "world_building",
       "world_partition",
       "Streams one large world by cells",
       "5.0",
       "",
       {{"cell_metres", "size of a cell"}}},
      {"unreal",
       "world_building",
       "world_composition",
       "Streams a large world from many level files",
       "4.2",
       "5.0",
       {}},
      {"unreal",
       "world_building",
       "data_layers",
       "Switches parts of the world: day and night, peace and war",
       "5.0",
       "",
       {}},
      {"unreal",
       "world_building",
       "procedural_content",
       "Grows forests, streets and rubble from rules",
       "5.2",
       "",
       {}},
      {"unreal",
       "animation",
       "control_rig",
       "Rigs that are posed in the editor and in the game",
       "5.0",
       "",
       {}},
      {"unreal", "animation", "retargeting", "Gives the motion of one skeleton to another", "5.0", "", {}},
      {"unreal",
       "animation",
       "motion_matching",
       "Picks the next pose from recorded motion by where the body goes",
       "5.4",
       "",
       {}},
      // ---- Godot
      {"godot",
       "rendering",
       "sdf_global_illumination",
       "Light that bounces in large open scenes without baking",
       "4.0",
       "",
       {}},
      {"godot",
       "rendering",
       "voxel_global_illumination",
       "Light that bounces indoors, baked into voxels",
       "4.0",
       "",
       {}},
      {"godot",
       "rendering",
       "volumetric_fog",
       "Fog that lights and shadows shine through",
       "4.0",
       "",
       {{"density", "how thick it is"}}},
      {"godot",
       "audio",
       "interactive_music",
       "Goes from one piece of music to another at the right bar",
       "4.3",
       "",
       {}},
      {"godot", "physics", "jolt_physics", "A second physics engine for many stacked bodies", "4.4", "", {}},
      {"godot", "physics", "physics_interpolation", "Smooth motion between physics steps", "4.3", "", {}},
      {"godot",
       "ai",
       "navigation_server",
       "Finds ways on meshes that are baked while the game runs",
       "4.0",
       "",
       {}},
      {"godot", "ai", "crowd_avoidance", "People step around each other while they walk", "4.1", "", {}},
      {"godot", "world_building", "tile_map", "A level from tiles, all layers in one node", "4.0", "4.3", {}},
      {"godot",
       "world_building",
       "tile_map_layers",
       "A level from tiles, a node for each layer",
       "4.3",
       "",
       {}},
      {"godot", "animation", "animation_mixer", "One base for players and trees of animation", "4.2", "", {}},
      {"godot",
       "animation",
       "skeleton_modifiers",
       "Changes poses after animation: looking, reaching, springing",
       "4.3",
       "",
       {}},
  });
  return kFeatures;
}

}  // namespace troupe::capabilities
