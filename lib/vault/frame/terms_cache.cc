// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/terms_cache.h"

#include <cstring>

#include "base/brief_lock.h"
#include "base/try.h"

namespace bailee::vault {
namespace {

constexpr size_t kKnownMax = 16'384;  // in each part

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

TermsCache::SharedTerms TermsCache::Find(Part& part, const Rules& rules,
                                         const crypto::TermsId& id) {
  const BriefLock lock(part.mutex);
  if (part.rules.get() != &rules) return nullptr;
  const auto it = part.known.find(id);
  return it == part.known.end() ? nullptr : it->second;
}

Result<std::shared_ptr<const BoundTerms>> TermsCache::Get(store::Snapshot& snapshot,
                                                          const VaultId& vault,
                                                          const std::shared_ptr<const Rules>& rules,
                                                          const crypto::TermsId& id) {
  Part& part = parts_.mine();
  if (SharedTerms found = Find(part, *rules, id)) return found;
  BAILEE_TRY(SharedTerms terms, Read(snapshot, vault, *rules, id));
  const BriefLock lock(part.mutex);
  if (part.rules != rules || part.known.size() >= kKnownMax) {
    part.known.clear();
    part.rules = rules;
  }
  part.known.emplace(id, terms);
  return terms;
}

}  // namespace bailee::vault
