// SPDX-License-Identifier: Apache-2.0
#include "vault/rotation.h"

namespace bailee::vault {

Status BeginStorage(const RotationCall& call, const crypto::SigningKey&) { return UnknownKey(call.key); }
Status FinishStorage(const RotationCall& call, const crypto::SigningKey&) { return UnknownKey(call.key); }
Status BeginIndex(const RotationCall& call, const crypto::SigningKey&) { return UnknownKey(call.key); }
Status RunIndex(const RotationCall& call) { return UnknownKey(call.key); }
Status FinishIndex(const RotationCall& call, const crypto::SigningKey&) { return UnknownKey(call.key); }

}  // namespace bailee::vault
