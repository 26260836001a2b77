"""Time, so that tests can make it stand still."""

from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Seconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...
