"""What pictures and recordings are, by how they begin: names and types of files are often wrong or missing."""

from typing import Final

_PICTURES: Final = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"RIFF", "webp"), (b"GIF8", "gif"))
_SOUNDS: Final = (
    (b"OggS", "ogg"), (b"ID3", "mp3"), (b"fLaC", "flac"), (b"RIFF", "wav"), (b"\x1a\x45\xdf\xa3", "webm"),
)  # fmt: skip


def picture_kind(picture: bytes) -> str:
    """The second half of its media type; "png" where nothing is known."""
    return next((kind for signature, kind in _PICTURES if picture.startswith(signature)), "png")


def sound_kind(sound: bytes) -> str | None:
    """The usual ending of its file name, without the dot; None for what is no known kind of sound."""
    if sound[4:8] == b"ftyp":  # ISO/IEC 14496-12; brands that begin with M4 hold sound only
        return "m4a" if sound[8:10] == b"M4" else "mp4"
    if len(sound) > 1 and sound[0] == 0xFF and sound[1] & 0xE0 == 0xE0:  # the sync word of MPEG audio; layer 0 is ADTS
        return "mp3" if sound[1] & 0x06 else "aac"
    return next((kind for signature, kind in _SOUNDS if sound.startswith(signature)), None)
