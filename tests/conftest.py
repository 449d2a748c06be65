"""How hard properties are tried: quickly by ./run_tests.sh, thoroughly by .ci/run.

With HYPOTHESIS_PROFILE=search they are tried on new examples each time. No deadline for one
example: a busy machine is no fault.
"""

import os
import signal

from hypothesis import settings

# The checks try the same examples every time: what fails was broken by the change. `search` looks
# for what nobody found yet.
settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it puts into the background ignore Ctrl-C, and every process begun here would
    # do so too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
