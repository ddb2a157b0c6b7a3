// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/vault_trail.h"

#include <algorithm>
#include <optional>
#include <string>

#include "bailee/audit_trail.h"
#include "bench/must.h"
#include "support/must.h"

namespace bailee::bench::gdpr {
namespace {

constexpr char kTail = 't';
constexpr char kLeaves = 'l';
constexpr char kEnd = '\n';
constexpr uint64_t kOtherLeaves = 16;

void SendNumber(const testing::Channel& channel, uint64_t number) {
  for (const char digit : std::to_string(number)) channel.Send(digit);
  channel.Send(kEnd);
}

std::optional<uint64_t> ReceiveNumber(const testing::Channel& channel) {
  std::string digits;
  for (char next = channel.Receive(); next != kEnd; next = channel.Receive()) {
    if (next == 0) return std::nullopt;
    digits += next;
  }
  return std::stoull(digits);
}

uint64_t ReadTail(AuditTrail& trail, uint64_t count) {
  const uint64_t size = bailee::Must(trail.Head(), "the head of the trail").size;
  // Not every leaf is an entry: openings and closings are leaves too.
  for (uint64_t back = count + kOtherLeaves;; back *= 2) {
    const uint64_t from = size - std::min(size, back);
    uint64_t entries = 0;
    bailee::Must(trail.Entries({}, from,
                               [&](const TrailEntry& entry) {
                                 entries += entry.kind.empty() ? 0 : 1;
                                 return true;
                               }),
                 "the trail");
    if (entries >= count || from == 0) return std::min(entries, count);
  }
}

int Serve(const TempVault& vault, const testing::Channel& channel) {
  std::optional<AuditTrail> trail;
  for (;;) {
    const char what = channel.Receive();
    const std::optional<uint64_t> count = ReceiveNumber(channel);
    if (!count) return 0;
    if (!trail)
      trail = bailee::Must(AuditTrail::Open(vault.path(), vault.Origin("auditor")), "the trail");
    SendNumber(channel, what == kTail ? ReadTail(*trail, *count)
                                      : bailee::Must(trail->Head(), "its head").size);
  }
}

}  // namespace

Auditor::Auditor(const TempVault& vault)
    : process_([&vault](const testing::Channel& channel) { return Serve(vault, channel); }) {}

uint64_t Auditor::Tail(uint64_t count) { return Ask(kTail, count); }
uint64_t Auditor::Leaves() { return Ask(kLeaves, 0); }

uint64_t Auditor::Ask(char what, uint64_t count) {
  process_.channel().Send(what);
  SendNumber(process_.channel(), count);
  const std::optional<uint64_t> answer = ReceiveNumber(process_.channel());
  Must(answer.has_value(), "the auditor is gone");
  return *answer;
}

}  // namespace bailee::bench::gdpr
