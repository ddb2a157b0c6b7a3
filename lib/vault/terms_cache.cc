// SPDX-License-Identifier: Apache-2.0
#include "vault/terms_cache.h"

#include <cstring>
#include <mutex>

#include "base/try.h"

namespace bailee::vault {
namespace {

constexpr size_t kKnownMax = 65'536;

Status DamagedTerms() {
  return Status(Code::kDamage, "record.terms", "a record names terms that the vault does not have",
                "restore the vault from a backup; other records are still readable");
}

Result<std::shared_ptr<const BoundTerms>> Read(store::Snapshot& snapshot, const VaultId& vault,
                                               const Rules& rules, const crypto::TermsId& id) {
  BAILEE_TRY(const std::optional<ByteView> row, snapshot.Get(store::Table::kTerms, id.view()));
  if (!row) return DamagedTerms();
  BAILEE_TRY(const record::Terms terms, record::ParseTerms(vault, id, *row));
  const auto policy = rules.policies.find(terms.policy_version);
  if (policy == rules.policies.end()) return DamagedTerms();
  auto bound = std::make_shared<BoundTerms>();
  bound->bound = policy->second;
  bound->expiry_bucket = terms.expiry_bucket;
  bound->notice = terms.notice;
  bound->source = terms.source;
  bound->controller = terms.controller;
  const policy::Policy& under = *bound->bound->policy;
  bound->indexes = {under.FindNotice(terms.notice), under.FindSource(terms.source),
                    terms.controller.empty() ? policy::ControllerIndex{}
                                             : under.FindController(terms.controller)};
  // Terms name what existed when they were written. An unknown controller must not pass for "held
  // for ourselves".
  if (!terms.controller.empty() && !bound->indexes.controller.valid()) return DamagedTerms();
  return std::shared_ptr<const BoundTerms>(std::move(bound));
}

}  // namespace

size_t TermsCache::HashId::operator()(const crypto::TermsId& id) const {
  size_t hash = 0;
  std::memcpy(&hash, id.bytes.data(), sizeof(hash));
  return hash;
}

Result<std::shared_ptr<const BoundTerms>> TermsCache::Get(store::Snapshot& snapshot,
                                                          const VaultId& vault,
                                                          const std::shared_ptr<const Rules>& rules,
                                                          const crypto::TermsId& id) {
  {
    const std::shared_lock lock(mutex_);
    if (rules_ == rules) {
      if (const auto it = known_.find(id); it != known_.end()) return it->second;
    }
  }
  BAILEE_TRY(std::shared_ptr<const BoundTerms> terms, Read(snapshot, vault, *rules, id));
  const std::unique_lock lock(mutex_);
  if (rules_ != rules || known_.size() >= kKnownMax) {
    known_.clear();
    rules_ = rules;
  }
  known_.emplace(id, terms);
  return terms;
}

}  // namespace bailee::vault
