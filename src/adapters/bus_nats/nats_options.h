#pragma once
// How a connection to NATS is made: waits, reconnection, login, TLS; and what a connection that failed means for a person.
#include <nats/nats.h>

#include <filesystem>
#include <memory>
#include <string>

#include "adapters/bus_nats/address.h"
#include "rt/clock.h"

namespace troupe::bus {

inline constexpr rt::milliseconds kNatsConnectMax{2'000};

template <auto destroy>
struct DestroyNats {
  template <class T>
  void operator()(T* it) const {
    destroy(it);
  }
};
using NatsOptions = std::unique_ptr<natsOptions, DestroyNats<natsOptions_Destroy>>;

struct NatsCallbacks {
  void* closure = nullptr;
  natsErrHandler error = nullptr;
  natsConnectionHandler disconnected = nullptr;
  natsConnectionHandler reconnected = nullptr;
  natsConnectionHandler closed = nullptr;
  natsSignatureHandler sign = nullptr;
};

Result<NatsOptions> nats_options(const NatsAddress& address, const NatsLogin& login,
                                 const std::filesystem::path& ca_file, const NatsCallbacks& callbacks);

Error why_no_nats(const std::string& where, natsStatus status);

}  // namespace troupe::bus
