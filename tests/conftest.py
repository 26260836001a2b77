"""What all tests share: how Hypothesis chooses its examples.

The same ones each time, so that what is red stays red until it is mended; `EXAMPLES=new make test` looks for others.
"""

import os

from hypothesis import settings

# No deadlines: how long an example takes says more of what else the machine does than of the code.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("new", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("EXAMPLES", "same"))
