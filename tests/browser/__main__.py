"""`python -m tests.browser` says how to get a browser where there is none; status 1 then."""

import sys

from tests.browser.chromium import MISSING, found

if not found():
    sys.exit(MISSING)
