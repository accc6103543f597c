/*
 * The tables of rules: which instruments and kinds of questions are read, and which are refused with what to write.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/core/text.h"
#include "gateway/study/rules.h"
#include "support/scratch.h"

static struct gw_arena arena;
static struct scratch scratch;

/* The tables of the repository, of which a test writes one anew. */
static void start(void)
{
    static const char *const names[] = {"exception-codes.csv", "rule-texts.csv",  "ae-evidence.csv",
                                        "compositions.csv",    "instruments.csv", "coded-answers.csv",
                                        "stay-codes.csv",      "causality.csv",   "reason-texts.csv"};

    arena = (struct gw_arena)GW_ARENA_INIT((size_t)16 << 20);
    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct gw_text text = GW_TEXT_INIT(1 << 20);

        cr_assert(gw_text_read_file(&text, gw_arena_print(&arena, SOURCE_DIR "/mappings/common/%s", names[i]), NULL) ==
                  GW_OK);
        scratch_write(&scratch, names[i], text.at);
        gw_text_release(&text);
    }
}

static void stop(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(rules, .init = start, .fini = stop);

static const struct {
    const char *items;
    size_t count; /* 0: refused */
    int last;
} lists[] = {
    {"7", 1, 7},
    {"1-5", 5, 5},
    {"10|12|18", 3, 18},
    {"1-3|9", 4, 9},
    {"1-32", 32, 32},
    {"999", 1, 999},
    {"1-33", 0, 0},       /* at most 32 */
    {"1-16|21-37", 0, 0}, /* 33 of them */
    {"1000", 0, 0},       /* beyond the last */
    {"1-99999999999", 0, 0},
    {"7-6", 0, 0},
    {"1|7-6", 0, 0},
    {"1-", 0, 0},
    {"1;2", 0, 0},
    {"10||12", 0, 0},
    {"", 0, 0},
    {"all", 0, 0},
};

Test(rules, read_the_items_of_an_instrument_whole_or_not_at_all)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct gw_error err = {.status = GW_OK};
        struct gw_rules rules;
        enum gw_status rc;

        scratch_write(&scratch, "instruments.csv",
                      gw_arena_print(&arena, "instrument,scale,kind,items,low,high,data_group\nX,XA,sum,%s,1,4,G90\n",
                                     lists[i].items));
        rc = gw_rules_load(&arena, scratch.folder, &rules, &err);
        cr_assert(rc == (lists[i].count ? GW_OK : GW_ECONFIG), "%s: %s", lists[i].items, err.text);
        if (rc != GW_OK) {
            cr_expect(strstr(err.text, "is no list of items") != NULL, "%s: %s", lists[i].items, err.text);
            continue;
        }
        cr_assert(eq(sz, rules.scale_count, 1));
        cr_expect(eq(sz, rules.scales[0].item_count, lists[i].count), "%s", lists[i].items);
        cr_expect(eq(int, rules.scales[0].items[lists[i].count - 1], lists[i].last), "%s", lists[i].items);
    }
}

static const struct {
    const char *low, *high;
    bool read;
} answers[] = {{"1", "4", true}, {"0", "1", true}, {"4", "4", false}, {"4", "1", false}, {"low", "4", false}};

Test(rules, read_answers_from_a_lower_to_a_higher_one)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct gw_error err = {.status = GW_OK};
        struct gw_rules rules;

        scratch_write(&scratch, "instruments.csv",
                      gw_arena_print(&arena,
                                     "instrument,scale,kind,items,low,high,data_group\nX,XA,sum,1-5,%s,%s,G90\n",
                                     answers[i].low, answers[i].high));
        cr_expect(eq(int, gw_rules_load(&arena, scratch.folder, &rules, &err) == GW_OK, answers[i].read), "%s-%s: %s",
                  answers[i].low, answers[i].high, err.text);
    }
}

static const struct {
    const char *decisions;
    bool read;
} kinds[] = {
    {"", true},      {"code", true},   {"code;unit", true},
    {"code;", true}, {"codes", false}, {"code;a_kind_of_decision_that_there_has_never_been_before", false},
};

Test(rules, know_the_kinds_of_decisions_that_answer_an_item)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct gw_error err = {.status = GW_OK};
        struct gw_rules rules;

        scratch_write(&scratch, "exception-codes.csv",
                      gw_arena_print(&arena,
                                     "code,blocks,rule_scope,cause,resolutions,decisions\n"
                                     "CODE_UNKNOWN,R,yes,no mapped coding,map it,%s\n",
                                     kinds[i].decisions));
        cr_expect(eq(int, gw_rules_load(&arena, scratch.folder, &rules, &err) == GW_OK, kinds[i].read), "%s: %s",
                  kinds[i].decisions, err.text);
    }
}

Test(rules, have_no_class_for_a_code_of_no_row)
{
    struct gw_rules rules;

    cr_assert(gw_rules_load(&arena, scratch.folder, &rules, NULL) == GW_OK);
    cr_expect(gw_same(gw_rules_class(&rules, "CODE_UNKNOWN")->blocks, "R"));
    cr_expect(eq(ptr, (void *)gw_rules_class(&rules, "NO_SUCH_CODE"), NULL));
}
