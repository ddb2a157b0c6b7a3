# SPDX-License-Identifier: Apache-2.0
"""Why a vault or keyring is not read: proto/FORMAT.md says which."""


class Damage(Exception):
    """Bytes that a reader MUST reject."""


class TooNew(Exception):
    """A version later than this reader."""


class NotAKeyring(Exception):
    """The file does not begin like a keyring."""


class WrongKey(Exception):
    """The commitment says that this key does not open this envelope."""


def require(holds, what):
    if not holds:
        raise Damage(what)
