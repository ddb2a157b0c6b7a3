// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_registry.h"

#include <map>
#include <mutex>

#include "store/fork_guard.h"

namespace bailee::store {
namespace {

struct Registry {
  std::mutex mutex;
  // The fork generation of the claim: the entries of a parent mean nothing in its child.
  std::map<std::pair<dev_t, ino_t>, uint64_t> open;
};

Registry& TheRegistry() {
  static auto* const registry = new Registry;  // outlives every static engine
  return *registry;
}

}  // namespace

Result<OpenRegistration> OpenRegistration::Claim(dev_t device, ino_t inode) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const uint64_t generation = ForkGeneration();
  const auto [entry, added] = registry.open.try_emplace({device, inode}, generation);
  if (!added && entry->second == generation) {
    return Status(Code::kBusy, "store.open-twice", "this process has the vault open already",
                  "share the open vault between threads, or close it first");
  }
  entry->second = generation;
  return OpenRegistration(device, inode);
}

OpenRegistration::~OpenRegistration() {
  if (!live_) return;
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.open.erase({device_, inode_});
}

}  // namespace bailee::store
