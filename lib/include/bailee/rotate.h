// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bailee/clock.h"
#include "bailee/erase.h"
#include "bailee/export.h"
#include "bailee/keyring.h"
#include "bailee/status.h"

// The next version of a key, while the vault is in use. See Vault::BeginRotation.
namespace bailee {

// How far a rotation is.
struct RotationState {
  enum class Step : uint8_t {
    kRunning = 1,    // both versions open; not everything has the new one yet
    kReady = 2,      // both versions open; everything has the new one
    kFinishing = 3,  // the old version is retired; what was under it goes
  };
  std::string key;  // "purpose/billing", "storage", "index/payment_card.pan/billing", "log", …
  uint16_t from = 0;
  uint16_t to = 0;
  Step step = Step::kRunning;
  bool leaked = false;
  Timestamp begun_at;
  uint64_t rows = 0;  // sealed again or made so far, in all steps
  double share = 0;   // of the step's rows that were looked at: 0 to 1
};
// "running", "ready", "finishing".
BAILEE_EXPORT std::string_view RotationStepWord(RotationState::Step step);

struct RotateOptions {
  // The old key may be in the wrong hands: finishing then also gives what it opened new data keys,
  // and its subjects (of the storage key: everybody) new keys of their own, and begins a new epoch.
  // Said at the beginning; without effect later. Of the log: the old key is retired at once, and
  // counts for the head of `checkpoint` alone (FORMAT.md §18.6).
  bool leaked = false;
  // Of the log, if it leaked: the last signed checkpoint that is known to be good. Empty: what the
  // old key signed counts for nobody outside the vault any longer.
  std::string checkpoint = {};
  // Of the authority, at its beginning: one keyring at least for each key of the vault, which are
  // signed anew and handed to `keep` under the names of their actors: log, auditor, backup, every
  // purpose with its indexes, and the storage key. Whoever is not among them is granted anew.
  std::vector<const Keyring*> keyrings = {};
  // Stores keyrings, as PublishRequest::keep. At the beginning: the new origin, which of a purpose
  // or index has the old key too and may take the place of the one before, for granting new
  // keyrings to everybody before it is finished. The new origin of the storage key, and the new
  // keyring of the log, open nothing until BeginRotation has returned: keep the one before until
  // then. At the end, of a purpose or index: the origin without the old key, of the same name.
  std::function<Status(const std::vector<KeyringFile>&)> keep = {};
  // Called now and then; to return false is to stop, which is safe: go on with the same call.
  std::function<bool(const RotationState&)> progress = {};
  // Of the epoch that finishing may begin.
  ShredOptions shred = {};
};

struct Rotated {
  RotationState state;
  bool stopped = false;               // by `progress`, or others have to be waited for
  uint64_t damaged = 0;               // rows that do not open, and were left as they are
  std::vector<std::string> keyrings;  // names of what `keep` got
  Shredded shredded;                  // of finishing
};

}  // namespace bailee
