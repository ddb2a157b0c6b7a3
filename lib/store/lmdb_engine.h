// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/engine.h"

namespace bailee::store {

// What is known of a data file when its pages should be walked before LMDB reads them.
struct PreflightRequest {
  std::string data_file;
  bool unclean_shutdown = false;  // an opener died without closing, or LMDB could not go on
  bool short_tail = false;        // MetaPages::short_tail
  bool others_live = false;       // other processes have it open and may write meanwhile
  bool held_in_place = false;     // a transaction keeps them from reusing what is in use now
};

struct LmdbOptions {
  // Address space to reserve; costs neither disk nor memory.
  uint64_t map_bytes = uint64_t{64} << 30;
  // Where growing stops with kFull. At least map_bytes.
  uint64_t map_bytes_max = uint64_t{1} << 42;
  // Reader slots of the vault; the first opener decides.
  uint32_t readers_max = 1024;
  // How long a call waits for other openers, and for this process's snapshots to end when the map
  // must move.
  std::chrono::milliseconds busy_wait{1000};
  // Walks the pages before LMDB follows any of them, when there was an unclean shutdown or the file
  // is shorter than its head says; its error is the answer of the open. None: PreflightDataFile.
  std::function<Status(const PreflightRequest&)> preflight;

  // For tests: what the system would say.
  std::function<Result<int64_t>(const std::string& path)> filesystem_type;
  std::optional<uint64_t> pid_namespace;
};

// The engine on LMDB 0.9, every commit synced. The vault's directory holds `data.mdb`, `lock.mdb`
// and `openers`; no other code of the process may open the first two, because closing any
// descriptor of `lock.mdb` drops this process's locks.
//
// A process has one engine per file. Several processes may share it if they share one PID
// namespace. After a fork the child's engine answers kFailed "store.forked", and its destructor
// leaves the parent's locks and slots alone.
//
// All snapshots must end before the engine does; that is checked. A thread that holds a snapshot
// while it writes may get kBusy "store.snapshots-open" when the map must grow. After a write error
// LMDB cannot continue from, the engine reopens itself as soon as no snapshot is live; until then
// calls answer kFailed "store.reopen".

// Opens the vault in `directory`.
// Errors: kNoVault "store.not-a-vault"; kDamage "store.damaged"; kTooNew "store.too-new"; kBusy
// "store.open-twice", "store.opening", "store.foreign-pid-namespace", "store.openers-full"; kFailed
// "store.network-filesystem", "store.permission", "store.memory", "store.io" and their like.
Result<std::unique_ptr<Engine>> OpenLmdb(const std::string& directory, const LmdbOptions& options);

// Makes `directory` (0700, if it is not there; its parent must be) and in it an empty store (0600),
// durable with its name when this returns. A making that failed or crashed can be repeated.
// Errors: kConflict "store.exists" if there is a store already; else as OpenLmdb.
Result<std::unique_ptr<Engine>> CreateLmdb(const std::string& directory,
                                           const LmdbOptions& options);

}  // namespace bailee::store
