// SPDX-License-Identifier: Apache-2.0
#include "record/fields.h"

#include <cstring>

#include "bailee/limits.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/padding.h"

namespace bailee::record {
namespace {

constexpr size_t kCountBytes = sizeof(uint16_t);
constexpr size_t kItemHeaderBytes = sizeof(FieldNumber) + sizeof(uint32_t);

Status DamagedFields() {
  return Status(Code::kDamage, "record.fields", "an opened compartment does not make sense",
                "run check on the vault");
}

size_t SizeOf(const FieldValue& value) {
  return value.secret != nullptr ? value.secret->size_bytes() : value.bytes.size();
}

// Writes one value at `out`; what follows it.
uint8_t* WriteItem(const FieldValue& value, uint8_t* out) {
  const size_t size = SizeOf(value);
  StoreBigEndian(value.field, out);
  StoreBigEndian(static_cast<uint32_t>(size), out + sizeof(FieldNumber));
  out += kItemHeaderBytes;
  const auto copy = [out](ByteView bytes) {
    if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  };
  if (value.secret != nullptr) {
    value.secret->RevealBytes(copy);
  } else {
    copy(value.bytes);
  }
  return out + size;
}

Fields::Item ReadItem(Reader& reader) {
  const auto field = reader.Get<FieldNumber>();
  return {field, reader.GetPrefixed<uint32_t>()};
}

// Whether `items` are exactly `count` items as EncodeFields writes them.
bool AreItems(ByteView items, uint16_t count) {
  if (count > limits::kFieldsPerCategoryMax) return false;
  Reader reader(items);
  size_t value_bytes = 0;
  int last_field = -1;
  for (uint16_t i = 0; i < count; ++i) {
    const Fields::Item item = ReadItem(reader);
    if (reader.failed() || item.field <= last_field) return false;
    if (item.field >= limits::kFieldsPerCategoryMax) return false;
    last_field = item.field;
    value_bytes += item.value.size();
  }
  return reader.complete() && value_bytes <= limits::kRecordBytesMax;
}

}  // namespace

Result<Secret> EncodeFields(std::span<const FieldValue> values) {
  size_t value_bytes = 0;
  int last_field = -1;
  for (const FieldValue& value : values) {
    BAILEE_CHECK(value.field > last_field && value.field < limits::kFieldsPerCategoryMax);
    last_field = value.field;
    if (SizeOf(value) > limits::kRecordBytesMax - value_bytes) {
      return Status(Code::kInvalidValue, "record.too-large",
                    "the values of the record are together larger than a record may be",
                    "split it into several records");
    }
    value_bytes += SizeOf(value);
  }
  const size_t data_bytes = kCountBytes + values.size() * kItemHeaderBytes + value_bytes;
  BAILEE_TRY(Secret plaintext, Secret::Allocate(crypto::PaddedSize(data_bytes)));
  plaintext.RevealMutable([&](std::span<uint8_t> out) {
    StoreBigEndian(static_cast<uint16_t>(values.size()), out.data());
    uint8_t* at = out.data() + kCountBytes;
    for (const FieldValue& value : values) at = WriteItem(value, at);
    crypto::Pad(out, data_bytes);
  });
  return plaintext;
}

Result<Fields> Fields::Decode(ByteView opened) {
  const Result<size_t> data_bytes = crypto::UnpaddedSize(opened);
  if (!data_bytes) return DamagedFields();
  Reader reader(opened.first(*data_bytes));
  const auto count = reader.Get<uint16_t>();
  if (reader.failed() || !AreItems(reader.rest(), count)) return DamagedFields();
  return Fields(reader.rest(), count);
}

std::optional<ByteView> Fields::Find(FieldNumber field) const {
  Reader reader(items_);
  for (uint16_t i = 0; i < count_; ++i) {
    const Item item = ReadItem(reader);
    if (item.field == field) return item.value;
  }
  return std::nullopt;
}

Fields::Iterator Fields::begin() const { return Iterator(items_); }
Fields::Iterator Fields::end() const { return Iterator({}); }

Fields::Item Fields::Iterator::operator*() const {
  Reader reader(rest_);
  return ReadItem(reader);
}

Fields::Iterator& Fields::Iterator::operator++() {
  Reader reader(rest_);
  ReadItem(reader);
  rest_ = reader.rest();
  return *this;
}

Result<std::optional<ByteView>> FindField(ByteView opened, FieldNumber field) {
  BAILEE_TRY(const Fields fields, Fields::Decode(opened));
  return fields.Find(field);
}

}  // namespace bailee::record
