"""A small real PNG without any library: stripes in soft colours, so that a picture is seen to be one."""

import struct
import zlib
from colorsys import hls_to_rgb
from hashlib import sha256


def picture(seed: str, size: int = 256) -> bytes:
    """A square PNG whose colours follow from `seed`."""
    drawn = sha256(seed.encode("utf-8", "surrogatepass")).digest()
    hue = int.from_bytes(drawn[:2]) / 0x10000
    first = _colour(hue, 0.55 + drawn[2] / 1280)
    second = _colour(hue + 0.05 + drawn[3] / 2560, 0.8 + drawn[4] / 2560)
    band = [first if x // 32 % 2 else second for x in range(2 * size)]
    rows = b"".join(b"\x00" + b"".join(band[y : y + size]) for y in range(size))  # \x00: PNG filter "none"
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _colour(hue: float, lightness: float) -> bytes:
    return bytes(round(255 * channel) for channel in hls_to_rgb(hue % 1, lightness, 0.65))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
