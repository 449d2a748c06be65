#!/usr/bin/env bash
# Prepare everything, then run the controller; with arguments, any other command of it:
#   ./run.sh               the controller, with a live table
#   ./run.sh get -o wide   the same as: sidekick get -o wide
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. deploy/prepare.sh
prepare run
export SIDEKICK_COMMAND=./run.sh
exec .venv/bin/sidekick "${@:-run}"
