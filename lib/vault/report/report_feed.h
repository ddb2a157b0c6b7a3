// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "policy/report.h"
#include "vault/frame/prepared.h"
#include "vault/frame/vault_impl.h"
#include "vault/report/report_cells.h"

namespace bailee::vault {

// What collecting adds to reports fed AT_COLLECTION, within one write transaction. Nothing it
// writes says of whom something came. Made for that transaction and gone with it.
class ReportFeeds {
 public:
  ReportFeeds(VaultImpl& vault, Frame& frame) : vault_(vault), frame_(frame) {}

  // One record on its way; what of it is stored is no matter.
  struct Input {
    policy::CategoryIndex category;
    std::span<const PreparedField> fields;  // with views
    policy::TermsIndexes terms;
    Timestamp collected_at;
    const policy::Standing& standing;
    bool named = false;            // it comes under a ref or an accepted tag
    std::optional<Handle> handle;  // of a subject that may have records already
  };
  // Adds it to the cells it belongs to, unless the subject's standing forbids, the bucket's cells
  // are computed already, lies in the future or ended more than 62 days ago (chosen). Returns how
  // many cells. Errors: kDamage; kFull; those of the store.
  Result<size_t> Add(const Input& input);

  // Writes what was added. Errors: as Add.
  Status Flush();

 private:
  struct Bucket {
    BucketPlace place;
    FeedRow row;
    bool closed = false;  // its cells are computed: nothing is added any more
  };
  Result<bool> AddTo(const policy::ReportInfo& report, const Input& input);
  Result<Bucket*> BucketOf(const policy::ReportInfo& report, const policy::ReportWindow& window);
  // How many records of the category the subject has from that bucket, counting no further than
  // needed.
  Result<uint64_t> HeldIn(const Input& input, const policy::ReportWindow& window, uint64_t enough);

  VaultImpl& vault_;
  Frame& frame_;
  std::map<Bytes, Bucket> buckets_;  // by row key
};

// The cells of a bucket that collecting filled, taken out of the vault.
// Errors: kDamage; kFull; those of the store.
Result<CellMap> TakeFeed(VaultImpl& vault, store::WriteTransaction& transaction,
                         const BucketPlace& place);

}  // namespace bailee::vault
