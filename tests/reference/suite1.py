# SPDX-License-Identifier: Apache-2.0
"""The sealed envelope, its binding and the write-only box: proto/FORMAT.md §4."""

import hmac
import struct

from nacl import bindings, exceptions

from codec import blake2b, label16
from errors import Damage, WrongKey, require

OVERHEAD = 24 + 32 + 16
BOX_OVERHEAD = 32 + OVERHEAD

COMPARTMENT, SUBJECT_ROW, WRAPS_ROW, WRAP, WRITE_ONLY_WRAP = 1, 2, 3, 4, 5
SHARDS, SECRETS, LOOKUP, PENDING_OUTER, PENDING_INNER = 6, 7, 8, 9, 10
LEDGER, REVISIONS = 14, 20
EPOCH, BACK_ROW, KEPT_DISCLOSURE = 21, 22, 23
STREAM_KEY, STREAM_INDEX = 24, 25
RETIRED_KEY, OLDER_STORAGE, GROUPS = 28, 29, 30


def binding(label, vault, handle=bytes(16), category=bytes(8), record=bytes(16), compartment=0,
            terms=bytes(16), generation=0, revision=0, context=bytes(8), wrap_for=None):
    """The authenticated data of §4.1; `wrap_for` = (purpose id, key version) makes it a wrap layout."""
    layer = 1 if wrap_for is None else 2
    out = bytes([1, 1, layer, label]) + vault + handle + category + record
    out += struct.pack(">H", compartment) + terms + struct.pack(">II", generation, revision) + context
    if wrap_for is not None:
        out += wrap_for[0] + struct.pack(">H", wrap_for[1])
    assert len(out) == (94 if layer == 1 else 104)
    return out


def open_envelope(key, bound, envelope):
    require(len(envelope) >= OVERHEAD, "envelope: too short")
    salt, commitment, sealed = envelope[:24], envelope[24:56], envelope[56:]
    derived = blake2b(64, salt + bound, key=key)
    if not hmac.compare_digest(derived[32:], commitment):
        raise WrongKey("envelope: commitment")
    try:
        return bindings.crypto_aead_chacha20poly1305_ietf_decrypt(sealed, None, bytes(12), derived[:32])
    except exceptions.CryptoError as failure:
        raise Damage("envelope: does not open") from failure


def open_sealed(key, bound, envelope, what):
    """As open_envelope, where the key is known to be right: a commitment that differs is damage."""
    try:
        return open_envelope(key, bound, envelope)
    except WrongKey as failure:
        raise Damage(what + ": does not open") from failure


def box_secret(purpose_key, key_version):
    return blake2b(32, struct.pack(">H", key_version), person=b"bailee.boxsecret", key=purpose_key)


def box_public(secret):
    return bindings.crypto_scalarmult_base(secret)


def open_box(secret, bound, box):
    require(len(box) >= BOX_OVERHEAD, "box: too short")
    ephemeral = box[:32]
    try:
        shared = bindings.crypto_scalarmult(secret, ephemeral)
    except (exceptions.CryptoError, exceptions.RuntimeError) as failure:  # libsodium refuses a zero dh
        raise Damage("box: zero dh") from failure
    require(shared != bytes(32), "box: zero dh")
    key = blake2b(32, shared + ephemeral + box_public(secret) + bound, person=b"bailee.box")
    return open_envelope(key, bound, box[32:])


def verify(public, label, signature, message):
    try:
        bindings.crypto_sign_open(signature + label16(label) + message, public)
    except (exceptions.BadSignatureError, exceptions.ValueError) as failure:
        raise Damage(label + ": signature") from failure
