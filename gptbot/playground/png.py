"""A small real PNG without any library: coloured stripes, so that a picture is seen to be one."""

import struct
import zlib
from hashlib import sha256


def picture(seed: str, size: int = 256) -> bytes:
    """A square PNG whose colours follow from `seed`."""
    first = sha256(seed.encode("utf-8", "surrogatepass")).digest()[:3]
    second = bytes(255 - value for value in first)
    band = [first if x // 32 % 2 else second for x in range(2 * size)]
    rows = b"".join(b"\x00" + b"".join(band[y : y + size]) for y in range(size))  # \x00: PNG filter "none"
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
