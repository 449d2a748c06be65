"""`python -m controller` is the same as `sidekick`."""

import sys

if not sys.flags.safe_path:
    # The folder that we were started in: a yaml.py there is not the library.
    del sys.path[0]

from controller.cli import main

sys.exit(main())
