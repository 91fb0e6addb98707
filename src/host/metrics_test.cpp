#include "host/metrics.h"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CarryTheLabelsOfWhatTheyWereMadeThrough) {
  Metrics all;
  auto moor = all.labelled({{"world", "moor"}});
  moor.counter("troupe_x_total", "X", {{"kind", "a"}}).add(2);
  all.counter("troupe_y_total", "Y").add();
  EXPECT_THAT(all.text(), HasSubstr("troupe_x_total{kind=\"a\",world=\"moor\"} 2"));
  EXPECT_THAT(all.text(), HasSubstr("troupe_y_total 1"));
}

// A thousand worlds in one server are not a thousand lines of each kind.
TEST(Metrics, OfMoreWorldsThanThatAreTogether) {
  Metrics all;
  for (int i = 0; i < 1000; ++i) {
    auto world = all.labelled({{"world", "w" + std::to_string(i)}});
    for (int again = 0; again < 2; ++again) world.counter("troupe_x_total", "X").add();
  }
  EXPECT_THAT(all.text(), HasSubstr("troupe_x_total{world=\"w31\"} 2"));
  EXPECT_THAT(all.text(), Not(HasSubstr("\"w32\"")));
  EXPECT_THAT(all.text(), HasSubstr("troupe_x_total{world=\"others\"} 1936"));
}

}  // namespace
}  // namespace troupe
