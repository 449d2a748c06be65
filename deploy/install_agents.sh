#!/usr/bin/env bash
# Install the agents' programs, each of a pinned version and in a folder of its own, and link them
# into PREFIX/bin. What is there already is left as it is.
#   deploy/install_agents.sh                      all of them, into .agents/
#   deploy/install_agents.sh -p PREFIX codex aider
# Needs node 20 or newer with npm (for aider: Python 3.10 to 3.12); installs nothing outside PREFIX.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/prepare.sh"

# name  program  version  package  what its package runs after an installation
agents="\
claude    claude    2.1.330  @anthropic-ai/claude-code  install.cjs
codex     codex     0.169.0  @openai/codex              -
gemini    gemini    0.61.0   @google/gemini-cli         -
qwen      qwen      0.24.4   @qwen-code/qwen-code       -
opencode  opencode  1.18.33  opencode-ai                postinstall.mjs
aider     aider     0.86.2   aider-chat                 -"

# A cold first start of the larger ones takes some seconds.
says_version() { timeout 60 "$1" --version </dev/null 2>/dev/null | grep -qwF -- "$2"; }

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail "node and npm are missing; install node 20 or newer: https://nodejs.org/"
  node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    fail "node $(node --version) is too old; 20 or newer is needed: https://nodejs.org/"
}

by_npm() { # folder program version package script
  need_node
  npm install --prefix "$1" --no-audit --no-fund --no-package-lock --loglevel=error "$4@$3"
  # Where npm was told to run no scripts, a stub is left in the program's place.
  [ "$5" = - ] || says_version "$1/node_modules/.bin/$2" "$3" ||
    (cd "$1/node_modules/$4" && node "$5")
  ln -sfn "node_modules/.bin/$2" "$1/program"
}

by_uv() { # folder program version package
  local uv
  uv=$(cd "$root" && find_uv "$(find_python)")
  "$uv" venv -q --clear --python '>=3.10,<3.13' "$1/venv"
  "$uv" pip install -q --python "$1/venv/bin/python" "$4==$3"
  ln -sfn "venv/bin/$2" "$1/program"
}

install_one() { # prefix name program version package script
  local folder=$1/$2-$4 how=by_npm
  [ "$2" != aider ] || how=by_uv
  if [ ! -e "$folder/.complete" ]; then
    say "installing $2 $4 ..."
    rm -rf "$folder" && mkdir -p "$folder" "$1/bin"
    if ! ("$how" "$folder" "${@:3}") >"$folder.log" 2>&1; then
      cat "$folder.log" >&2
      fail "$2 $4 could not be installed; see above"
    fi
    says_version "$folder/program" "$4" ||
      fail "$folder/program does not say that it is $4; what its installation said: $folder.log"
    rm -f "$folder.log" && touch "$folder/.complete"
  fi
  ln -sfn "../$2-$4/program" "$1/bin/$3"
}

prefix=$root/.agents
if [ "${1:-}" = -p ]; then
  prefix=${2:?-p needs a folder}
  shift 2
fi
known=" $(awk '{ printf "%s ", $1 }' <<<"$agents")"
for name; do
  [[ $known == *" $name "* ]] || fail "no agent is called $name; there are$known"
done
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
exec 9>"$prefix/.lock" && flock 9 # two at once would write into each other's folders
while read -r name program version package script; do
  [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
  (install_one "$prefix" "$name" "$program" "$version" "$package" "$script") 9>&- </dev/null
done <<<"$agents"
