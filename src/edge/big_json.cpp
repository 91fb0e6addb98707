#include "edge/big_json.h"

namespace troupe::edge {

Task<std::string> BigJson::make(std::size_t bytes, Caller who, std::function<Result<std::string>()> make) {
  if (bytes < kBigBytes) co_return make();
  CO_TRY(const auto pass, co_await gate_.enter(role_name(who.role) + "/" + who.name, who.deadline));
  co_return co_await pool_.run<std::string>(env_, std::move(make));
}

}  // namespace troupe::edge
