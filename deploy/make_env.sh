#!/usr/bin/env bash
# Write .env for docker-compose.yml: UID and GID of whoever owns desired/, a password for Grafana.
# Shells do not export UID, so Compose cannot know it otherwise. What .env says already stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

put() { # name value: unless .env has the name
  grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >>.env
}

uid=$(stat -c %u desired)
gid=$(stat -c %g desired)
if [ "$uid" = 0 ]; then
  echo "desired/ belongs to root, and nothing in the containers runs as root: give it to the user" >&2
  echo "who edits it, for example: chown -R 1000:1000 desired, and run this again" >&2
  exit 2
fi
umask 077
touch .env
if [ -s .env ] && [ -n "$(tail -c 1 .env)" ]; then echo >>.env; fi
put UID "$uid"
put GID "$gid"
put AGENTS mock
put GRAFANA_PASSWORD "$(od -An -tx1 -N12 /dev/urandom | tr -d ' \n')"
# Prometheus and its kin read their files as users of their own; a strict umask may forbid it.
chmod -R a+rX prometheus.yml deploy/rules deploy/alertmanager deploy/logs grafana
