"""The program: `python -I -S …/__main__.py VERB SECONDS FOLDER REPOSITORY BRANCH FRESH`.

It prints one JSON object: of `begin` an empty one, of `figures` what is in `work.json`; of either
`{"reason": …, "message": …}` where it cannot be done.
"""

import json
import sys
import time

sys.path.append(__file__.rpartition("/controller/")[0] or "/")

from controller.shim.worktree.begin import Place, begin
from controller.shim.worktree.figures import figures
from controller.shim.worktree.git import GitError


def main(verb: str, seconds: str, folder: str, repository: str, branch: str, fresh: str) -> None:
    """Do what is asked, and print what came of it.

    Args:
        verb: `begin` or `figures`.
        seconds: How long it may take.
        folder: Where the agent works.
        repository: The user's checkout; empty where the folder is no worktree.
        branch: The worktree's branch.
        fresh: Not empty where a conversation begins.
    """
    deadline = time.monotonic() + float(seconds)
    answer: dict[str, object] = {}
    try:
        if verb == "begin":
            begin(Place(repository, folder, branch, bool(fresh)), deadline)
        else:
            answer = figures(folder, repository, deadline)
    except GitError as error:
        answer = {"reason": error.reason, "message": error.message}
    except OSError as error:
        answer = {"reason": "GitFailed", "message": f"{folder}: {error.strerror or error}"}
    print(json.dumps(answer))  # noqa: T201 - its way to the shim


if __name__ == "__main__":
    main(*sys.argv[1:])
