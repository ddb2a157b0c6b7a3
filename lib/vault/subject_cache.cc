// SPDX-License-Identifier: Apache-2.0
#include "vault/subject_cache.h"

#include <cstring>

namespace bailee::vault {

size_t SubjectCache::HashHandle::operator()(const Handle& handle) const {
  // Handles are random, so any of their bytes are a hash.
  size_t hash = 0;
  std::memcpy(&hash, handle.bytes.data(), sizeof(hash));
  return hash;
}

SubjectCache::SubjectCache(size_t subjects_max)
    : per_part_max_((subjects_max + kParts - 1) / kParts) {}

std::shared_ptr<const OpenedSubject> SubjectCache::Find(const Handle& handle,
                                                        const keys::SubjectHead& head) {
  Part& part = PartOf(handle);
  const std::lock_guard lock(part.mutex);
  const auto it = part.by_handle.find(handle);
  if (it == part.by_handle.end()) return nullptr;
  if ((*it->second)->subject().head != head) {
    part.by_use.erase(it->second);
    part.by_handle.erase(it);
    return nullptr;
  }
  part.by_use.splice(part.by_use.begin(), part.by_use, it->second);
  return *it->second;
}

void SubjectCache::Put(uint64_t epoch, std::shared_ptr<const OpenedSubject> subject) {
  if (per_part_max_ == 0) return;
  const Handle handle = subject->handle();
  Part& part = PartOf(handle);
  const std::lock_guard lock(part.mutex);
  if (part.epoch != epoch) return;
  if (const auto it = part.by_handle.find(handle); it != part.by_handle.end()) {
    *it->second = std::move(subject);
    return;
  }
  if (part.by_use.size() >= per_part_max_) {
    part.by_handle.erase(part.by_use.back()->handle());
    part.by_use.pop_back();
  }
  part.by_use.push_front(std::move(subject));
  part.by_handle.emplace(handle, part.by_use.begin());
}

void SubjectCache::Begin(uint64_t epoch) {
  for (Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    if (part.epoch >= epoch) continue;
    part.epoch = epoch;
    part.by_handle.clear();
    part.by_use.clear();
  }
}

}  // namespace bailee::vault
