// A pack's YAML.
#include "fuzz.h"
#include "pack/pack_yaml.h"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  pack::Report report(50);
  const auto node = pack::parse_yaml("fuzz.yaml", text, {}, report);
  fuzz::must(node.has_value() || !report.empty());
  if (node) (void)pack::Cursor(*node, text, report).map("a mapping");
  fuzz::must(report.take().size() <= 51);
  return 0;
}
