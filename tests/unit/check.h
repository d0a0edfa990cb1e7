/* check.h: the smallest test harness: CHECK counts, check_done prints the suite's last line and gives main's status. */
#ifndef PGF_TESTS_CHECK_H
#define PGF_TESTS_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_passed, check_failed;

#define CHECK(cond)                                                                                \
    do {                                                                                          \
        if (cond) {                                                                               \
            check_passed++;                                                                       \
        } else {                                                                                  \
            check_failed++;                                                                       \
            printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);                            \
        }                                                                                         \
    } while (0)

/* Texts must be equal; NULL equals NULL only. */
#define CHECK_STR(got, want) check_str(__FILE__, __LINE__, (got), (want))

static inline void check_str(const char *file, int line, const char *got, const char *want)
{
    if (got == want || (got && want && strcmp(got, want) == 0)) {
        check_passed++;
        return;
    }
    check_failed++;
    printf("%s:%d: got  %s\n%s:%d: want %s\n", file, line, got ? got : "(null)", file, line,
           want ? want : "(null)");
}

static inline int check_done(void)
{
    printf("%d passed, %d failed\n", check_passed, check_failed);
    return check_failed != 0;
}

#endif
