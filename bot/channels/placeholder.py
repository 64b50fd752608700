"""A picture that stands for one that is not there: where no platform is, a name is all that is sent."""

from __future__ import annotations

import struct
import zlib


def placeholder(name: str) -> bytes:
    """A grey dot as PNG, whose comment says what it stands for; each name has its own."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    comment = b"Comment\0" + f"placeholder for {name}".encode("latin-1", "backslashreplace")
    parts = ((b"IHDR", header), (b"tEXt", comment), (b"IDAT", zlib.compress(b"\0\x99")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
