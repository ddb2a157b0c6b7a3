# SPDX-License-Identifier: Apache-2.0
"""As much of the protobuf wire format as signed rows need.

A schema is {field number: (name, type, repeated)}; type is "bytes", "string", "uint", "bool" or another schema. What is
absent has its default.
"""

from errors import require


def _varint(data, at):
    value = shift = 0
    while True:
        require(at < len(data) and shift < 70, "protobuf: varint")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value & (2**64 - 1), at


def fields(data):
    """Yields (number, value): an int of a varint, bytes of anything with a length."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        require(number > 0, "protobuf: field zero")
        if kind == 0:
            value, at = _varint(data, at)
        else:
            require(kind == 2, "protobuf: unknown wire type")
            size, at = _varint(data, at)
            require(size <= len(data) - at, "protobuf: too short")
            value, at = data[at : at + size], at + size
        yield number, value


def _default(kind, repeated):
    if repeated:
        return []
    return {"bytes": b"", "string": "", "uint": 0, "bool": False}.get(kind) if isinstance(kind, str) else None


def _values(kind, value, refuse_unknown):
    """The values of one occurrence: several if numbers are packed."""
    if kind in ("uint", "bool"):
        if isinstance(value, int):
            return [bool(value) if kind == "bool" else value]
        out, at = [], 0
        while at < len(value):
            number, at = _varint(value, at)
            out.append(number)
        return out
    require(isinstance(value, bytes), "protobuf: a number where there are none")
    if kind == "bytes":
        return [value]
    if kind == "string":
        try:
            return [value.decode()]
        except UnicodeDecodeError:
            require(False, "protobuf: a text that is none")
    return [decode(value, kind, refuse_unknown)]


def decode(data, schema, refuse_unknown):
    out = {name: _default(kind, repeated) for name, kind, repeated in schema.values()}
    for number, value in fields(data):
        if number not in schema:
            require(not refuse_unknown, "protobuf: unknown field")
            continue
        name, kind, repeated = schema[number]
        values = _values(kind, value, refuse_unknown)
        if repeated:
            out[name] += values
        else:
            require(len(values) == 1, "protobuf: packed where there is one")
            out[name] = values[0]
    return out
