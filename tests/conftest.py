"""How hard properties are tried: quickly by ./run_tests.sh, thoroughly by .ci/run."""

import os

from hypothesis import settings

settings.register_profile("quick", max_examples=50)
settings.register_profile("thorough", max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
