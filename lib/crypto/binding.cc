// SPDX-License-Identifier: Apache-2.0
#include "crypto/binding.h"

#include <cstring>

#include "base/check.h"
#include "base/codec.h"

namespace bailee::crypto {
namespace {

class FixedWriter {
 public:
  explicit FixedWriter(uint8_t* out) : out_(out) {}

  template <typename Int>
  FixedWriter& Put(Int value) {
    StoreBigEndian(value, out_);
    out_ += sizeof(Int);
    return *this;
  }
  template <size_t N>
  FixedWriter& Put(const std::array<uint8_t, N>& bytes) {
    std::memcpy(out_, bytes.data(), N);
    out_ += N;
    return *this;
  }
  const uint8_t* at() const { return out_; }

 private:
  uint8_t* out_;
};

void PutCommon(const Binding& binding, FixedWriter& out) {
  out.Put(kFormat)
      .Put(kSuite)
      .Put(static_cast<uint8_t>(LayerOf(binding.label)))
      .Put(static_cast<uint8_t>(binding.label))
      .Put(binding.vault.bytes)
      .Put(binding.handle.bytes)
      .Put(binding.category.bytes)
      .Put(binding.record.bytes)
      .Put(binding.compartment)
      .Put(binding.terms.bytes)
      .Put(binding.generation)
      .Put(binding.revision)
      .Put(binding.context);
}

}  // namespace

EncodedBinding Encode(const Binding& binding) {
  BAILEE_CHECK(LayerOf(binding.label) == Layer::kRecord);
  EncodedBinding bytes;
  FixedWriter out(bytes.data());
  PutCommon(binding, out);
  BAILEE_CHECK(out.at() == bytes.data() + bytes.size());
  return bytes;
}

EncodedWrapBinding Encode(const WrapBinding& binding) {
  BAILEE_CHECK(LayerOf(binding.binding.label) == Layer::kWrap);
  EncodedWrapBinding bytes;
  FixedWriter out(bytes.data());
  PutCommon(binding.binding, out);
  out.Put(binding.purpose.bytes).Put(binding.key_version);
  BAILEE_CHECK(out.at() == bytes.data() + bytes.size());
  return bytes;
}

}  // namespace bailee::crypto
