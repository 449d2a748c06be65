"""Run the demo work; standard library only, so that it starts on any Python."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from controller.demo.work import Work


def main() -> int:
    """Parse the arguments and work; returns the exit status."""
    parser = argparse.ArgumentParser(prog="sidekick-demo", description="A stand-in for an agent.")
    parser.add_argument("--seconds", type=float, default=12.0, help="how long to work, about")
    parser.add_argument("--project", default="a project", help="the project's name")
    parser.add_argument("prompt", help="what is to be done")
    options = parser.parse_args()
    return Work(options.project, options.prompt, options.seconds).run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
