// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace bailee::limits {

// Every bound of the vault, in one place. A value at the bound is accepted, one more is refused.
inline constexpr size_t kRefBytesMax = 255;
inline constexpr size_t kFieldBytesMax = size_t{64} << 10;
inline constexpr size_t kBlobBytesMax = size_t{1} << 20;
inline constexpr size_t kRecordBytesMax = size_t{1} << 20;
inline constexpr size_t kFieldsPerCategoryMax = 64;
inline constexpr size_t kCategoriesMax = 1024;
inline constexpr size_t kPurposesMax = 256;
inline constexpr size_t kPurposeDepthMax = 8;
inline constexpr size_t kPurposesPerCompartmentMax = 64;
inline constexpr size_t kPolicyFileBytesMax = size_t{1} << 20;
inline constexpr size_t kBatchRecordsMax = 10'000;
inline constexpr size_t kRectifiedRecordsMax = 1'000;  // in one call
inline constexpr size_t kKeyringBytesMax = size_t{64} << 10;
inline constexpr size_t kCaseReferenceBytesMax = 64;
inline constexpr size_t kTransactionRowsMax = 20'000;
inline constexpr size_t kBackupStreamsMax = 1'000;  // that one call takes
inline constexpr size_t kRestoreListMax = 10'000;   // handles that a backup or a restore names
inline constexpr size_t kNameBytesMax = 64;         // ids in a policy, actor names
inline constexpr size_t kClauseBytesMax = 256;      // where a policy's rule comes from

}  // namespace bailee::limits
