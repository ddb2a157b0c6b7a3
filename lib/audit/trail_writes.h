// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "audit/chain.h"
#include "audit/trail.h"
#include "audit/tree_store.h"

namespace bailee::audit {

// The events of one write, as leaves in its transaction. Begins with the first of them: a write
// that records nothing changes nothing.
class TrailWrites final : public WriteEvents {
 public:
  TrailWrites(Trail& trail, store::WriteTransaction& transaction, const WriteMark& mark)
      : trail_(trail), transaction_(transaction), mark_(mark) {}

  Result<DecisionId> Append(const Event& event) override;
  Status Finish() override;
  std::optional<DecisionId> last() const override { return last_; }

  // Says that the instance ends here; nothing may follow but Finish.
  Status AppendClosed();

 private:
  Status Begin();
  Result<EntryKey> KeyAt(uint64_t number);

  Trail& trail_;
  store::WriteTransaction& transaction_;
  const WriteMark mark_;
  std::optional<TreeWriter> tree_;
  std::optional<KeyChain> keys_;
  Watermark watermark_;
  Bytes event_;
  Bytes leaf_;
  std::optional<DecisionId> last_;
};

}  // namespace bailee::audit
