#!/usr/bin/env python3
"""sum_tests.py TESTLOG.json: adds up what meson's tests counted and prints "N passed, N failed".

A test ends its output with such a line of its own. One that ends without counts as one check, passed or failed
by its exit status; skipped tests are listed. The exit status is 1 when anything failed.
"""
import json
import re
import sys

LINE = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def main(path):
    passed = failed = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            counts = LINE.findall(test.get("stdout") or "")
            good = test["result"] in ("OK", "EXPECTEDFAIL")
            if test["result"] == "SKIP":
                reason = (test.get("stdout") or "").strip().splitlines()
                print(f"skipped: {test['name']}: {reason[-1] if reason else 'no reason given'}")
            elif counts:
                p, f = map(int, counts[-1])
                passed, failed = passed + p, failed + f
                if not good and f == 0:
                    failed += 1
                    print(f"failed: {test['name']}: {test['result']}")
            else:
                passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1]))
