"""Abuse: what people and servers of ill will may do to the bot, and what it costs the others (SPEC §8)."""

from tests.stories.conftest import admin, alice, bob, bot, house

__all__ = ["admin", "alice", "bob", "bot", "house"]
