#!/usr/bin/env python3
"""lint.py ROOT: checks the container files without building them, and says what that cannot show.

With hadolint, shellcheck or `docker compose` at hand those are asked too.
"""
import json
import os
import re
import shutil
import subprocess
import sys

INSTRUCTIONS = {"FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER",
                "WORKDIR", "ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL"}
failures, passed, unable = [], 0, []


def check(name, condition):
    global passed
    if condition:
        passed += 1
    else:
        failures.append(name)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def instructions(text):
    """(keyword, argument) of each instruction, continuation lines joined, comments dropped."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple((line.strip().split(None, 1) + [""])[:2]) for line in joined.splitlines()]


def check_dockerfile(root):
    steps = instructions(read(root, "docker", "Dockerfile"))
    for word, argument in steps:
        check(f"instruction {word}", word in INSTRUCTIONS and argument)
        if argument.startswith("["):
            try:
                check(f"{word} list", all(isinstance(s, str) for s in json.loads(argument)))
            except ValueError:
                check(f"{word} is a JSON list: {argument}", False)
    check("begins with FROM", steps[0][0] == "FROM")
    stages = [a.split()[2] for w, a in steps if w == "FROM" and " AS " in a]
    last = max(i for i, (w, _) in enumerate(steps) if w == "FROM")
    final = steps[last:]
    check("several stages", last > 0)
    check("a user of its own", [a for w, a in final if w == "USER"] not in ([], ["root"]))
    for word in ("HEALTHCHECK", "VOLUME", "EXPOSE", "ENTRYPOINT"):
        check(f"{word} in the final stage", any(w == word for w, _ in final))
    for word, argument in steps:
        if word == "COPY" and not argument.startswith("--from="):
            check(f"COPY {argument} exists", os.path.exists(os.path.join(root, argument.split()[0])))
        elif word == "COPY":
            check(f"COPY from a stage: {argument}", argument.split()[0][len("--from="):] in stages)
    build = set(re.search(r'PACKAGES_BUILD="([^"]*)"', read(root, "tools", "packages.sh")).group(1).split())
    first = " ".join(a for w, a in steps[:last] if w == "RUN")
    for package in sorted(build - {"tzdata"}):
        check(f"build package {package}", re.search(rf"\s{re.escape(package)}\s", first))
    check_packages(" ".join(a for w, a in steps if w == "RUN"))


def check_packages(commands):
    """Every package named exists for this Debian."""
    names = set()
    for match in re.finditer(r"apt-get install ([^&]*)", commands):
        names |= {word for word in match.group(1).split() if not word.startswith("-")}
    if not shutil.which("apt-cache") or "bookworm" not in read("/etc/os-release"):
        unable.append("that the packages exist in Debian 12 (this is not Debian 12)")
        return
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", *sorted(names)],
                           capture_output=True, text=True, check=False).stdout
    known = set(re.findall(r"^Package: (\S+)$", shown, re.MULTILINE))
    for name in sorted(names):
        check(f"package {name} exists", name in known)


def check_compose(root):
    text = read(root, "docker", "compose.yaml")
    check("no tabs in YAML", "\t" not in text)
    try:
        import yaml
    except ImportError:
        unable.append("the structure of compose.yaml (no Python yaml module)")
        return
    compose = yaml.safe_load(text)
    services = compose.get("services", {})
    check("a server and a client", {"pgfeather", "client"} <= set(services))
    for name, service in services.items():
        check(f"service {name}", "image" in service or "build" in service)
        for volume in service.get("volumes", []):
            check(f"volume {volume}", volume.split(":")[0] in compose.get("volumes", {}))
        for other in service.get("depends_on", {}):
            check(f"{name} depends on {other}", other in services)
        if "build" in service:
            file = os.path.join(root, "docker", service["build"]["context"], service["build"]["dockerfile"])
            check(f"build file of {name}", os.path.exists(file))


def ask(tool, arguments, what):
    """Another program's opinion, where it is installed."""
    if not shutil.which(tool):
        unable.append(f"{what} ({tool} is not installed)")
        return
    result = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    check(f"{tool}: {result.stdout}{result.stderr}", result.returncode == 0)


def main(root):
    check_dockerfile(root)
    check_compose(root)
    entrypoint = os.path.join(root, "docker", "entrypoint.sh")
    check("entrypoint.sh can be executed", os.access(entrypoint, os.X_OK))
    ask("sh", ["-n", entrypoint], "the shell's syntax")
    ask("shellcheck", [entrypoint], "the shell script's usual mistakes")
    ask("hadolint", [os.path.join(root, "docker", "Dockerfile")], "the Dockerfile's usual mistakes")
    daemon = shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True,
                                                       check=False).returncode == 0
    if not daemon:
        unable.append("that the image builds and runs (no Docker daemon)")
    for thing in unable:
        print(f"not checked: {thing}")
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main(sys.argv[1]))
