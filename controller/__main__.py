"""`python -m controller` is the same as `sidekick`."""

import sys

from controller.cli import main

sys.exit(main())
