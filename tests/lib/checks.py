"""Checks of the tests in this folder, counted; a test ends with sys.exit(report())."""
passed = failed = 0


def check_that(what, good, figure):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: {figure}")


def check(what, got, want):
    check_that(what, got == want, f"got {got!r}, want {want!r}")


def rows(c, sql):
    """The rows of the last statement's answer, or its SQLSTATE."""
    r = c.query(sql)[-1]
    return r.error["C"] if r.error else r.rows


def report():
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
