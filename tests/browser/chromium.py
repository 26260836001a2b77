"""The browser of these tests: Debian's chromium, or Chrome."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
"""It runs as root in containers, reaches nothing but loopback, and has a microphone that beeps."""
MISSING = "No chromium here, so the tests of the page were skipped. To have them: sudo apt-get install chromium"


def found() -> str | None:
    """The path of the first of NAMES that is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)
