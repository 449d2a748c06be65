#!/usr/bin/env bash
# Prepare everything, then run the controller; with arguments, any other command of it:
#   ./run.sh               the controller, with a live table
#   ./run.sh get -o wide   the same as: sidekick get -o wide
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
(cd "$here" && . deploy/prepare.sh && prepare run)
export SIDEKICK_CONFIG=${SIDEKICK_CONFIG:-$here/config.yaml} SIDEKICK_COMMAND=$0
exec "$here/.venv/bin/sidekick" "${@:-run}"
