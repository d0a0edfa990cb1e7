# packages.sh: Debian 12 packages, sourced by tools/start and tools/check.

PACKAGES_BUILD="build-essential meson ninja-build pkg-config libsqlite3-dev libevent-dev libssl-dev
    libpg-query-dev libprotobuf-c-dev libgmp-dev libmpfr-dev libpcre2-dev libstemmer-dev libxml2-dev tzdata"
PACKAGES_TEST="postgresql-15 postgresql-client-15 postgresql-15-pgtap
    libtap-parser-sourcehandler-pgtap-perl libpq-dev openssl python3 python3-venv nodejs sqlite3
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user" # the last line: the vector engine's NEON level
# What the clients of tests/clients are written in; each may be missing, then its tests are skipped.
PACKAGES_CLIENTS="ruby ruby-pg ruby-activerecord ruby-sequel php-cli php-pgsql libdbd-pg-perl"

# packages_need NAME...: installs what is missing, or says what to install and fails.
packages_need() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "These Debian packages are needed, and there is no apt-get here:$missing" >&2
        return 1
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        echo "Neither root nor sudo. Please run as root: apt-get install$missing" >&2
        return 1
    fi
    echo "Installing:$missing"
    $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
        echo "Could not install:$missing" >&2
        return 1
    }
}

# packages_build DIRECTORY: configures once and builds.
packages_build() {
    [ -f "$1/build.ninja" ] || meson setup "$1" >/dev/null || return 1
    ninja -C "$1"
}
