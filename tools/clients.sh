# clients.sh: puts the drivers that tests/clients runs, at pinned versions, under a directory; sourced by tools/check. Where
# something cannot be fetched, its tests are skipped and say so. NAME.done marks what is there.

# clients_install DIRECTORY TESTS
clients_install() {
    mkdir -p "$1"
    packages_need $PACKAGES_CLIENTS || echo "Some clients' tests will be skipped."
    command -v npm >/dev/null || packages_need npm || true # which some packages of nodejs bring along
    command -v go >/dev/null || packages_need golang-go || true
    command -v mvn >/dev/null || packages_need maven default-jdk-headless || true
    for language in python node go java; do
        [ -e "$1/$language.done" ] && continue
        if clients_$language "$1" "$2"; then
            touch "$1/$language.done"
        else
            echo "The $language drivers could not be installed; their tests will be skipped."
        fi
    done
}

clients_python() {
    python3 -m venv "$1/venv" &&
        "$1/venv/bin/pip" install -q --disable-pip-version-check -r "$2/requirements.txt"
}

clients_node() {
    cp "$2/package.json" "$1/" && (cd "$1" && npm install --silent --no-audit --no-fund >/dev/null)
}

# Compiled once here: the tests then compile their own few lines only.
clients_go() {
    (cd "$2/go" && GOFLAGS=-mod=mod go build -o "$1/go/" ./...)
}

clients_java() {
    mvn -q -B -f "$2/java/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/java" >/dev/null
}
