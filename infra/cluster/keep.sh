#!/bin/sh
# Runs a command anew whenever it ends, as a service manager would, until it is told to stop itself.
# honcho alone would take the whole cluster down with the first process that dies.
stop() { stopping=1; kill -TERM "$child" 2>/dev/null; }
trap stop TERM INT
while [ -z "$stopping" ]; do
    "$@" &
    child=$!
    wait "$child"
    code=$?
    [ -n "$stopping" ] || { echo "ended with code $code; starting it again"; sleep 2; }
done
wait "$child"
