/*
 * Criterion's main, with one more answer: a suite of which every test was skipped ends with 125, which CTest reports as
 * skipped (SKIP_RETURN_CODE), not as passed.
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>

#define SKIPPED 125

static bool all_skipped;

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    all_skipped = stats->tests_skipped > 0 && stats->tests_passed + stats->tests_failed + stats->tests_crashed == 0;
}

int main(int argc, char *argv[])
{
    struct criterion_test_set *tests = criterion_initialize();
    int code = 0;

    if (criterion_handle_args(argc, argv, true))
        code = !criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return code == 0 && all_skipped ? SKIPPED : code;
}
