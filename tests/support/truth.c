#include "support/truth.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/decimal.h"
#include "gateway/service/pseudonym.h"

struct gw_arena truth_arena = GW_ARENA_INIT(256u << 20);
const char *truth_site;

/* ---- tables by name ---- */

const char *truth_field(const struct truth_table *t, const char **fields, const char *name)
{
    const int column = gw_csv_column(&t->csv, name);

    cr_assert(ge(int, column, 0), "%s has no column %s", t->csv.path, name);
    return fields[column];
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct truth_row *)a)->key, ((const struct truth_row *)b)->key);
}

struct truth_table truth_load(const char *path, truth_key *key)
{
    struct truth_table t = {0};
    struct gw_error err;

    cr_assert(gw_csv_load(&truth_arena, path, 64u << 20, &t.csv, &err) == GW_OK, "%s", err.text);
    t.count = 0;
    t.rows = gw_arena_alloc(&truth_arena, (t.csv.count + 1) * sizeof *t.rows);
    for (size_t i = 0; i < t.csv.count; i++) {
        const char *text = key(&t, t.csv.records[i].fields);

        if (text)
            t.rows[t.count++] = (struct truth_row){text, t.csv.records[i].fields};
    }
    qsort(t.rows, t.count, sizeof *t.rows, by_key);
    return t;
}

const char **truth_find(const struct truth_table *t, const char *key)
{
    const struct truth_row wanted = {.key = key};
    const struct truth_row *found = t->count ? bsearch(&wanted, t->rows, t->count, sizeof wanted, by_key) : NULL;

    return found ? found->fields : NULL;
}

static struct gw_hmac *the_key; /* of what is being loaded */

/* ---- keys ---- */

/* A part, and for an exact repeat the word that tells it from the first reading. A cut line has only its place. */
static const char *part_key(const struct truth_table *t, const char **f)
{
    const char *state = truth_field(t, f, "state");

    if (*truth_field(t, f, "resource_type") == '\0')
        return NULL;
    return gw_arena_print(&truth_arena, "%s/%s/%s/%s%s", truth_field(t, f, "resource_type"),
                          truth_field(t, f, "resource_id"), truth_field(t, f, "version_id"), truth_field(t, f, "part"),
                          strcmp(state, "unchanged") == 0 && *truth_field(t, f, "reason") == '\0' ? " again" : "");
}

static const char *expected_part_key(const struct truth_table *t, const char **f)
{
    return strcmp(truth_field(t, f, "site"), truth_site) == 0 ? part_key(t, f) : NULL;
}

const char *truth_row_key(const struct truth_table *t, const char **f)
{
    return truth_field(t, f, "row_id");
}

static const char *item_key(const struct truth_table *t, const char **f)
{
    return truth_field(t, f, "exception_id");
}

/* ---- comparing ---- */

static void check_once(const struct truth_table *t, const char *path)
{
    for (size_t i = 1; i < t->count; i++)
        cr_expect(strcmp(t->rows[i - 1].key, t->rows[i].key) != 0, "%s is twice in %s", t->rows[i].key, path);
}

size_t truth_compared;

void truth_expect(const char *key, const char *what, const char *got, const char *wanted)
{
    truth_compared++;
    cr_expect(strcmp(got, wanted) == 0, "%s: %s is \"%s\", planted was \"%s\"", key, what, got, wanted);
}

static bool same_number(const char *a, const char *b)
{
    struct gw_decimal x, y;

    return gw_decimal_parse(&truth_arena, a, strlen(a), &x, NULL) == GW_OK &&
           gw_decimal_parse(&truth_arena, b, strlen(b), &y, NULL) == GW_OK && gw_decimal_compare(&x, &y) == 0;
}

static bool lists(const char *list, const char *one, size_t length)
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

static void check_row(const struct truth_run *run, const struct truth_table *expected, const struct truth_row *e,
                      const char *row_id)
{
    const char **row = truth_find(&run->observations, row_id);
    const char *window;

    cr_assert(row != NULL, "%s: no row %s", e->key, row_id);
    window = truth_field(&run->observations, row, "window_id");
    cr_expect(lists(truth_field(expected, e->fields, "windows"), window, strlen(window)), "%s: stands in %s", e->key,
              window);
    truth_expect(e->key, "concept", truth_field(&run->observations, row, "concept"),
                 truth_field(expected, e->fields, "concept"));
    truth_expect(e->key, "grade", truth_field(&run->observations, row, "grade"),
                 truth_field(expected, e->fields, "grade"));
    truth_expect(e->key, "direction", truth_field(&run->observations, row, "grade_direction"),
                 truth_field(expected, e->fields, "grade_direction"));
    truth_expect(e->key, "grade flag", truth_field(&run->observations, row, "grade_flag"),
                 truth_field(expected, e->fields, "grade_flag"));
    truth_expect(e->key, "anl01", truth_field(&run->observations, row, "anl01"),
                 lists(truth_field(expected, e->fields, "anl01_windows"), window, strlen(window)) ? "Y" : "");
    if (*truth_field(expected, e->fields, "value_num"))
        cr_expect(same_number(truth_field(&run->observations, row, "value_num"),
                              truth_field(expected, e->fields, "value_num")),
                  "%s: value %s, planted %s", e->key, truth_field(&run->observations, row, "value_num"),
                  truth_field(expected, e->fields, "value_num"));
}

static void check_rows(const struct truth_run *run, const struct truth_table *expected, const struct truth_row *e,
                       const char *rows)
{
    cr_expect(eq(sz, list_length(rows), list_length(truth_field(expected, e->fields, "windows"))), "%s: windows %s",
              e->key, truth_field(expected, e->fields, "windows"));
    for (const char *p = rows; *p; p += strcspn(p, ";"), p += *p == ';')
        check_row(run, expected, e, gw_arena_copy(&truth_arena, p, strcspn(p, ";")));
}

/* Each planted item was raised, and no other. */
static void check_items(const struct truth_run *run, const struct truth_table *expected, const struct truth_row *e,
                        const char *items)
{
    const char *planted = truth_field(expected, e->fields, "exception_codes");
    size_t raised = 0;

    for (const char *p = items; *p; p += strcspn(p, ";"), p += *p == ';') {
        const char **item = truth_find(&run->items, gw_arena_copy(&truth_arena, p, strcspn(p, ";")));
        const char *code = item ? truth_field(&run->items, item, "code") : "no such item";

        raised++;
        cr_expect(lists(planted, code, strlen(code)), "%s: raised %s, planted \"%s\"", e->key, code, planted);
    }
    cr_expect(eq(sz, raised, list_length(planted)), "%s: items of \"%s\"", e->key, planted);
}

/* The items of a frozen subject are the subject's: what its parts would raise is not planted. */
static bool frozen(const char *reason)
{
    return strncmp(reason, "ANCHOR_", 7) == 0 || strncmp(reason, "RECRUITMENT_", 12) == 0;
}

static void check_part(const struct truth_run *run, const struct truth_table *expected, const struct truth_row *e)
{
    const char **part = truth_find(&run->parts, e->key);
    const char *reason = truth_field(expected, e->fields, "reason");

    cr_expect(part != NULL, "%s: planted as %s %s, not accounted for", e->key,
              truth_field(expected, e->fields, "state"), reason);
    if (!part)
        return;
    truth_expect(e->key, "state", truth_field(&run->parts, part, "state"), truth_field(expected, e->fields, "state"));
    if (*reason)
        truth_expect(e->key, "reason", truth_field(&run->parts, part, "reason"), reason);
    if (strncmp(e->key, "Medication", 10) != 0) /* rows of drugs stand in no window: they are truth_compared as such */
        check_rows(run, expected, e, truth_field(&run->parts, part, "rows"));
    if (!frozen(reason))
        check_items(run, expected, e, truth_field(&run->parts, part, "exceptions"));
}

void truth_check_parts(const struct truth_run *run, const char *path)
{
    const struct truth_table expected = truth_load(path, expected_part_key);

    cr_assert(gt(sz, expected.count, 50), "%s", truth_site);
    cr_expect(eq(sz, run->parts.count, expected.count), "%s: parts", truth_site);
    for (size_t i = 0; i < expected.count; i++)
        check_part(run, &expected, &expected.rows[i]);
}

/* ---- what map wrote ---- */

/* The id of a resource as the study sees it. */
static const char *source_key(const struct truth_table *t, const char **f)
{
    const char *name = gw_arena_print(&truth_arena, "%s|%s|%s", truth_site, truth_field(t, f, "resource_type"),
                                      truth_field(t, f, "resource_id"));

    return *truth_field(t, f, "resource_id") ? gw_hmac_id(the_key, &truth_arena, 'h', &name, 1) : NULL;
}

static struct truth_table read_sources(const char *out, const char *study)
{
    struct truth_table sources;
    struct gw_error err;

    cr_assert(gw_pseudonym_open(gw_arena_print(&truth_arena, "%s/hospital/pseudonym.key", out), study, &the_key,
                                &err) == GW_OK,
              "%s", err.text);
    sources = truth_load(gw_arena_print(&truth_arena, "%s/hospital/ledger.csv", out), source_key);
    gw_hmac_free(the_key);
    return sources;
}

struct truth_run truth_read(const char *out, const char *study)
{
    return (struct truth_run){
        .out = out,
        .sources = read_sources(out, study),
        .parts = truth_load(gw_arena_print(&truth_arena, "%s/hospital/ledger.csv", out), part_key),
        .items = truth_load(gw_arena_print(&truth_arena, "%s/hospital/exceptions.csv", out), item_key),
        .observations = truth_load(gw_arena_print(&truth_arena, "%s/study/observations.csv", out), truth_row_key),
        .events = truth_load(gw_arena_print(&truth_arena, "%s/study/ae_episodes.csv", out), truth_row_key),
    };
}

/* ---- what was compared ---- */

/* What was truth_compared, by kind; of parameters by their names. */
static struct tally {
    const char *name;
    size_t count;
} tallies[100];

void truth_count(const char *name)
{
    size_t i = 0;

    while (tallies[i].name && strcmp(tallies[i].name, name) != 0)
        i++;
    cr_assert(lt(sz, i + 1, sizeof tallies / sizeof *tallies));
    tallies[i].name = name;
    tallies[i].count++;
}

size_t truth_counted(const char *name)
{
    for (size_t i = 0; tallies[i].name; i++)
        if (strcmp(tallies[i].name, name) == 0)
            return tallies[i].count;
    return 0;
}

void truth_print_counts(void)
{
    for (size_t i = 0; tallies[i].name; i++)
        printf("%-20s %6zu compared\n", tallies[i].name, tallies[i].count);
}

/* ---- rows of a kind ---- */

static const struct truth_run *the_run; /* of the rows in question */
static const struct truth_kind *the_kind;

static bool of_truth(const struct truth_table *t)
{
    return strstr(t->csv.path, "/expected-") != NULL;
}

static const char *subject_of(const struct truth_table *t, const char **f)
{
    return truth_field(t, f, gw_csv_column(&t->csv, "subject") >= 0 ? "subject" : "subject_key");
}

static const char *cell_of(const struct truth_table *t, const char **f, const char *column, const char *wanted)
{
    return the_kind->cell && !of_truth(t) ? the_kind->cell(the_run, t, f, column, wanted) : truth_field(t, f, column);
}

/* Subjects are numbered with the first letters of their hospital. */
static const char *kind_key(const struct truth_table *t, const char **f)
{
    const char *key = subject_of(t, f);

    if (strncasecmp(key, truth_site, 2) != 0 || (the_kind->takes && !of_truth(t) && !the_kind->takes(t, f)))
        return NULL;
    for (size_t i = 0; the_kind->keys[i]; i++)
        key = gw_arena_print(&truth_arena, "%s|%s", key, cell_of(t, f, the_kind->keys[i], NULL));
    return key;
}

/* "Observation/o-1" */
static const char *truth_source(const struct truth_run *run, const char *hash)
{
    const char **part = truth_find(&run->sources, hash);

    return part ? gw_arena_print(&truth_arena, "%s/%s", truth_field(&run->sources, part, "resource_type"),
                                 truth_field(&run->sources, part, "resource_id"))
                : hash;
}

const char *truth_event_cell(const struct truth_run *run, const struct truth_table *output, const char **fields,
                             const char *column, const char *wanted)
{
    const char *id;
    const char **event;

    (void)wanted;
    if (strcmp(column, "source") == 0)
        return truth_source(run, truth_field(output, fields, "source_hash"));
    if (gw_csv_column(&output->csv, column) >= 0)
        return truth_field(output, fields, column);
    id = truth_field(output, fields, strcmp(column, "parent") == 0 ? "parent_ae" : "ae_id");
    event = *id ? truth_find(&run->events, id) : NULL;
    if (!event)
        return id;
    return strcmp(column, "parent") != 0
               ? truth_field(&run->events, event, column)
               : gw_arena_print(&truth_arena, "%s %s", truth_field(&run->events, event, "category"),
                                truth_field(&run->events, event, "onset"));
}

static bool is_key(const char *column)
{
    for (size_t i = 0; the_kind->keys[i]; i++)
        if (strcmp(the_kind->keys[i], column) == 0)
            return true;
    return strncmp(column, "subject", 7) == 0;
}

static void check_columns(const struct truth_table *expected, const struct truth_table *got, const struct truth_row *e,
                          const char **row)
{
    for (size_t c = 0; c < expected->csv.columns; c++) {
        const char *column = expected->csv.header[c], *wanted = e->fields[c];
        const bool left_out = !*wanted && the_kind->lenient && strcmp(column, the_kind->lenient) == 0;

        if (!is_key(column) && !left_out)
            truth_expect(e->key, column, cell_of(got, row, column, wanted), wanted);
    }
}

void truth_check_kind(const struct truth_run *run, const struct truth_kind *kind, const char *folder, size_t number)
{
    const char *path = gw_arena_print(&truth_arena, "%sexpected-%s-%zu.csv", folder, kind->name, number);
    struct truth_table expected, got;

    the_run = run;
    the_kind = kind;
    expected = truth_load(path, kind_key);
    got = truth_load(gw_arena_print(&truth_arena, "%s/%s", run->out, kind->output), kind_key);
    check_once(&expected, path);
    check_once(&got, kind->output);
    for (size_t i = 0; i < got.count; i++)
        cr_expect(truth_find(&expected, got.rows[i].key) != NULL, "%s: %s was not planted", kind->name,
                  got.rows[i].key);
    for (size_t i = 0; i < expected.count; i++) {
        const char **row = truth_find(&got, expected.rows[i].key);

        cr_expect(row != NULL, "%s: %s is missing", kind->name, expected.rows[i].key);
        if (row)
            check_columns(&expected, &got, &expected.rows[i], row);
        truth_count(kind->count_by && row ? truth_field(&got, row, kind->count_by) : kind->name);
    }
}
