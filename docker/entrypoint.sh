#!/bin/sh
# entrypoint.sh FILE.db|DIRECTORY [OPTION...]: the server in its container.
#
# With PGFEATHER_PASSWORD, or PGFEATHER_PASSWORD_FILE naming a file that holds it, the role postgres gets that password
# and the server listens on all addresses, by SCRAM. Without, it listens on the container's loopback only.
set -eu
path=$1
shift

if [ -n "${PGFEATHER_PASSWORD_FILE-}" ]; then
    PGFEATHER_PASSWORD=$(cat "$PGFEATHER_PASSWORD_FILE")
fi
if [ -z "${PGFEATHER_PASSWORD-}" ]; then
    echo "entrypoint.sh: no PGFEATHER_PASSWORD: reachable from inside this container only" >&2
    exec pgfeather "$@" "$path"
fi

# By a session of the loopback, which nobody else reaches before the password is set.
export PGFEATHER_PASSWORD
pgfeather "$path" --run psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
\set password `printenv PGFEATHER_PASSWORD`
ALTER ROLE postgres PASSWORD :'password';
SQL
unset PGFEATHER_PASSWORD
exec pgfeather --listen '*' -c auth=scram-sha-256 "$@" "$path"
