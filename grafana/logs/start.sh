#!/bin/sh
# Starts Grafana in its container: where Loki answers (the profile `logs`), with Loki as a source and
# the dashboard of the log; else without either.
set -eu
if wget -q -T 5 -O /dev/null http://loki:3100/ready; then
  cp -rf /etc/grafana/provisioning /tmp
  cp -rf /etc/grafana/logs/provisioning /tmp
  export GF_PATHS_PROVISIONING=/tmp/provisioning
fi
exec /run.sh "$@"
