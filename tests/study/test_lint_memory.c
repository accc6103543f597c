/*
 * The lint where its memory ends: it may stop early, but never calls sound what it could not look at.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>
#include <unistd.h>

#include "gateway/core/text.h"
#include "gateway/study/package.h"

#define LEAST 4096
#define MOST  ((size_t)64 << 20)
#define SHARE 50 /* from run to run a fiftieth more */

static void prepare(void)
{
    cr_assert(eq(int, chdir(SOURCE_DIR), 0));
}

TestSuite(lint_memory, .init = prepare, .timeout = 120);

static const struct {
    const char *dir, *common, *site;
} cases[] = {
    {"mappings/studies/lendex-rrmm", "mappings/common", "mappings/sites/busan.json"},
    {"fixtures/study/names", "mappings/common", NULL},
    {"fixtures/study/whole", "fixtures/study/tables", NULL},
    {"fixtures/study/whole", "mappings/common", "fixtures/study/site/site.json"},
};

static size_t lint(size_t limit, size_t which, struct gw_text *out)
{
    struct gw_arena arena = GW_ARENA_INIT(limit);
    const size_t count = gw_study_lint(&arena, cases[which].dir, cases[which].common, &cases[which].site,
                                       cases[which].site != NULL, out);

    gw_arena_release(&arena);
    return count;
}

/* How often memory ended before the lint did. */
static size_t sweep(size_t which)
{
    struct gw_text whole = GW_TEXT_INIT(1 << 20);
    const size_t findings = lint(MOST, which, &whole);
    size_t cut_short = 0;

    for (size_t limit = LEAST; limit < MOST; limit += limit / SHARE) {
        struct gw_text got = GW_TEXT_INIT(1 << 20);
        const size_t count = lint(limit, which, &got);
        const bool same = strcmp(got.at, whole.at) == 0;

        cr_expect(same || count == findings || strstr(got.at, "memory"), "%s, %zu bytes: %zu findings of %zu\n%s",
                  cases[which].dir, limit, count, findings, got.at);
        cr_expect(count > 0 || findings == 0, "%s, %zu bytes", cases[which].dir, limit);
        cut_short += !same;
        gw_text_release(&got);
        if (same)
            break;
    }
    gw_text_release(&whole);
    return cut_short;
}

Test(lint_memory, is_told_of_wherever_it_ends)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(gt(sz, sweep(i), 50), "%s", cases[i].dir);
}
