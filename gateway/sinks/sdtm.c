/*
 * Records of SDTM domains out of the rows of one subject.
 *
 *      sdtm.def ──> lines (which rows) ──> values (columns, derivations) ──> by the keys ──> numbered
 */
#include "sinks/sdtm.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/sdtm_values.h"

static const char where[] = "sinks.sdtm";

enum { MAX_VARIABLES = 48, MAX_KEYS = 6, COMMON_COLUMNS = 5, NUMBER_LENGTH = 8 };

/* A line of sdtm.def, as it stands there. */
struct entry {
    const char *name, *label;
    enum sdtm_type type;
    bool typed; /* else as the column is */
    unsigned length;
    struct {
        bool set;
        enum gw_table_id table;
        size_t offset;
    } from[2];
    sdtm_derivation *derive;
    const char *says;
    bool absent;
};

#define FROM(table, column)                                                                                            \
    {                                                                                                                  \
        true, GW_TABLE_##table, offsetof(struct gw_row_##table, column)                                                \
    }
#define SDTM_DOMAIN(domain, code, label, class, keys, notes) static const struct entry entries_##domain[] = {
#define SDTM_COLUMN(table, column, label_, length_)                                                                    \
    {.label = (label_), .length = (length_), .from = {FROM(table, column)}},
#define SDTM_NAMED(name_, table, column, label_, length_)                                                              \
    {.name = (name_), .label = (label_), .length = (length_), .from = {FROM(table, column)}},
#define SDTM_EITHER(name_, table, column, other, other_column, label_, length_)                                        \
    {.name = (name_), .label = (label_), .length = (length_), .from = {FROM(table, column), FROM(other, other_column)}},
#define SDTM_MADE(name_, type_, label_, length_, table, column, function, says_)                                       \
    {.name = (name_),                                                                                                  \
     .label = (label_),                                                                                                \
     .type = (type_),                                                                                                  \
     .typed = true,                                                                                                    \
     .length = (length_),                                                                                              \
     .from = {FROM(table, column)},                                                                                    \
     .derive = (function),                                                                                             \
     .says = (says_)},
#define SDTM_DERIVED(name_, type_, label_, length_, function, says_)                                                   \
    {.name = (name_),                                                                                                  \
     .label = (label_),                                                                                                \
     .type = (type_),                                                                                                  \
     .typed = true,                                                                                                    \
     .length = (length_),                                                                                              \
     .derive = (function),                                                                                             \
     .says = (says_)},
#define SDTM_ABSENT(name_, label_, says_)                                                                              \
    {.name = (name_), .label = (label_), .typed = true, .says = (says_), .absent = true},
#define SDTM_END(domain)                                                                                               \
    }                                                                                                                  \
    ;
#include "sinks/sdtm.def"
#undef SDTM_DOMAIN
#undef SDTM_COLUMN
#undef SDTM_NAMED
#undef SDTM_EITHER
#undef SDTM_MADE
#undef SDTM_DERIVED
#undef SDTM_ABSENT
#undef SDTM_END

struct plan {
    const char *name, *code, *label, *class, *keys, *notes;
    const struct entry *entries;
    size_t count;
    void (*take)(struct sdtm_subject *subject);
};

static const struct plan plans[SDTM_DOMAINS] = {
#define SDTM_DOMAIN(domain, code, label, class, keys, notes)                                                           \
    {#domain,                                                                                                          \
     code,                                                                                                             \
     label,                                                                                                            \
     class,                                                                                                            \
     keys,                                                                                                             \
     notes,                                                                                                            \
     entries_##domain,                                                                                                 \
     sizeof entries_##domain / sizeof *entries_##domain,                                                               \
     take_##domain},
#define SDTM_COLUMN(...)
#define SDTM_NAMED(...)
#define SDTM_EITHER(...)
#define SDTM_MADE(...)
#define SDTM_DERIVED(...)
#define SDTM_ABSENT(...)
#define SDTM_END(...)
#include "sinks/sdtm.def"
#undef SDTM_DOMAIN
#undef SDTM_COLUMN
#undef SDTM_NAMED
#undef SDTM_EITHER
#undef SDTM_MADE
#undef SDTM_DERIVED
#undef SDTM_ABSENT
#undef SDTM_END
};

/* ---- the domains, once for the process ---- */

static struct sdtm_variable variables[SDTM_DOMAINS][MAX_VARIABLES];
static struct sdtm_domain domains[SDTM_DOMAINS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct sdtm_column column_of(enum gw_table_id id, size_t offset)
{
    const struct gw_table *table = gw_table_of(id);

    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].offset == offset)
            return (struct sdtm_column){table, &table->columns[i]};
    return (struct sdtm_column){NULL, NULL};
}

/* rows.def names observations as LB and exposures as EX has them: other domains of these rows have their own prefix. */
static void name_variable(struct sdtm_variable *variable, const char *name, const char *code)
{
    const bool own = strncmp(name, "--", 2) == 0 || strncmp(name, "LB", 2) == 0 || strncmp(name, "EX", 2) == 0;

    assert(strlen(name) < SDTM_NAME_BYTES);
    strcpy(variable->name, name);
    if (own)
        memcpy(variable->name, code, 2);
}

static unsigned place_in_keys(const char *keys, const char *name)
{
    const size_t length = strlen(name);
    unsigned place = 1;

    for (const char *p = keys; p; p = strchr(p, ' '), place++) {
        p += *p == ' ';
        if (strncmp(p, name, length) == 0 && (p[length] == ' ' || !p[length]))
            return place;
    }
    return 0;
}

static enum sdtm_type type_of(const struct gw_column *column)
{
    return column->type == GW_COLUMN_integer   ? SDTM_INTEGER
           : column->type == GW_COLUMN_decimal ? SDTM_DECIMAL
                                               : SDTM_TEXT;
}

static void make_variable(struct sdtm_variable *out, const struct entry *entry, const struct plan *plan)
{
    for (int i = 0; i < 2; i++)
        if (entry->from[i].set)
            out->from[i] = column_of(entry->from[i].table, entry->from[i].offset);
    name_variable(out, entry->name ? entry->name : out->from[0].column->cdisc, plan->code);
    assert(strlen(entry->label) < SDTM_LABEL_BYTES);
    strcpy(out->label, entry->label);
    out->type = entry->typed ? entry->type : type_of(out->from[0].column);
    out->length = out->type == SDTM_TEXT ? entry->length : NUMBER_LENGTH;
    out->key = entry->absent ? 0 : place_in_keys(plan->keys, out->name);
    out->derive = entry->derive;
    out->says = entry->says;
    out->absent = entry->absent;
}

static void make_domains(void)
{
    for (int d = 0; d < SDTM_DOMAINS; d++) {
        const struct plan *plan = &plans[d];

        assert(plan->count <= MAX_VARIABLES);
        for (size_t i = 0; i < plan->count; i++)
            make_variable(&variables[d][i], &plan->entries[i], plan);
        domains[d] = (struct sdtm_domain){.name = plan->name,
                                          .code = plan->code,
                                          .label = plan->label,
                                          .class = plan->class,
                                          .notes = plan->notes,
                                          .variables = variables[d],
                                          .count = plan->count,
                                          .take = plan->take};
    }
}

const struct sdtm_domain *sdtm_domains(void)
{
    pthread_once(&once, make_domains);
    return domains;
}

const struct sdtm_domain *sdtm_domain_of(const char *name)
{
    const struct sdtm_domain *list = sdtm_domains();

    for (int i = 0; i < SDTM_DOMAINS; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static size_t find_variable(const struct sdtm_domain *domain, const char *variable)
{
    size_t i = 0;

    while (i < domain->count && strcmp(domain->variables[i].name, variable) != 0)
        i++;
    return i;
}

bool sdtm_has(const struct sdtm_domain *domain, const char *variable)
{
    return find_variable(domain, variable) < domain->count;
}

size_t sdtm_place(const struct sdtm_domain *domain, const char *variable)
{
    const size_t place = find_variable(domain, variable);

    assert(place < domain->count);
    return place;
}

/* ---- one subject's records ---- */

/* What RELREC is found by reaches further than its variables do. */
static enum gw_status load(struct reading *reading, const struct sdtm_domain *domain)
{
    static const enum gw_table_id related[] = {GW_TABLE_ae_episodes,  GW_TABLE_ae_evidence, GW_TABLE_ae_grades,
                                               GW_TABLE_observations, GW_TABLE_exposures,   GW_TABLE_conmeds,
                                               GW_TABLE_provenance};
    enum gw_status rc = reading_load(reading, GW_TABLE_subjects);

    for (size_t i = 0; rc == GW_OK && i < domain->count; i++)
        for (int f = 0; rc == GW_OK && f < 2; f++)
            if (domain->variables[i].from[f].table)
                rc = reading_load(reading, domain->variables[i].from[f].table->id);
    if (strcmp(domain->name, "RELREC") == 0)
        for (size_t i = 0; rc == GW_OK && i < sizeof related / sizeof *related; i++)
            rc = reading_load(reading, related[i]);
    return rc;
}

/* The cells that every table begins with are those of the line's own row. */
static bool is_of(const struct sdtm_column *from, const struct sdtm_line *line)
{
    return from->table && (from->table->id == line->table || from->column < from->table->columns + COMMON_COLUMNS);
}

static const char *cell_of(struct sdtm_subject *subject, const struct sdtm_variable *variable,
                           const struct sdtm_line *line)
{
    for (int f = 0; f < 2; f++) {
        const struct sdtm_column *from = &variable->from[f];
        char number[16];
        const char *cell;

        if (!is_of(from, line))
            continue;
        cell = gw_row_cell(from->table, line->row, (size_t)(from->column - from->table->columns), number);
        if (cell != number)
            return cell;
        cell = gw_arena_copy(&subject->reading->arena, number, strlen(number));
        subject->failed |= !cell;
        return cell;
    }
    return NULL;
}

static const char **make_record(struct sdtm_subject *subject, const struct sdtm_line *line)
{
    const struct sdtm_domain *domain = subject->domain;
    const char **values = gw_arena_alloc(&subject->reading->arena, domain->count * sizeof *values);

    subject->failed |= !values;
    for (size_t i = 0; values && i < domain->count; i++) {
        const struct sdtm_variable *variable = &domain->variables[i];
        const char *cell = cell_of(subject, variable, line);

        values[i] = variable->derive ? variable->derive(subject, line, cell) : cell;
        if (values[i] && !*values[i])
            values[i] = NULL;
    }
    return values;
}

static int compare_values(enum sdtm_type type, const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    if (type == SDTM_INTEGER)
        return (atol(a) > atol(b)) - (atol(a) < atol(b));
    return strcmp(a, b);
}

/* The last of the keys is an id, so that no two records are equal. */
static int compare_records(const void *left, const void *right, void *context)
{
    const char *const *a = *(const char *const *const *)left, *const *b = *(const char *const *const *)right;
    const struct sdtm_domain *domain = context;

    for (unsigned key = 1; key <= MAX_KEYS; key++)
        for (size_t i = 0; i < domain->count; i++) {
            const int order =
                domain->variables[i].key == key ? compare_values(domain->variables[i].type, a[i], b[i]) : 0;
            if (order)
                return order;
        }
    return 0;
}

static void number_records(struct sdtm_subject *subject, const char ***records)
{
    char name[SDTM_NAME_BYTES];
    size_t place;

    snprintf(name, sizeof name, "%.2sSEQ", subject->domain->code);
    place = find_variable(subject->domain, name);
    for (size_t i = 0; place < subject->domain->count && i < subject->count; i++) {
        records[i][place] = gw_arena_print(&subject->reading->arena, "%zu", i + 1);
        subject->failed |= !records[i][place];
    }
}

static gw_day first_dose_of(const struct gw_rows *rows)
{
    const struct gw_row_list *subjects = &rows->tables[GW_TABLE_subjects];
    gw_day day;

    if (subjects->count == 0)
        return GW_NO_DAY;
    const char *d1 = ((const struct gw_row_subjects *)subjects->rows[0])->d1;
    return d1 && gw_day_parse(d1, &day) ? day : GW_NO_DAY;
}

enum gw_status sdtm_read(struct reading *reading, const struct sdtm_domain *domain, struct sdtm_records *out)
{
    struct sdtm_subject subject = {.reading = reading, .domain = domain};
    enum gw_status rc = load(reading, domain);
    const char ***records;

    if (rc != GW_OK)
        return rc;
    subject.d1 = first_dose_of(&reading->rows);
    domain->take(&subject);
    records = gw_arena_alloc(&reading->arena, (subject.count + 1) * sizeof *records);
    subject.failed |= !records;
    for (size_t i = 0; !subject.failed && i < subject.count; i++)
        records[i] = make_record(&subject, &subject.lines[i]);
    if (subject.failed)
        return database_no_memory(reading->err);
    qsort_r(records, subject.count, sizeof *records, compare_records, (void *)domain);
    number_records(&subject, records);
    *out = (struct sdtm_records){(const char *const **)records, subject.count};
    return subject.failed ? database_no_memory(reading->err) : GW_OK;
}

enum gw_status sdtm_walk(struct reading *reading, const struct sdtm_domain *domain, sdtm_visit *visit, void *context)
{
    enum gw_status rc;

    while ((rc = reading_next(reading)) == GW_OK && reading->subject_key) {
        struct sdtm_records records;

        rc = sdtm_read(reading, domain, &records);
        for (size_t i = 0; rc == GW_OK && i < records.count; i++)
            rc = visit(context, domain, records.list[i]);
        if (rc != GW_OK)
            return rc;
    }
    return rc;
}

/* ---- where it comes from ---- */

enum gw_status sdtm_origin_of(struct reading *reading, struct gw_arena *arena, struct sdtm_origin *out)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum gw_status rc =
        database_prepare(&reading->database, "SELECT study, (SELECT max(applied_at) FROM receipts) FROM target",
                         &statement, reading->err);

    if (rc == GW_OK)
        rc = database_step(&reading->database, statement, &row, reading->err);
    if (rc == GW_OK && !row)
        rc = gw_fail(reading->err, GW_ECONFIG, where, "the study database does not say which study it is of");
    if (rc == GW_OK) {
        const char *texts[2];
        for (int i = 0; i < 2; i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            texts[i] = text ? gw_arena_copy(arena, text, strlen(text)) : NULL;
            if (text && !texts[i])
                rc = database_no_memory(reading->err);
        }
        *out = (struct sdtm_origin){texts[0], texts[1]};
    }
    sqlite3_finalize(statement);
    return rc;
}
