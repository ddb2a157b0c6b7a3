// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <tuple>

#include "policy/tables.h"

namespace bailee::policy {
namespace {

// Everything that decides who gets a field. Two fields belong together exactly if these are equal:
// then no notice, source or controller can tell them apart.
struct Signature {
  std::map<std::pair<SourceIndex, Basis>, PurposeSet> allowed;  // source nothing: any source
  std::map<ControllerIndex, PurposeSet> instructed;
  PurposeSet report_purposes;

  // PurposeSet has no order; its words do.
  using Key = std::tuple<std::vector<std::tuple<uint16_t, uint8_t, std::string>>,
                         std::vector<std::pair<uint16_t, std::string>>, std::string>;
  Key ToKey() const {
    Key key;
    for (const auto& [place, set] : allowed) {
      if (set.none()) continue;
      std::get<0>(key).emplace_back(place.first.value, static_cast<uint8_t>(place.second),
                                    set.to_string());
    }
    for (const auto& [controller, set] : instructed) {
      if (set.any()) std::get<1>(key).emplace_back(controller.value, set.to_string());
    }
    std::get<2>(key) = report_purposes.to_string();
    return key;
  }
};

// One way of saying it: a purpose allowed from every source that may be collected from is allowed
// from any source, and then not again from single ones.
void Normalise(const Tables& t, Signature& signature) {
  for (const Basis basis : {Basis::kNecessary, Basis::kOptOut, Basis::kOptIn, Basis::kCase}) {
    PurposeSet everywhere;
    everywhere.set();
    bool sources = false;
    for (size_t i = 0; i < t.sources.size(); ++i) {
      if (t.sources[i].role == Role::kIndependent) continue;
      const auto found = signature.allowed.find({SourceIndex{static_cast<uint16_t>(i)}, basis});
      everywhere &= found == signature.allowed.end() ? PurposeSet() : found->second;
      sources = true;
    }
    PurposeSet& any = signature.allowed[{SourceIndex{}, basis}];
    if (sources) any |= everywhere;
    const PurposeSet taken = any;
    for (auto& [place, set] : signature.allowed) {
      if (place.second == basis && place.first.valid()) set &= ~taken;
    }
  }
}

Signature SignatureOf(const Tables& t, const CategoryInfo& category, CategoryIndex index,
                      size_t field) {
  Signature signature;
  const FieldInfo& info = category.fields[field];
  for (const AllowRule& rule : category.allows) {
    if (!rule.fields[field]) continue;
    if (rule.sources.empty()) signature.allowed[{SourceIndex{}, rule.basis}] |= rule.purposes;
    for (const SourceIndex source : rule.sources) {
      signature.allowed[{source, rule.basis}] |= rule.purposes;
    }
  }
  Normalise(t, signature);
  const PurposeSet used = info.readers | info.stored_report_purposes;
  for (size_t i = 0; i < t.controllers.size(); ++i) {
    for (const ControllerRule& rule : t.controllers[i].rules) {
      if (rule.category != index || !rule.fields[field]) continue;
      signature.instructed[ControllerIndex{static_cast<uint16_t>(i)}] |= rule.purposes & used;
    }
  }
  signature.report_purposes = info.stored_report_purposes;
  return signature;
}

}  // namespace

void CompileCompartments(Tables& tables, CategoryIndex index) {
  CategoryInfo& category = tables.categories[index.value];
  std::map<Signature::Key, size_t> known;
  for (size_t i = 0; i < category.fields.size(); ++i) {
    FieldInfo& field = category.fields[i];
    size_t number = category.compartments.size();
    if (field.kind != Kind::kPassword) {
      number = known.emplace(SignatureOf(tables, category, index, i).ToKey(), number).first->second;
    }
    if (number == category.compartments.size()) category.compartments.emplace_back();
    field.compartment.value = static_cast<uint16_t>(number);
    category.compartments[number].fields.push_back({static_cast<uint16_t>(i)});
  }
}

}  // namespace bailee::policy
