/*
 * The made-up cohort, every datum of it: what the files say was planted against what `map` makes of them.
 *
 * The generator chose window, grade and state first and wrote a resource that has them; it holds no placing and no
 * grading code. After the first delivery and after both, for each hospital: the state and reason of every part, its
 * windows, concept, value, grade and flags, its exceptions; every window; every episode; the days and doses of every
 * drug, and the cycles they make; clearance, renal groups, comorbidity, frailty and starting dose of every subject.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/csv.h"
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

static const char *window_key(const struct table *t, const char **f)
{
    const char *subject = gw_csv_column(&t->csv, "subject") >= 0 ? field(t, f, "subject") : field(t, f, "subject_key");

    if (strncasecmp(subject, the_site, 2) != 0)
        return NULL; /* subjects are numbered with the first letters of their hospital */
    return gw_arena_print(&arena, "%s %s", subject, field(t, f, "window_id"));
}

static const char *episode_key(const struct table *t, const char **f)
{
    const char *subject = gw_csv_column(&t->csv, "subject") >= 0 ? field(t, f, "subject") : field(t, f, "subject_key");

    if (strncasecmp(subject, the_site, 2) != 0)
        return NULL;
    return gw_arena_print(&arena, "%s %s %s", subject, field(t, f, "category"), field(t, f, "onset"));
}

/* Of the parameters that the generator works out too. */
static const char *parameter_key(const struct table *t, const char **f)
{
    static const char *const planted[] = {"CRCLCG|", "RENALGRP|", "CHARLSON", "FRAILSIM", "EXPDOSE"};
    const char *id = field(t, f, "row_id"), *name = strchr(id, '|');

    if (!name || strncasecmp(id, the_site, 2) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
        if (strncmp(name + 1, planted[i], strlen(planted[i])) == 0)
            return id;
    return NULL;
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

static const char *subject_of(const struct table *t, const char **f)
{
    const char *subject = gw_csv_column(&t->csv, "subject") >= 0 ? field(t, f, "subject") : field(t, f, "subject_key");

    return strncasecmp(subject, the_site, 2) == 0 ? subject : NULL;
}

/* Rows of dose 0 tell of interruptions and ends, which no record was planted for. */
static const char *drug_key(const struct table *t, const char **f)
{
    const bool concomitant = gw_csv_column(&t->csv, "substance") >= 0;
    const bool planted = gw_csv_column(&t->csv, "table") >= 0;
    const char *subject = subject_of(t, f);

    if (!subject || strcmp(field(t, f, "dose"), "0") == 0)
        return NULL;
    return gw_arena_print(&arena, "%s %s %s %s", subject,
                          planted       ? field(t, f, "table")
                          : concomitant ? "conmeds"
                                        : "exposures",
                          field(t, f, concomitant ? "substance" : "drug"), field(t, f, "start"));
}

static const char *planted_exposure_key(const struct table *t, const char **f)
{
    return strcmp(field(t, f, "table"), "exposures") == 0 ? drug_key(t, f) : NULL;
}

static const char *planted_conmed_key(const struct table *t, const char **f)
{
    return strcmp(field(t, f, "table"), "conmeds") == 0 ? drug_key(t, f) : NULL;
}

static const char *cycle_key(const struct table *t, const char **f)
{
    const char *subject = subject_of(t, f);

    return subject ? gw_arena_print(&arena, "%s %s", subject, field(t, f, "cycle_no")) : NULL;
}

struct run { /* what map wrote for one hospital */
    struct table parts, observations, items, windows, episodes, exposures, conmeds, cycles, parameters;
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

static void check_fields(const struct table *got, const char *path, key_fn *key, const char *const *names)
{
    const struct table expected = load(path, key);

    cr_expect(eq(sz, got->count, expected.count), "%s: rows as in %s", the_site, path);
    for (size_t i = 0; i < expected.count; i++) {
        const char **row = find(got, expected.rows[i].key);

        cr_expect(row != NULL, "%s is missing", expected.rows[i].key);
        for (size_t n = 0; row && names[n]; n++)
            if (*field(&expected, expected.rows[i].fields, names[n]) || strcmp(names[n], "contact_date") != 0)
                expect_same(expected.rows[i].key, names[n], field(got, row, names[n]),
                            field(&expected, expected.rows[i].fields, names[n]));
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
        .parts = load(gw_arena_print(&arena, "%s/hospital/ledger.csv", out), part_key),
        .items = load(gw_arena_print(&arena, "%s/hospital/exceptions.csv", out), item_key),
        .observations = load(gw_arena_print(&arena, "%s/study/observations.csv", out), row_key),
        .windows = load(gw_arena_print(&arena, "%s/study/windows.csv", out), window_key),
        .episodes = load(gw_arena_print(&arena, "%s/study/ae_episodes.csv", out), episode_key),
        .exposures = load(gw_arena_print(&arena, "%s/study/exposures.csv", out), drug_key),
        .conmeds = load(gw_arena_print(&arena, "%s/study/conmeds.csv", out), drug_key),
        .cycles = load(gw_arena_print(&arena, "%s/study/cycles.csv", out), cycle_key),
        .parameters = load(gw_arena_print(&arena, "%s/study/derived.csv", out), parameter_key),
    };
}

static void check_site(const char *site, size_t deliveries)
{
    static const char *const window_names[] = {"data_group", "target_date", "state", "contact_date", NULL};
    static const char *const drug_names[] = {"end", "dose", "frequency", "evidence_rank", NULL};
    static const char *const cycle_names[] = {"start", "delay_days", "actual_mg", NULL};
    static const char *const episode_names[] = {"end", "ongoing", "max_grade", "max_grade_date", NULL};
    static const char *const parameter_names[] = {"value", "text", "reason", NULL};
    struct scratch scratch;
    struct run run;

    the_site = site;
    scratch_init(&scratch);
    run = run_map(gw_arena_print(&arena, "%s/out", scratch.folder), deliveries);
    check_parts(&run, gw_arena_print(&arena, COHORT "expected-%zu.csv", deliveries));
    check_fields(&run.windows, gw_arena_print(&arena, COHORT "expected-windows-%zu.csv", deliveries), window_key,
                 window_names);
    check_fields(&run.episodes, gw_arena_print(&arena, COHORT "expected-episodes-%zu.csv", deliveries), episode_key,
                 episode_names);
    check_fields(&run.exposures, gw_arena_print(&arena, COHORT "expected-drugs-%zu.csv", deliveries),
                 planted_exposure_key, drug_names);
    check_fields(&run.conmeds, gw_arena_print(&arena, COHORT "expected-drugs-%zu.csv", deliveries), planted_conmed_key,
                 drug_names);
    check_fields(&run.cycles, gw_arena_print(&arena, COHORT "expected-cycles-%zu.csv", deliveries), cycle_key,
                 cycle_names);
    check_fields(&run.parameters, gw_arena_print(&arena, COHORT "expected-parameters-%zu.csv", deliveries),
                 parameter_key, parameter_names);
    scratch_release(&scratch);
}

static void check_all(size_t deliveries)
{
    static const char *const sites[] = {"madrid", "busan", "essen", "boston"};

    for (size_t i = 0; i < 4; i++)
        check_site(sites[i], deliveries);
    cr_expect(gt(sz, compared, 1000), "%zu comparisons", compared);
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
