#pragma once
// Debian 12's Vulkan headers (1.3.239) lack the three types of VK_EXT_layer_settings that ggml-vulkan.cpp
// names. It only uses them for the validation layers, which a build without GGML_VULKAN_VALIDATE never turns
// on. Included in front of its files; with newer headers it is empty.
#include <vulkan/vulkan_core.h>

#ifndef VK_EXT_layer_settings
#include <cstdint>
#include <vector>

namespace vk {

enum class LayerSettingTypeEXT { eBool32 = 0 };

struct LayerSettingEXT {
  const char* pLayerName;
  const char* pSettingName;
  LayerSettingTypeEXT type;
  std::uint32_t valueCount;
  const void* pValues;
};

// As it lies in memory in the Vulkan specification: a driver reads `sType` and goes on to `pNext`.
struct LayerSettingsCreateInfoEXT {
  explicit LayerSettingsCreateInfoEXT(const std::vector<LayerSettingEXT>& settings)
      : settingCount(static_cast<std::uint32_t>(settings.size())), pSettings(settings.data()) {}
  VkStructureType sType = static_cast<VkStructureType>(1000496000);
  const void* pNext = nullptr;
  std::uint32_t settingCount;
  const LayerSettingEXT* pSettings;
};

}  // namespace vk
#endif
