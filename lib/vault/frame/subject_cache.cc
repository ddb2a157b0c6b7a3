// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/subject_cache.h"

#include <cstring>
#include <utility>

#include "base/brief_lock.h"

namespace bailee::vault {

size_t SubjectCache::HashHandle::operator()(const Handle& handle) const {
  // Handles end in random bytes, which are a hash.
  size_t hash = 0;
  std::memcpy(&hash, handle.bytes.data() + handle.bytes.size() - sizeof(hash), sizeof(hash));
  return hash;
}

SubjectCache::SubjectCache(size_t subjects_max)
    : per_part_max_((subjects_max + kParts - 1) / kParts) {}

SubjectCache::Entry* SubjectCache::Part::Find(const Handle& handle) {
  const auto it = by_handle.find(handle);
  return it == by_handle.end() ? nullptr : &entries[it->second];
}

void SubjectCache::Part::Erase(const Handle& handle) {
  const auto it = by_handle.find(handle);
  if (it == by_handle.end()) return;
  const size_t at = it->second;
  by_handle.erase(it);
  if (at + 1 != entries.size()) {
    entries[at] = std::move(entries.back());
    by_handle.at(entries[at].subject->handle()) = at;
  }
  entries.pop_back();
}

SubjectCache::Entry& SubjectCache::Part::Place(const Handle& handle, size_t entries_max) {
  // What needs memory goes first: without it everything stays as it is.
  if (entries.size() < entries_max) {
    if (entries.size() == entries.capacity()) entries.reserve(2 * entries.size() + 1);
    by_handle.emplace(handle, entries.size());
    return entries.emplace_back();
  }
  do {
    hand = (hand + 1) % entries.size();
  } while (std::exchange(entries[hand].used, false));
  by_handle.emplace(handle, hand);
  by_handle.erase(entries[hand].subject->handle());
  return entries[hand];
}

std::shared_ptr<const OpenedSubject> SubjectCache::Find(const Handle& handle,
                                                        uint64_t transaction) {
  Part& part = PartOf(handle);
  const BriefLock lock(part.mutex);
  Entry* const entry = part.Find(handle);
  if (entry == nullptr || entry->transaction != transaction) return nullptr;
  entry->used = true;
  return entry->subject;
}

std::shared_ptr<const OpenedSubject> SubjectCache::Find(const Handle& handle, uint64_t transaction,
                                                        const keys::SubjectHead& head) {
  Part& part = PartOf(handle);
  const BriefLock lock(part.mutex);
  Entry* const entry = part.Find(handle);
  if (entry == nullptr) return nullptr;
  if (entry->subject->subject().head != head) {
    part.Erase(handle);
    return nullptr;
  }
  entry->transaction = transaction;
  entry->used = true;
  return entry->subject;
}

void SubjectCache::Put(uint64_t epoch, uint64_t transaction,
                       std::shared_ptr<const OpenedSubject> subject) {
  if (per_part_max_ == 0) return;
  const Handle handle = subject->handle();
  Part& part = PartOf(handle);
  const BriefLock lock(part.mutex);
  if (part.epoch != epoch) return;
  Entry* entry = part.Find(handle);
  if (entry == nullptr) entry = &part.Place(handle, per_part_max_);
  *entry = {std::move(subject), transaction};
}

void SubjectCache::Begin(uint64_t epoch) {
  for (Part& part : parts_) {
    const BriefLock lock(part.mutex);
    if (part.epoch >= epoch) continue;
    part.epoch = epoch;
    part.by_handle.clear();
    part.entries.clear();
    part.hand = 0;
  }
}

}  // namespace bailee::vault
