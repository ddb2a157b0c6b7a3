// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <vector>

#include "bailee/vault.h"
#include "base/try.h"
#include "keys/issue.h"
#include "vault/disclose/suppression.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

// One question whether an address may be written to.
class ContactQuestion {
 public:
  ContactQuestion(const std::shared_ptr<VaultImpl>& vault, std::string_view purpose, const Who* who,
                  const Secret& address)
      : vault_(vault), purpose_(purpose), who_(who), address_(address) {}

  // Asks once more if somebody committed meanwhile: a withdrawal that came first counts.
  Result<DecisionId> Answer() {
    for (const bool last : {false, true}) {
      BAILEE_TRY(Frame frame, vault_->Begin());
      Result<policy::Decision> decision = Decide(frame);
      if (!last && !frame.snapshot->current()) continue;
      return decision.ok() ? Recorded(frame, *decision) : Failed(frame, decision.status());
    }
    return NotFound();  // never: the last round answers
  }

 private:
  Result<policy::Decision> Decide(Frame& frame) {
    handle_ = Handle();
    policy::Request request{
        .action = policy::Action::kContact, .purpose = purpose_, .now = frame.now};
    policy::Decision first = policy::DecideStageOne(frame.in_force(), request);
    if (!first.allowed()) return first;
    BAILEE_TRY(const Secret form, AddressForm(address_));
    return form.Reveal([&](std::string_view text) -> Result<policy::Decision> {
      BAILEE_TRY(request.suppressed, IsSuppressed(*vault_, *frame.snapshot, text));
      BAILEE_TRY(const std::vector<Handle> holders, Holders(frame, text));
      if (holders.empty()) return policy::Decide(frame.in_force(), nullptr, {}, request);
      policy::Decision decision;
      for (const Handle& holder : holders) {
        BAILEE_TRY(const auto subject, vault_->LoadSubject(frame, holder));
        decision = policy::Decide(frame.in_force(), nullptr,
                                  subject ? subject->standing() : policy::Standing{}, request);
        if (!decision.allowed()) break;
      }
      return decision;
    });
  }

  // Whom it belongs to: who is named, otherwise all who are found.
  Result<std::vector<Handle>> Holders(Frame& frame, std::string_view form) {
    std::vector<Handle> holders;
    if (who_ != nullptr) {
      BAILEE_TRY(const std::optional<Handle> handle, vault_->Resolve(frame, *who_));
      if (handle) holders.push_back(*handle);
    } else {
      const BoundPolicy& bound = *frame.rules()->in_force;
      for (size_t i = 0; i < bound.categories.size(); ++i) {
        const policy::CategoryInfo& category = bound.policy->categories()[i];
        for (size_t f = 0; f < category.fields.size(); ++f) {
          const policy::FieldInfo& field = category.fields[f];
          if (field.kind != Kind::kEmail || field.is_view()) continue;
          BAILEE_RETURN_IF_ERROR(AddHolders(frame, category.id, field.name,
                                            bound.categories[i].indexes[f], form, holders));
        }
      }
    }
    if (holders.size() == 1) handle_ = holders.front();
    return holders;
  }

  Status AddHolders(Frame& frame, std::string_view category, std::string_view field,
                    const std::vector<IndexBinding>& indexes, std::string_view form,
                    std::vector<Handle>& holders) {
    for (const IndexBinding& index : indexes) {
      const keys::HeldPurpose* purpose =
          vault_->keyring().FindPurpose(index.recipient.purpose, index.recipient.key_version);
      if (index.held == nullptr || purpose == nullptr || !index.complete) continue;
      SessionImpl session(vault_, *purpose, {});
      BAILEE_TRY(const std::vector<Handle> found,
                 session.HoldersOf(frame, category, field, *index.held, form));
      holders.insert(holders.end(), found.begin(), found.end());
    }
    return Status();
  }

  Event EventOf(const Frame& frame, Outcome outcome, std::span<const Reason> reasons) const {
    const policy::PurposeIndex known = frame.in_force().FindPurpose(purpose_);
    const bool leaf = known.valid() && frame.in_force().purpose(known).leaf;
    return {.kind = EventKind::kMayContact,
            .outcome = outcome,
            .purpose = leaf ? purpose_ : std::string_view(),
            .reasons = reasons,
            .handle = handle_};
  }

  Result<DecisionId> Recorded(const Frame& frame, const policy::Decision& decision) {
    if (decision.allowed()) return vault_->Record(frame, EventOf(frame, Outcome::kAllowed, {}));
    const std::vector<Reason> reasons = decision.reasons.Ordered();
    BAILEE_TRY(const DecisionId id,
               vault_->Record(frame, EventOf(frame, Outcome::kRefused, reasons)));
    return WithDecision(decision.ToStatus(), id);
  }

  Status Failed(const Frame& frame, const Status& why) {
    BAILEE_TRY([[maybe_unused]] const DecisionId id,
               vault_->Record(frame, EventOf(frame, Outcome::kFailed, {})));
    return why;
  }

  const std::shared_ptr<VaultImpl>& vault_;
  const std::string_view purpose_;
  const Who* const who_;
  const Secret& address_;
  Handle handle_{};  // whose answer it is, if it is one person's
};

}  // namespace
}  // namespace bailee::vault

namespace bailee {

Result<DecisionId> Vault::MayContact(std::string_view purpose, const Who& who,
                                     const Secret& address) {
  return vault::ContactQuestion(impl_, purpose, &who, address).Answer();
}
Result<DecisionId> Vault::MayContact(std::string_view purpose, const Secret& address) {
  return vault::ContactQuestion(impl_, purpose, nullptr, address).Answer();
}

Result<SuppressOutcome> Vault::Suppress(std::span<const Secret> addresses) {
  return vault::ChangeList(*impl_, addresses, vault::ListChange::kAdd);
}
Result<SuppressOutcome> Vault::Unsuppress(std::span<const Secret> addresses) {
  return vault::ChangeList(*impl_, addresses, vault::ListChange::kRemove);
}
Result<SuppressOutcome> Vault::SuppressTags(std::span<const SuppressionTag> tags) {
  return vault::AddTags(*impl_, tags);
}
Result<std::vector<SuppressionTag>> Vault::Suppressions(std::optional<SuppressionTag> after,
                                                        size_t count_max) {
  return vault::ListTags(*impl_, after, count_max);
}

}  // namespace bailee
