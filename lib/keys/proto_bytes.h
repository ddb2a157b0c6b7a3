// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <string>

#include "bailee/bytes.h"

// Between protobuf and our bytes, for messages that are public and signed. Included only by the
// files that translate.
namespace bailee::keys {

inline std::string ToProtoBytes(ByteView bytes) { return std::string(AsText(bytes)); }

// Fills `out` if the sizes agree.
inline bool FromProtoBytes(const std::string& from, std::span<uint8_t> out) {
  if (from.size() != out.size()) return false;
  const ByteView bytes = AsBytes(from);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

inline bool HasNoUnknownFields(const google::protobuf::Message& message) {
  return message.GetReflection()->GetUnknownFields(message).empty();
}

// Whether `bytes` are a message of this type without unknown fields at the top. Its bytes are
// signed as stored and never made anew, so other spellings of one message do no harm.
inline bool ParseExactly(ByteView bytes, google::protobuf::Message& message) {
  if (bytes.size() > size_t{1} << 20) return false;
  // Hostile bytes must not write to the host's standard error.
  const google::protobuf::LogSilencer silencer;
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         HasNoUnknownFields(message);
}

inline Bytes SerializeDeterministically(const google::protobuf::Message& message) {
  std::string text;
  {
    google::protobuf::io::StringOutputStream stream(&text);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return Bytes(AsBytes(text).begin(), AsBytes(text).end());
}

}  // namespace bailee::keys
