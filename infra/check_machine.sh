#!/bin/sh
# Says in one sentence what this machine lacks, before anything is downloaded; silent when nothing is missing.
# Exit code 11 is popbase's own for the machine (jobs/popbase/errors.py).

fail() {
    echo "popbase: machine: $1" >&2
    exit 11
}

python=${PYTHON:-python3.11}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
[ -n "$version" ] || fail "Python 3.11 is missing; install it (Debian: apt install python3.11-venv) and run 'make setup' again."
[ "$version" = 3.11 ] || fail "'$python' is Python $version, popbase needs 3.11; install it and run 'make setup PYTHON=python3.11'."
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python 3.11 cannot make virtual environments; install its venv module (Debian: apt install python3.11-venv)."

# Spark asks JAVA_HOME first, then the PATH; so does this.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
version=$("$java" -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p')
[ -n "$version" ] || fail "Java 17 is missing; install it (Debian: apt install openjdk-17-jre-headless) or set JAVA_HOME, and run 'make setup' again."
[ "$version" = 17 ] || fail "'$java' is Java $version, popbase needs Java 17; install it (Debian: apt install openjdk-17-jre-headless) and set JAVA_HOME to it."
