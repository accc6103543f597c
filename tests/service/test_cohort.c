/*
 * The made-up cohort, every datum of it: what the files say was planted against what `map` makes of them.
 *
 * The generator chose what is true first and wrote resources that have it; it holds no rule of the engine. After the
 * first delivery and after both, for each hospital: the state and reason of every part, its windows, concept, value,
 * grade and flags, its exceptions; every window; every event and every question whether there is one; the days and
 * doses of every drug, and the cycles they make; every derived parameter. Rows are looked for both ways: what was
 * planted is there, and nothing else is. How many of each kind were compared is printed, and none may be missing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/core/json.h"
#include "gateway/service/map.h"
#include "support/scratch.h"

#define COHORT SOURCE_DIR "/fixtures/cohort-small/"

static struct gw_arena arena = GW_ARENA_INIT(256u << 20);

/* ---- tables by name ---- */

struct table {
    struct gw_csv csv;
    struct keyed {
        const char *key;
        const char **fields;
    } * rows;
    size_t count;
};

static const char *field(const struct table *t, const char **fields, const char *name)
{
    const int column = gw_csv_column(&t->csv, name);

    cr_assert(ge(int, column, 0), "%s has no column %s", t->csv.path, name);
    return fields[column];
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

typedef const char *key_fn(const struct table *t, const char **fields); /* NULL: leave the row out */

static struct table load(const char *path, key_fn *key)
{
    struct table t = {0};
    struct gw_error err;

    cr_assert(gw_csv_load(&arena, path, 64u << 20, &t.csv, &err) == GW_OK, "%s", err.text);
    t.count = 0;
    t.rows = gw_arena_alloc(&arena, (t.csv.count + 1) * sizeof *t.rows);
    for (size_t i = 0; i < t.csv.count; i++) {
        const char *text = key(&t, t.csv.records[i].fields);

        if (text)
            t.rows[t.count++] = (struct keyed){text, t.csv.records[i].fields};
    }
    qsort(t.rows, t.count, sizeof *t.rows, by_key);
    return t;
}

static const char **find(const struct table *t, const char *key)
{
    const struct keyed wanted = {.key = key};
    const struct keyed *found = t->count ? bsearch(&wanted, t->rows, t->count, sizeof wanted, by_key) : NULL;

    return found ? found->fields : NULL;
}

/* ---- keys ---- */

static const char *the_site; /* of the rows in question */

/* A part, and for an exact repeat the word that tells it from the first reading. A cut line has only its place. */
static const char *part_key(const struct table *t, const char **f)
{
    const char *state = field(t, f, "state");

    if (*field(t, f, "resource_type") == '\0')
        return NULL;
    return gw_arena_print(&arena, "%s/%s/%s/%s%s", field(t, f, "resource_type"), field(t, f, "resource_id"),
                          field(t, f, "version_id"), field(t, f, "part"),
                          strcmp(state, "unchanged") == 0 && *field(t, f, "reason") == '\0' ? " again" : "");
}

static const char *expected_part_key(const struct table *t, const char **f)
{
    return strcmp(field(t, f, "site"), the_site) == 0 ? part_key(t, f) : NULL;
}

static const char *row_key(const struct table *t, const char **f)
{
    return field(t, f, "row_id");
}

static const char *item_key(const struct table *t, const char **f)
{
    return field(t, f, "exception_id");
}

/* ---- comparing ---- */

static size_t compared;

static void expect_same(const char *key, const char *what, const char *got, const char *wanted)
{
    compared++;
    cr_expect(strcmp(got, wanted) == 0, "%s: %s is \"%s\", planted was \"%s\"", key, what, got, wanted);
}

static bool same_number(const char *a, const char *b)
{
    struct gw_decimal x, y;

    return gw_decimal_parse(&arena, a, strlen(a), &x, NULL) == GW_OK &&
           gw_decimal_parse(&arena, b, strlen(b), &y, NULL) == GW_OK && gw_decimal_compare(&x, &y) == 0;
}

static bool listed(const char *list, const char *one, size_t length)
{
    for (const char *p = list; *p; p += strcspn(p, ";"), p += *p == ';')
        if (strcspn(p, ";") == length && strncmp(p, one, length) == 0)
            return true;
    return false;
}

static size_t list_length(const char *list)
{
    size_t count = *list != '\0';

    for (; *list; list++)
        count += *list == ';';
    return count;
}

struct run { /* what map wrote for one hospital */
    const char *out;
    struct table parts, observations, items;
};

static void check_row(const struct run *run, const struct table *expected, const struct keyed *e, const char *row_id)
{
    const char **row = find(&run->observations, row_id);
    const char *window;

    cr_assert(row != NULL, "%s: no row %s", e->key, row_id);
    window = field(&run->observations, row, "window_id");
    cr_expect(listed(field(expected, e->fields, "windows"), window, strlen(window)), "%s: stands in %s", e->key,
              window);
    expect_same(e->key, "concept", field(&run->observations, row, "concept"), field(expected, e->fields, "concept"));
    expect_same(e->key, "grade", field(&run->observations, row, "grade"), field(expected, e->fields, "grade"));
    expect_same(e->key, "direction", field(&run->observations, row, "grade_direction"),
                field(expected, e->fields, "grade_direction"));
    expect_same(e->key, "grade flag", field(&run->observations, row, "grade_flag"),
                field(expected, e->fields, "grade_flag"));
    expect_same(e->key, "anl01", field(&run->observations, row, "anl01"),
                listed(field(expected, e->fields, "anl01_windows"), window, strlen(window)) ? "Y" : "");
    if (*field(expected, e->fields, "value_num"))
        cr_expect(same_number(field(&run->observations, row, "value_num"), field(expected, e->fields, "value_num")),
                  "%s: value %s, planted %s", e->key, field(&run->observations, row, "value_num"),
                  field(expected, e->fields, "value_num"));
}

static void check_rows(const struct run *run, const struct table *expected, const struct keyed *e, const char *rows)
{
    cr_expect(eq(sz, list_length(rows), list_length(field(expected, e->fields, "windows"))), "%s: windows %s", e->key,
              field(expected, e->fields, "windows"));
    for (const char *p = rows; *p; p += strcspn(p, ";"), p += *p == ';')
        check_row(run, expected, e, gw_arena_copy(&arena, p, strcspn(p, ";")));
}

/* Each planted item was raised, and no other. */
static void check_items(const struct run *run, const struct table *expected, const struct keyed *e, const char *items)
{
    const char *planted = field(expected, e->fields, "exception_codes");
    size_t raised = 0;

    for (const char *p = items; *p; p += strcspn(p, ";"), p += *p == ';') {
        const char **item = find(&run->items, gw_arena_copy(&arena, p, strcspn(p, ";")));
        const char *code = item ? field(&run->items, item, "code") : "no such item";

        raised++;
        cr_expect(listed(planted, code, strlen(code)), "%s: raised %s, planted \"%s\"", e->key, code, planted);
    }
    cr_expect(eq(sz, raised, list_length(planted)), "%s: items of \"%s\"", e->key, planted);
}

/* The items of a frozen subject are the subject's: what its parts would raise is not planted. */
static bool frozen(const char *reason)
{
    return strncmp(reason, "ANCHOR_", 7) == 0 || strncmp(reason, "RECRUITMENT_", 12) == 0;
}

static void check_part(const struct run *run, const struct table *expected, const struct keyed *e)
{
    const char **part = find(&run->parts, e->key);
    const char *reason = field(expected, e->fields, "reason");

    cr_expect(part != NULL, "%s: planted as %s %s, not accounted for", e->key, field(expected, e->fields, "state"),
              reason);
    if (!part)
        return;
    expect_same(e->key, "state", field(&run->parts, part, "state"), field(expected, e->fields, "state"));
    if (*reason)
        expect_same(e->key, "reason", field(&run->parts, part, "reason"), reason);
    if (strncmp(e->key, "Medication", 10) != 0) /* rows of drugs stand in no window: they are compared as such */
        check_rows(run, expected, e, field(&run->parts, part, "rows"));
    if (!frozen(reason))
        check_items(run, expected, e, field(&run->parts, part, "exceptions"));
}

static void check_parts(const struct run *run, const char *path)
{
    const struct table expected = load(path, expected_part_key);

    cr_assert(gt(sz, expected.count, 50), "%s", the_site);
    cr_expect(eq(sz, run->parts.count, expected.count), "%s: parts", the_site);
    for (size_t i = 0; i < expected.count; i++)
        check_part(run, &expected, &expected.rows[i]);
}

/* ---- rows of the other tables ---- */

/* One kind of row: what the truth calls subject is the output's subject_key, all its other columns have the same names.
 */
struct kind {
    const char *name, *output, *truth;
    const char *const keys[5]; /* tell its rows apart, beside the subject; NULL ends them */
};

static const struct kind kinds[] = {
    {"windows", "study/windows.csv", "windows", {"window_id"}},
    {"events", "study/ae_episodes.csv", "episodes", {"category", "subcategory", "onset"}},
    {"cycles", "study/cycles.csv", "cycles", {"cycle_no"}},
    {"exposures", "study/exposures.csv", "exposures", {"drug", "start", "dose"}},
    {"conmeds", "study/conmeds.csv", "conmeds", {"substance", "start", "dose"}},
    {"parameters", "study/derived.csv", "parameters", {"row_id"}},
};

static const struct kind *the_kind; /* of the rows in question */

/* What was compared, by kind; of parameters by their names. */
static struct tally {
    const char *name;
    size_t count;
} tallies[100];

static void count(const char *name)
{
    size_t i = 0;

    while (tallies[i].name && strcmp(tallies[i].name, name) != 0)
        i++;
    cr_assert(lt(sz, i + 1, sizeof tallies / sizeof *tallies));
    tallies[i].name = name;
    tallies[i].count++;
}

static size_t counted(const char *name)
{
    for (size_t i = 0; tallies[i].name; i++)
        if (strcmp(tallies[i].name, name) == 0)
            return tallies[i].count;
    return 0;
}

/* The parameters whose values are planted. */
static const char *const planted[] = {"CRCLCG", "RENALGRP", "CHARLSON", "FRAILSIM", "EXPDOSE"};

static bool is_planted_parameter(const struct table *t, const char **f)
{
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
        if (strcmp(field(t, f, "param"), planted[i]) == 0)
            return true;
    return false;
}

/* Subjects are numbered with the first letters of their hospital. */
static const char *kind_key(const struct table *t, const char **f)
{
    const bool of_truth = gw_csv_column(&t->csv, "subject") >= 0;
    const char *key = field(t, f, of_truth ? "subject" : "subject_key");

    if (strncasecmp(key, the_site, 2) != 0)
        return NULL;
    if (!of_truth && strcmp(the_kind->name, "parameters") == 0 && !is_planted_parameter(t, f))
        return NULL;
    for (size_t i = 0; the_kind->keys[i]; i++)
        key = gw_arena_print(&arena, "%s|%s", key, field(t, f, the_kind->keys[i]));
    return key;
}

/* The event that it belongs to, by category and onset. */
static const char *parent_of(const struct table *ids, const struct table *got, const char **row)
{
    const char *id = field(got, row, "parent_ae");
    const char **parent = *id ? find(ids, id) : NULL;

    return parent ? gw_arena_print(&arena, "%s %s", field(ids, parent, "category"), field(ids, parent, "onset")) : id;
}

static bool is_key(const char *column)
{
    for (size_t i = 0; the_kind->keys[i]; i++)
        if (strcmp(the_kind->keys[i], column) == 0)
            return true;
    return strcmp(column, "subject") == 0;
}

/* The baseline needs no contact: which one it may have is not planted. */
static bool is_planted(const char *column, const char *wanted)
{
    return !is_key(column) && (*wanted || strcmp(column, "contact_date") != 0);
}

static void check_columns(const struct run *run, const struct table *expected, const struct table *got,
                          const struct keyed *e, const char **row)
{
    const struct table ids = strcmp(the_kind->name, "events") == 0
                                 ? load(gw_arena_print(&arena, "%s/%s", run->out, the_kind->output), row_key)
                                 : (struct table){.count = 0};

    for (size_t c = 0; c < expected->csv.columns; c++) {
        const char *column = expected->csv.header[c], *wanted = e->fields[c];

        if (is_planted(column, wanted))
            expect_same(e->key, column,
                        strcmp(column, "parent") == 0 ? parent_of(&ids, got, row) : field(got, row, column), wanted);
    }
}

static void check_once(const struct table *t, const char *path)
{
    for (size_t i = 1; i < t->count; i++)
        cr_expect(strcmp(t->rows[i - 1].key, t->rows[i].key) != 0, "%s is twice in %s", t->rows[i].key, path);
}

static void check_kind(const struct run *run, const struct kind *kind, size_t deliveries)
{
    const char *path = gw_arena_print(&arena, COHORT "expected-%s-%zu.csv", kind->truth, deliveries);
    struct table expected, got;

    the_kind = kind;
    expected = load(path, kind_key);
    got = load(gw_arena_print(&arena, "%s/%s", run->out, kind->output), kind_key);
    check_once(&expected, path);
    check_once(&got, kind->output);
    for (size_t i = 0; i < got.count; i++)
        cr_expect(find(&expected, got.rows[i].key) != NULL, "%s: %s was not planted", kind->name, got.rows[i].key);
    for (size_t i = 0; i < expected.count; i++) {
        const char **row = find(&got, expected.rows[i].key);

        cr_expect(row != NULL, "%s: %s is missing", kind->name, expected.rows[i].key);
        if (row)
            check_columns(run, &expected, &got, &expected.rows[i], row);
        count(strcmp(kind->name, "parameters") == 0 && row ? field(&got, row, "param") : kind->name);
    }
}

/* ---- questions whether there is an event, or how serious it is ---- */

static const char *asked(const cJSON *context, const char *name)
{
    const char *text = gw_json_string(context, name);

    text = text ? text : gw_json_number(context, name);
    return text ? text : "";
}

/* The category of a question about seriousness ends its fingerprint, the onset is its day. */
static const char *asked_key(const struct table *t, const char **f)
{
    const char *code = field(t, f, "code"), *context = field(t, f, "context");
    const bool candidate = strcmp(code, "AE_CANDIDATE") == 0;
    const cJSON *json;
    struct gw_error err;

    if (!candidate && strcmp(code, "AE_SERIOUS_EVIDENCE") != 0)
        return NULL;
    cr_assert(gw_json_parse(&arena, context, strlen(context), NULL, &json, NULL, &err) == GW_OK, "%s", err.text);
    if (!candidate)
        return gw_arena_print(&arena, "%s|%s|%s||%s||", field(t, f, "subject_key"), code,
                              strrchr(field(t, f, "fingerprint"), '|') + 1, asked(json, "day"));
    return gw_arena_print(&arena, "%s|%s|%s|%s|%s|%s|%s", field(t, f, "subject_key"), code, asked(json, "category"),
                          asked(json, "subcategory"), asked(json, "onset"), asked(json, "end"), asked(json, "grade"));
}

static const char *planted_question(const struct table *t, const char **f)
{
    static const char *const columns[] = {"code", "category", "subcategory", "onset", "end", "grade"};
    const char *key = field(t, f, "subject");

    if (strncasecmp(key, the_site, 2) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        key = gw_arena_print(&arena, "%s|%s", key, field(t, f, columns[i]));
    return key;
}

static void check_questions(const struct run *run, size_t deliveries)
{
    const char *path = gw_arena_print(&arena, COHORT "expected-proposals-%zu.csv", deliveries);
    const struct table expected = load(path, planted_question);
    const struct table got = load(gw_arena_print(&arena, "%s/hospital/exceptions.csv", run->out), asked_key);

    for (size_t i = 0; i < got.count; i++)
        cr_expect(find(&expected, got.rows[i].key) != NULL, "%s was not planted", got.rows[i].key);
    for (size_t i = 0; i < expected.count; i++) {
        cr_expect(find(&got, expected.rows[i].key) != NULL, "%s is missing", expected.rows[i].key);
        count(field(&expected, expected.rows[i].fields, "code"));
    }
}

/* ---- running ---- */

static struct run run_map(const char *out, size_t deliveries)
{
    const char *const inputs[] = {gw_arena_print(&arena, COHORT "%s/delivery-1", the_site),
                                  gw_arena_print(&arena, COHORT "%s/delivery-2", the_site)};
    const struct gw_map_options options = {
        .study = SOURCE_DIR "/mappings/studies/lendex-rrmm",
        .site = gw_arena_print(&arena, SOURCE_DIR "/mappings/sites/%s.json", the_site),
        .enrolment = COHORT "roster.csv",
        .out = out,
        .as_of = gw_day_of(2026, 6, 30),
        .inputs = inputs,
        .input_count = deliveries,
    };
    struct gw_map_result result;
    struct gw_error err = {0};

    cr_assert(gw_map_run(&options, &result, &err) == GW_OK, "%s", err.text);
    cr_expect(eq(i64, result.equation.in, result.equation.sum));
    cr_expect(eq(i64, result.equation.waiting, 0));
    return (struct run){
        .out = out,
        .parts = load(gw_arena_print(&arena, "%s/hospital/ledger.csv", out), part_key),
        .items = load(gw_arena_print(&arena, "%s/hospital/exceptions.csv", out), item_key),
        .observations = load(gw_arena_print(&arena, "%s/study/observations.csv", out), row_key),
    };
}

static void check_site(const char *site, size_t deliveries)
{
    struct scratch scratch;
    struct run run;

    the_site = site;
    scratch_init(&scratch);
    run = run_map(gw_arena_print(&arena, "%s/out", scratch.folder), deliveries);
    check_parts(&run, gw_arena_print(&arena, COHORT "expected-%zu.csv", deliveries));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_kind(&run, &kinds[i], deliveries);
    check_questions(&run, deliveries);
    scratch_release(&scratch);
}

/* No kind of row, and no planted parameter, went without a comparison. */
static void check_tallies(void)
{
    for (size_t i = 0; tallies[i].name; i++)
        printf("%-20s %6zu compared\n", tallies[i].name, tallies[i].count);
    for (size_t i = 0; i + 1 < sizeof kinds / sizeof *kinds; i++)
        cr_expect(gt(sz, counted(kinds[i].name), 0), "%s", kinds[i].name);
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
        cr_expect(gt(sz, counted(planted[i]), 0), "%s", planted[i]);
    cr_expect(gt(sz, counted("AE_CANDIDATE"), 0));
    cr_expect(gt(sz, counted("AE_SERIOUS_EVIDENCE"), 0));
}

static void check_all(size_t deliveries)
{
    static const char *const sites[] = {"madrid", "busan", "essen", "boston"};

    for (size_t i = 0; i < 4; i++)
        check_site(sites[i], deliveries);
    cr_expect(gt(sz, compared, 1000), "%zu comparisons", compared);
    check_tallies();
    gw_arena_release(&arena);
}

Test(cohort, is_placed_graded_and_settled_as_planted_after_the_first_delivery)
{
    check_all(1);
}

Test(cohort, is_corrected_and_withdrawn_as_planted_after_the_second)
{
    check_all(2);
}
