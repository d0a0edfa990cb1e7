#!/bin/sh
# run.sh SERVER CLIENTS PROGRAM [ARGUMENT...]: runs a client test against a pgfeather of its own with a fresh file.
# CLIENTS is the directory where tools/check put the drivers. Status 77: what the test needs is not installed.
set -eu
server=$1 clients=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
case $1 in
*.py)
    script=$here/$1
    shift
    python=$clients/venv/bin/python
    [ -x "$python" ] || python=$(command -v python3) || { echo "python3 is not installed" && exit 77; }
    set -- "$python" "$script" "$@"
    ;;
*.js)
    script=$here/$1
    shift
    command -v node >/dev/null || { echo "node is not installed" && exit 77; }
    set -- node "$script" "$@"
    ;;
esac
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
export PGFEATHER_CLIENTS="$clients" PGFEATHER_NODE_MODULES="$clients" PGFEATHER_TEST_VECTOR=1 PYTHONDONTWRITEBYTECODE=1
"$server" "$directory/app.db" --run "$@"
