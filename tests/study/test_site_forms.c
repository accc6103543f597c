/*
 * A hospital's questionnaires and scores: what an answer counts for, which scores are known, what a profile is refused
 * for.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "gateway/core/text.h"
#include "gateway/study/site.h"
#include "support/scratch.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
static const struct gw_tables *tables;
static struct scratch scratch;

static void prepare(void)
{
    cr_assert(eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, NULL), GW_OK));
    scratch_init(&scratch);
}

static void release(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(site_forms, .init = prepare, .fini = release);

#define PROFILE(members) "{\"id\":\"hm\",\"zone\":\"Europe/Madrid\",\"contacts\":\"none\"," members "}"

/* ---- answers ---- */

static const struct gw_form_item items[] = {{"q1", 1}, {"q2", 2}};
static const struct gw_form_answer meanings[] = {{"urn:a", "some", 2}, {NULL, "much", 3}};
static const struct gw_form_map form = {.items = items, .item_count = 2, .answers = meanings, .answer_count = 2};

#define NUMBER(n)         .kind = GW_RESPONSE_INTEGER, .text = (n)
#define BOOLEAN(b)        .kind = GW_RESPONSE_BOOLEAN, .text = (b)
#define CODED(from, name) .kind = GW_RESPONSE_CODING, .coding = {.system = (from), .code = (name)}

static const struct {
    const char *what, *link;
    struct gw_response_answer answers[2];
    size_t count;
    int item, value; /* item 0: not read */
} answers[] = {
    {"a number", "q1", {{NUMBER("3")}}, 1, 1, 3},
    {"of another item", "q2", {{NUMBER("4")}}, 1, 2, 4},
    {"of three digits", "q1", {{NUMBER("100")}}, 1, 1, 100},
    {"of four", "q1", {{NUMBER("1000")}}, 1, 1, -1},
    {"a half", "q1", {{NUMBER("1.5")}}, 1, 1, -1},
    {"no number", "q1", {{NUMBER(NULL)}}, 1, 1, -1},
    {"yes", "q1", {{BOOLEAN("true")}}, 1, 1, 1},
    {"no", "q1", {{BOOLEAN("false")}}, 1, 1, 0},
    {"a code of the map", "q1", {{CODED("urn:a", "some")}}, 1, 1, 2},
    {"the same code of another system", "q1", {{CODED("urn:b", "some")}}, 1, 1, -1},
    {"a code of any system", "q1", {{CODED("urn:b", "much")}}, 1, 1, 3},
    {"a code that is a number", "q1", {{CODED("urn:b", "4")}}, 1, 1, 4},
    {"a code of no map", "q1", {{CODED("urn:a", "none")}}, 1, 1, -1},
    {"two answers", "q1", {{NUMBER("1")}, {NUMBER("2")}}, 2, 1, -1},
    {"none", "q1", {{NUMBER("1")}}, 0, 0, 0},
    {"an item of no map", "q3", {{NUMBER("1")}}, 1, 0, 0},
    {"an item without a name", NULL, {{NUMBER("1")}}, 1, 0, 0},
};

Test(site_forms, turn_answers_into_numbers)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct gw_response_item item = {answers[i].link, answers[i].answers, answers[i].count};
        int number = 0, value = 0;
        const bool read = gw_form_read(&form, &item, &number, &value);

        cr_assert(eq(int, read, answers[i].item > 0), "%s", answers[i].what);
        if (!read)
            continue;
        cr_expect(eq(int, number, answers[i].item), "%s", answers[i].what);
        cr_expect(eq(int, value, answers[i].value), "%s", answers[i].what);
    }
}

/* ---- scores ---- */

static const struct {
    const char *system, *code, *scale;
} scores[] = {
    {"urn:a", "ICE", "ICE"}, {"urn:b", "ICE", "KATZ"},  {"urn:a", "LAWTON", "IADL"},
    {"urn:c", "ICE", NULL},  {"urn:b", "LAWTON", NULL}, {NULL, "ICE", NULL},
};

Test(site_forms, know_scores_by_system_and_code)
{
    const struct gw_site *site = NULL;
    struct gw_error err = {.status = GW_OK};

    cr_assert(
        gw_site_load(&arena,
                     scratch_write(&scratch, "hm.json",
                                   PROFILE("\"scores\":[{\"system\":\"urn:a\",\"code\":\"ICE\",\"scale\":\"ICE\"},"
                                           "{\"system\":\"urn:b\",\"code\":\"ICE\",\"scale\":\"KATZ\"},"
                                           "{\"system\":\"urn:a\",\"code\":\"LAWTON\",\"scale\":\"IADL\","
                                           "\"note\":\"x\"}]")),
                     tables, &site, &err) == GW_OK,
        "%s", err.text);
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        const struct gw_coding coding = {scores[i].system, scores[i].code, NULL};

        cr_expect(gw_same(gw_site_score(site, &coding), scores[i].scale), "%s %s", scores[i].system, scores[i].code);
    }
    gw_site_close(site);
}

/* ---- what is refused ---- */

static const struct {
    const char *profile, *finding;
} refused[] = {
    {PROFILE("\"scores\":[7]"), "\"scores\" holds something that is no object; write {...}"},
    {PROFILE("\"scores\":[{\"code\":\"ICE\",\"scale\":\"ICE\"}]"), "\"system\" is missing"},
    {PROFILE("\"scores\":[{\"system\":\"urn:a\",\"scale\":\"ICE\"}]"), "\"code\" is missing"},
    {PROFILE("\"scores\":[{\"system\":\"urn:a\",\"code\":\"ICE\"}]"), "\"scale\" is missing"},
    {PROFILE("\"scores\":[{\"system\":\"urn:a\",\"code\":\"ICE\",\"scale\":\"ICE\"},{\"system\":\"urn:a\",\"code\":"
             "\"ICE\",\"scale\":\"ADL\"}]"),
     "\"ICE\" stands there twice; keep one"},
    {PROFILE("\"questionnaires\":[7]"), "\"questionnaires\" holds something that is no object; write {...}"},
    {PROFILE("\"questionnaires\":[{\"questionnaire\":\"urn:q\",\"instrument\":\"ICE\",\"items\":[{\"link\":\"a\","
             "\"item\":1},{\"link\":\"a\",\"item\":2}]}]"),
     "two items are called alike (\"a\", item 2); keep one"},
    {PROFILE("\"questionnaires\":[{\"questionnaire\":\"urn:q\",\"instrument\":\"ICE\",\"items\":[{\"link\":\"a\","
             "\"item\":1},{\"link\":\"b\",\"item\":1}]}]"),
     "two items are called alike (\"b\", item 1); keep one"},
};

Test(site_forms, refuse_what_says_too_little_or_twice)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct gw_site *site = NULL;
        struct gw_error err = {.status = GW_OK};

        cr_expect(gw_site_load(&arena, scratch_write(&scratch, "hm.json", refused[i].profile), tables, &site, &err) ==
                      GW_ECONFIG,
                  "%s", refused[i].finding);
        cr_expect(strstr(err.text, refused[i].finding) != NULL, "%s: %s", refused[i].finding, err.text);
    }
}
