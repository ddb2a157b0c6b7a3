# SPDX-License-Identifier: Apache-2.0
"""Wrong decisions: file of lib/policy, name, text that must occur exactly once, text in its place.

Left out are changes that no question can tell apart: the second half of rule 40 (a datum's controller
that F does not know is never the one asked for, which stage one knows), `ended` without a retention
(lint refuses an allow or a report without one), and events of the future (`days` is at least one, so
that nothing ends by an event before it happened).
"""

_DECIDE = [
    ("inner-purpose-accepted", "if (purpose.valid() && in_force.purpose(purpose).leaf)", "if (purpose.valid())"),
    ("every-refusal-visible", "decision.visible = reasons.empty() || visible;", "decision.visible = true;"),
    ("existence-known-to-all", "return asked.in_force.purpose(asked.purpose).may_know_existence;", "return true;"),
    ("existence-known-to-none", "return asked.in_force.purpose(asked.purpose).may_know_existence;", "return false;"),
    ("erasure-told-to-those-who-know", "return Answer(asked, reasons, asked.rights);", "return Answer(asked, reasons, MayKnow(asked));"),
    ("erasure-ignored", "if (standing.erased) return AboutErased(asked);", ""),
    ("erasure-hidden-from-rights", "return Answer(asked, reasons, asked.rights);", "return Answer(asked, reasons, false);"),
    ("erased-unlike-unknown", "if (!reasons.empty()) return Answer(asked, reasons, MayKnow(asked));", "reasons = ReasonSet();"),
    ("erased-told-what-unknown-are-not", "if (!reasons.empty()) return Answer(asked, reasons, MayKnow(asked));", "if (!reasons.empty()) return Answer(asked, reasons, true);"),
    ("rights-told-of-no-erasure", "asked.request.action != Action::kCollect && !asked.rights) {", "asked.request.action != Action::kCollect) {"),
    ("stage-one-ignored", "StageOne(asked); !reasons.empty()) {", "StageOne(asked); false) {"),
]
_STAGE_ONE = [
    ("in-force-a-moment-late", "asked.request.now < asked.in_force.effective()", "asked.request.now <= asked.in_force.effective()"),
    ("older-caller-accepted", "expected != 0 && expected != asked", "expected != 0 && expected > asked"),
    ("purpose-key-not-needed", "if (!asked.request.purpose_key_held)", "if (false)"),
    ("unknown-controller-accepted", "if (!asked.ours && !asked.controller.valid())", "if (false)"),
    ("password-readable", "return field.kind != Kind::kPassword;", "return true;"),
    ("any-field-a-password", "return field.kind == Kind::kPassword;", "return true;"),
    ("find-by-any-field", "return field.lookups[purpose.value];", "return true;"),
    ("rights-reads-passwords", "!= Action::kRead || field.kind == Kind::kPassword", "!= Action::kRead"),
    ("rights-does-anything", "asked.request.action != Action::kRead || field", "field"),
    ("field-of-another-purpose", "if (!reader || !ActionFits", "if (!ActionFits"),
    ("one-case-allow-is-enough", "if (rule.basis != Basis::kCase) return false;", "if (rule.basis != Basis::kCase) continue;"),
    ("case-of-another-field", "if (!rule.purposes[asked.purpose.value] || !rule.fields[asked.field.value]) continue;", "if (!rule.purposes[asked.purpose.value]) continue;"),
    ("instructions-for-any-field", "rule.category == asked.category && rule.fields[asked.field.value] &&", "rule.category == asked.category &&"),
    ("instructions-for-any-category", "rule.category == asked.category && rule.fields", "rule.fields"),
    ("report-data-not-said", "if (!reader && field.report_purposes.any() &&", "if (false && field.report_purposes.any() &&"),
    ("report-data-said-to-its-readers", "(field.report_purposes[asked.purpose.value] || field.readers.none())", "field.readers.none()"),
    ("case-not-needed-early", "if (!IsCaseReference(asked.request.case_reference) && NeedsCase(asked))", "if (false)"),
]
_STAGE_TWO = [
    ("independent-source-used", "held.source.valid() && f.source(held.source).role != Role::kIndependent;", "held.source.valid();"),
    ("agreed-without-asking", "held.agreed = t.version() == f.version() ||", "held.agreed = t.version() <= f.version() ||"),
    ("agreed-to-another-version", "std::find(agreed.begin(), agreed.end(), f.version()) != agreed.end();", "!agreed.empty();"),
    ("agreement-ignored", "std::find(agreed.begin(), agreed.end(), f.version()) != agreed.end();", "false;"),
    ("lookup-widened", "return asked.request.action != Action::kFind ||", "return true || asked.request.action != Action::kFind ||"),
    ("narrowed-notice-ignored", "return held.notice.valid() && asked.in_force.notice(held.notice).purposes[asked.purpose.value];", "return held.notice.valid();"),
    ("dropped-notice-ignored", "return held.notice.valid() && asked.in_force", "return !held.notice.valid() || asked.in_force"),
    ("narrowed-policy-ignored", "if (!AllowedNow(asked, held) || !held.source_open) return false;", "if (!held.source_open) return false;"),
    ("widening-reaches-held-data", "const bool by_terms = NowOk(asked, held) && ThenOk(asked, held, then);", "const bool by_terms = NowOk(asked, held);"),
    ("today-ignored", "const bool by_terms = NowOk(asked, held) && ThenOk(asked, held, then);", "const bool by_terms = ThenOk(asked, held, then);"),
    ("objection-is-consent", "return said.yes && said.noes.empty() && held", "return said.yes && held"),
    ("silence-is-consent", "return said.yes && said.noes.empty() && held", "return said.noes.empty() && held"),
    ("consent-opens-a-closed-source", "said.noes.empty() && held.source_open && AllowedNow", "said.noes.empty() && AllowedNow"),
    ("consent-beats-the-policy", "held.source_open && AllowedNow(asked, held);", "held.source_open;"),
    ("consent-ignored", "if (!by_terms && !Consented(asked, held, said)) {", "if (!by_terms) {"),
    ("old-policy-no-judge", "if (!JudgedByThen(held, then)) return;", "return;"),
    ("consent-frees-of-the-old-policy", "if (!JudgedByThen(held, then)) return;", "if (!by_terms || !JudgedByThen(held, then)) return;"),
    ("old-policy-always-judge", "if (held.agreed || !then.known()) return false;", "if (!then.known()) return false;"),
    ("old-policy-judges-by-its-notice", "return held.collected.AllowedPurposes(then.category, then.field, terms.source,\n                                        terms.controller)[", "return held.collected.EffectivePurposes(then.category, then.field, terms)["),
    ("yes-of-absent-needs-a-source", "std::nullopt", "SourceIndex{}"),
    ("case-not-needed", "if (rule->basis == Basis::kCase && !IsCase", "if (false && !IsCase"),
    ("retention-forgotten", "reasons.Add(Reason::kPastRetention);", ""),
    ("consent-offered-in-vain", "if (!can_be_asked) return;", ""),
    ("restriction-ignored", "if (standing.restricted) reasons.Add(Reason::kRestricted);  // [45]", ""),
    ("restriction-of-absent-ignored", "if (standing.restricted) reasons.Add(Reason::kRestricted);\n  Basis", "Basis"),
    ("hold-of-everything-ignored", "return hold.category.empty() || hold.category == category;", "return hold.category == category;"),
    ("hold-of-another-category", "return hold.category.empty() || hold.category == category;", "return true;"),
    ("hold-refuses-living-data", "(reasons.Has(Reason::kPastRetention) && OnHold(", "(OnHold("),
    ("waiting-erasure-ignored", "if (standing.erasure_waits ||\n", "if (false ||\n"),
    ("wrap-pending-always-said", "if (pending && reasons.empty())", "if (pending)"),
    ("wrap-pending-ignored", "if (pending && reasons.empty())", "if (false)"),
    ("another-controllers-datum", "if (held.controller_name != asked.request.on_behalf_of) {", "if (false) {"),
    ("mildest-basis-of-absent", "std::max(strictest, rule.basis)", "std::min(strictest, rule.basis)"),
]
_DECISION = [
    ("prefix-is-ancestor", "return purpose.starts_with(above) &&\n         (purpose.size()", "return purpose.starts_with(above) || (purpose.size()"),
    ("consent-from-another-category", "if (!Concerns(choice, category) || !Shown(", "if (!Shown("),
    ("objection-to-another-category", "    if (!Concerns(choice, category)) continue;\n    const bool", "    const bool"),
    ("consent-to-inner-purpose", "!= Choice::kGiven || choice.purpose != name)", "!= Choice::kGiven || !Reaches(choice.purpose, name))"),
    ("consent-without-notice", "if (!index.valid()) return false;", "if (!index.valid()) return true;"),
    ("consent-to-another-purpose", "return notice.purposes[purpose.value] && (!source", "return (!source"),
    ("consent-for-another-source", "return notice.purposes[purpose.value] && (!source || Takes(notice, *source));", "return notice.purposes[purpose.value];"),
    ("objection-to-inner-ignored", "== Choice::kGiven || !Reaches(choice.purpose, name))", "== Choice::kGiven || choice.purpose != name)"),
    ("first-of-equals", "choice.sequence >= yes->sequence", "choice.sequence > yes->sequence"),
    ("first-yes-counts", "choice.sequence >= yes->sequence", "choice.sequence <= yes->sequence"),
    ("equal-no-lifted", "(choice.sequence < yes->sequence ||", "(choice.sequence <= yes->sequence ||"),
    ("equal-no-not-lifted", "choice.sequence == yes->sequence && &choice < yes", "choice.sequence == yes->sequence && &choice > yes"),
    ("a-yes-lifts-what-comes-later", "if (!lifted) said.noes", "if (yes == nullptr) said.noes"),
    ("a-no-lifts-an-earlier-one", "if (!lifted) said.noes.Add(", "if (!lifted) (said.noes = ReasonSet()).Add("),
    ("declined-but-necessary", "if (said.noes.Has(Reason::kDeclined)) reasons.Add(Reason::kDeclined);", ""),
    ("necessary-can-be-objected", "if (said.noes.Has(Reason::kDeclined)) reasons.Add(Reason::kDeclined);", "reasons.Add(said.noes);"),
    ("opt-in-by-silence", "if (!said.yes && said.noes.empty()) reasons.Add(Reason::kConsentMissing);", ""),
    ("consent-missing-beside-a-no", "if (!said.yes && said.noes.empty())", "if (!said.yes)"),
    ("case-asks-for-choice", "case Basis::kCase:\n      break;", "case Basis::kCase:\n      reasons.Add(said.noes);\n      break;"),
    ("kept-a-moment-longer", "return now >= RetentionEnd", "return now > RetentionEnd"),
    ("event-with-collection-missed", "if (event.at >= collected_at &&", "if (event.at > collected_at &&"),
    ("event-before-collection", "if (event.at >= collected_at && (", "if (("),
    ("last-event-counts", "event.at < *event_at", "event.at > *event_at"),
    ("any-event-counts", "!= RetainFrom::kEvent || event.event != retention->event)", "!= RetainFrom::kEvent)"),
]
_COLLECT = [
    ("view-collected", "|| f.field(asked.category, asked.field).is_view()", ""),
    ("independent-source-collected", "} else if (f.source(asked.source).role == Role::kIndependent) {", "} else if (false) {"),
    ("collected-for-nobody", "if (!known) return reasons;", "return reasons;"),
    ("controller-blamed-for-all", "!asked.ours && for_us ?", "!asked.ours ?"),
    ("reports-keep-forever", "if (held_for[i] && late.empty()) return Use::kKept;", "if (held_for[i]) return Use::kKept;"),
    ("feeds-keep-forever", "if (reports[i] && late.empty()) use = Use::kFed;", "if (reports[i]) use = Use::kFed;"),
    ("feeds-stored", "if (reports[i] && late.empty()) use = Use::kFed;", "if (reports[i] && late.empty()) return Use::kKept;"),
    ("feeds-not-collected", "open = open || use != Use::kClosed;", "open = open || use == Use::kKept;"),
    ("fed-views-stored", "stored = WithoutFedOnly(asked, values);", "stored = values;"),
    ("collected-past-retention", "if (choice.empty() && late.empty()) return Use::kKept;", "if (choice.empty()) return Use::kKept;"),
    ("collected-against-choice", "if (choice.empty() && late.empty()) return Use::kKept;", "if (late.empty()) return Use::kKept;"),
    ("views-not-collected-for", "return field == asked.field || asked.in_force.field(asked.category, field).view_of == asked.field;", "return field == asked.field;"),
    ("reports-of-views-ignored", "|| AnyReport(asked, values, terms)) return", "|| AnyReport(asked, FieldSet().set(asked.field.value), terms)) return"),
    ("views-of-ours-ignored", "const bool for_us = AnyEffective(asked, values, ours);", "const bool for_us = AnyEffective(asked, FieldSet().set(asked.field.value), ours);"),
    ("basis-of-the-field-for-its-views", "f.FindAllow(asked.category, value, purpose, asked.source)", "(f.FindAllow(asked.category, asked.field, purpose, asked.source) != nullptr ? f.FindAllow(asked.category, asked.field, purpose, asked.source) : f.FindAllow(asked.category, value, purpose, asked.source))"),
    ("field-stored-for-its-views", "if (stored[asked.field.value]) stored = With", "if (stored.any()) stored = With"),
    ("views-of-an-open-field-dropped", "if (stored[asked.field.value]) stored = WithoutFedOnly(asked, values);", ""),
    ("views-closed-by-their-field", "return open ? ReasonSet() : reasons;", "return stored[asked.field.value] ? ReasonSet() : reasons;"),
]
_EFFECTIVE = [
    ("source-of-allow-ignored", "if (rule.fields[field.value] && Takes(rule.sources, source)) set", "if (rule.fields[field.value]) set"),
    ("field-of-allow-ignored", "if (rule.fields[field.value] && Takes(rule.sources, source)) set", "if (Takes(rule.sources, source)) set"),
    ("controller-ignored", "return set & Instructed(*this, category, field, controller);", "return set;"),
    ("independent-source-effective", "if (policy.source(terms.source).role == Role::kIndependent) return {};", ""),
    ("source-of-notice-ignored", "return Takes(notice.sources, terms.source) ? notice.purposes : PurposeSet();", "return notice.purposes;"),
    ("notice-ignored", "return Noticed(*this, terms) & AllowedPurposes(category", "return AllowedPurposes(category"),
    ("report-beyond-instructions", "& Noticed(*this, terms) &\n         Instructed(*this, category, field, terms.controller);", "& Noticed(*this, terms);"),
    ("report-beyond-notice", "report_purposes & Noticed(*this, terms) &", "report_purposes &"),
    ("basis-of-another-source", "rule.fields[field.value] && Takes(rule.sources, source)) {", "rule.fields[field.value]) {"),
]
_RETENTION = [
    ("event-without-a-limit", "return std::min(latest, AfterDays(event, retention.days));", "return event_at ? AfterDays(event, retention.days) : latest;"),
    ("until-an-event-that-never-comes", "return std::min(latest, AfterDays(event, retention.days));", "return event_at ? std::min(latest, AfterDays(event, retention.days)) : event;"),
    ("ends-before-the-event", "event_at.value_or(Timestamp{kMax})", "event_at.value_or(collected_at)"),
    ("end-of-time-wraps", "return b > 0 ? kMax : kMin;", "return kMin;"),
]

# (file, name, exact text, replacement)
MUTATIONS = [
    (file, *mutation)
    for file, mutations in (
        ("decide.cc", _DECIDE),
        ("decide_stage_one.cc", _STAGE_ONE),
        ("decide_stage_two.cc", _STAGE_TWO),
        ("decision.cc", _DECISION),
        ("decide_collect.cc", _COLLECT),
        ("effective.cc", _EFFECTIVE),
        ("retention.cc", _RETENTION),
    )
    for mutation in mutations
]
