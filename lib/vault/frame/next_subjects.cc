// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/next_subjects.h"

#include "base/codec.h"
#include "base/try.h"
#include "keys/subject.h"

namespace bailee::vault {

Result<std::vector<Handle>> NextSubjects(const Frame& frame, const Bytes& from, Bytes& next) {
  std::vector<Handle> handles;
  next.clear();
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(store::Table::kSubjects, {}, from, [&](ByteView key, ByteView) {
        if (key.size() != keys::kSubjectRowKeyBytes) return true;
        if (handles.size() == kSubjectsPerLook) {
          next.assign(key.begin(), key.end());
          return false;
        }
        handles.push_back({Reader(key).GetArray<16>()});
        return true;
      }));
  return handles;
}

}  // namespace bailee::vault
