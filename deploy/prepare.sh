# shellcheck shell=bash
# Sourced by run.sh and run_tests.sh: makes .venv from uv.lock, and finds or installs tmux.
# Needs Python 3.11 or newer, the first on the PATH or the one that SIDEKICK_PYTHON names; installs
# nothing outside this folder but tmux.

UV_VERSION=0.13.9

say() { printf '%s\n' "$*" >&2; }
fail() { say "cannot go on: $*"; exit 2; }

find_python() {
  local name
  for name in "${SIDEKICK_PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$name" ] || continue
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$name" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  fail "Python 3.11 or newer is needed and not on the PATH"
}

uv_by_pip() {
  rm -rf .uv
  "$1" -m venv .uv && .uv/bin/python -m pip install -q --disable-pip-version-check "uv==$UV_VERSION"
}

uv_by_wheel() {
  rm -rf .uv
  "$1" deploy/fetch_uv.py "$UV_VERSION" .uv/bin
}

# Debian's Python comes without pip; with root's leave its package brings it.
uv_by_package() {
  command -v apt-get && as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv &&
    uv_by_pip "$1"
}

# uv: the one on the PATH, else a pinned one in .uv/.
find_uv() {
  local python=$1
  if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
  if [ ! -x .uv/bin/uv ]; then
    say "installing uv $UV_VERSION into .uv/ ..."
    { uv_by_pip "$python" || uv_by_wheel "$python" || uv_by_package "$python"; } >.uv.log 2>&1 || {
      tail -n 3 .uv.log >&2; rm -f .uv.log
      fail "uv could not be installed; install it yourself: https://docs.astral.sh/uv/"
    }
    rm -f .uv.log
  fi
  printf '%s\n' "$PWD/.uv/bin/uv"
}

# .venv, exactly as uv.lock says; made again only when that changes.
make_venv() { # run | test
  local python uv stamp group=()
  [ "$1" = test ] || group=(--no-dev)
  stamp="$1 $(cat uv.lock pyproject.toml | cksum)"
  if [ -x .venv/bin/sidekick ] && grep -qxF "$stamp" .venv/.prepared 2>/dev/null; then return; fi
  python=$(find_python) || exit 2
  uv=$(find_uv "$python") || exit 2
  export UV_PYTHON_DOWNLOADS=never UV_PYTHON="$python"
  # The second try is for networks whose own certificate only the system knows.
  "$uv" sync -q --frozen --inexact "${group[@]}" 2>.uv.log ||
    "$uv" sync -q --frozen --inexact --system-certs "${group[@]}" ||
    { cat .uv.log >&2; fail "the environment in .venv could not be made; see above"; }
  rm -f .uv.log
  printf '%s\n' "$stamp" >>.venv/.prepared
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

find_tmux() {
  command -v tmux >/dev/null 2>&1 && return
  say "installing tmux ..."
  if command -v apt-get >/dev/null 2>&1; then
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tmux; } >/dev/null 2>&1
  elif command -v dnf >/dev/null 2>&1; then as_root dnf install -y -q tmux >/dev/null 2>&1
  elif command -v pacman >/dev/null 2>&1; then as_root pacman -S --noconfirm tmux >/dev/null 2>&1
  elif command -v apk >/dev/null 2>&1; then as_root apk add -q tmux >/dev/null 2>&1
  elif command -v zypper >/dev/null 2>&1; then as_root zypper -q install -y tmux >/dev/null 2>&1
  fi
  command -v tmux >/dev/null 2>&1 || fail "tmux is missing; install it, as: sudo apt-get install tmux"
}

prepare() {
  make_venv "$1"
  find_tmux
}
