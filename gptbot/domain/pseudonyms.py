"""What stands in a person's place once they had everything about them deleted (SPEC §4 `/forget`).

A pseudonym is a number far below every id that Telegram gives to a chat, so that the ledger, the journal and data.json
keep it where an id would stand, and nobody can take one for the other.
"""

from hashlib import blake2b

HIGHEST = -(2**62)
"""Pseudonyms are between this and -2**63 + 1; Telegram's ids have at most 52 bits (Bot API, Chat)."""


def pseudonym(key: bytes, user: int) -> int:
    """The keyed hash of a user's id. Who doesn't have the key can't find the id by trying all of them."""
    digest = blake2b(str(user).encode(), key=key, digest_size=8).digest()
    return HIGHEST - (int.from_bytes(digest, "big") >> 2)


def is_pseudonym(user: int) -> bool:
    return user <= HIGHEST
