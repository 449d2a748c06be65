#!/usr/bin/env bash
# All checks and tests but the slow ones; arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. deploy/prepare.sh
prepare test
export PATH="$PWD/.venv/bin:$PATH"
ruff check .
ruff format --check --quiet .
mypy
lint-imports --no-cache >.venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
# Most of their time is waiting for other programs: three at once keep two cores busy.
pytest -q -n "${TEST_WORKERS:-3}" --dist worksteal -m "not slow and not docker" "$@"
