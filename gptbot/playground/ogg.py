"""A small real voice message without any library: silence as Ogg Opus (RFC 3533, RFC 6716, RFC 7845)."""

import struct

FRAME_S = 0.02
FRAME_SAMPLES = 960  # of 20 ms at 48 kHz
FRAMES_PER_PAGE = 255
SILENCE = b"\xf8\xff\xfe"
SERIAL = 1

_FIRST, _LAST = 2, 4  # header_type of a page


def silence(seconds: float) -> bytes:
    """At least one frame of silence, mono."""
    left = max(1, round(seconds / FRAME_S))
    head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, 0, 48_000, 0, 0)
    tags = struct.pack("<8sI10sI", b"OpusTags", 10, b"playground", 0)
    pages = [_page(0, _FIRST, 0, [head]), _page(1, 0, 0, [tags])]
    samples = 0
    while left:
        frames = min(left, FRAMES_PER_PAGE)
        left -= frames
        samples += frames * FRAME_SAMPLES
        pages.append(_page(len(pages), 0 if left else _LAST, samples, [SILENCE] * frames))
    return b"".join(pages)


def _page(number: int, header_type: int, position: int, packets: list[bytes]) -> bytes:
    """Packets of fewer than 255 bytes each, so that each takes one entry of the segment table."""

    def header(checksum: int) -> bytes:
        return struct.pack("<4sBBqIIIB", b"OggS", 0, header_type, position, SERIAL, number, checksum, len(packets))

    body = bytes(map(len, packets)) + b"".join(packets)
    return header(_checksum(header(0) + body)) + body


def _checksum(page: bytes) -> int:
    """CRC-32 with the polynomial 04C11DB7, neither reflected nor inverted (RFC 3533 §6)."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc
