// SPDX-License-Identifier: Apache-2.0
#include "crypto/id_run.h"

#include <algorithm>

#include "base/codec.h"

namespace bailee::crypto {

IdRun::Id IdRun::Next() {
  if (made_ == 0) beginning_ = RandomArray<6>(random_);
  Id id = RandomArray<16>(random_);
  std::copy(beginning_.begin(), beginning_.end(), id.begin());
  StoreBigEndian(made_, id.data() + beginning_.size());
  made_ = static_cast<uint16_t>((made_ + 1) % length_);
  return id;
}

}  // namespace bailee::crypto
