#include "support/contrast.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/doses.h"
#include "support/lineage.h"

enum { LINES_MAX = 4096, ELEMENTS_MAX = 512 };

/* ---- histories ---- */

static const struct {
    const char *name, *loinc, *unit;
} tests[] = {
    {"ANC", "751-8", "10*9/L"},     {"PLT", "777-3", "10*9/L"},        {"HGB", "718-7", "g/L"},
    {"CREAT", "2160-0", "mg/dL"},   {"CREATU", "14682-9", "umol/L"},   {"KG", "29463-7", "kg"},
    {"SERUM", "33358-3", "g/L"},    {"URINE", "42482-0", "mg/(24.h)"}, {"TEMP", "8310-5", "Cel"},
    {"ECOG", "89247-1", "{score}"}, {"K", "2823-3", "mmol/L"},
};

static const char *moment(struct subject *s, const char *when)
{
    const char *clock = strchr(when, 'T');

    return clock ? gw_arena_print(&s->arena, "%s%s:00+01:00", subject_date(s, atoi(when)), clock)
                 : subject_date(s, atoi(when));
}

/* The end of "40..50"; NULL where it goes on or there is none. */
static const char *end_of(struct subject *s, const char *days)
{
    const char *dots = strstr(days, "..");

    return dots && dots[2] ? subject_date(s, atoi(dots + 2)) : NULL;
}

static void add_value(struct subject *s, const char *id, const char *test, const char *when, const char *value)
{
    size_t i = 0;

    while (i < sizeof tests / sizeof *tests && strcmp(tests[i].name, test) != 0)
        i++;
    cr_assert(i < sizeof tests / sizeof *tests, "no test %s", test);
    if (strcmp(tests[i].unit, "10*9/L") == 0)
        subject_add_lab(s, id, tests[i].loinc, moment(s, when), value);
    else
        subject_add_value(s, id, tests[i].loinc, moment(s, when), value, tests[i].unit);
}

static void add_stay(struct subject *s, const char *id, const char *class, const char *days)
{
    subject_add(s,
                "{'resourceType':'Encounter','id':'%s','status':'finished','class':{'code':'%s'},"
                "'subject':{'reference':'Patient/p1'},'period':{'start':'%s','end':'%s'}}",
                id, class, subject_date(s, atoi(days)), end_of(s, days));
}

static void add_entry(struct subject *s, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *id = equals ? gw_arena_print(&s->arena, "%.*s", (int)(equals - text), text)
                            : gw_arena_print(&s->arena, "d%zu", s->count);
    char what[16], a[32] = "", b[32] = "", c[32] = "";

    text = equals ? equals + 1 : text;
    cr_assert(sscanf(text, "%15s %31s %31s %31s", what, a, b, c) >= 2, "%s", text);
    if (strcmp(what, "P") == 0)
        subject_add_patient(s, a, b);
    else if (strcmp(what, "V") == 0)
        subject_add_visit(s, id, subject_date(s, atoi(a)));
    else if (strcmp(what, "Q") == 0)
        add_value(s, id, a, b, c);
    else if (strcmp(what, "C") == 0)
        subject_add_condition(s, id, a, subject_date(s, atoi(b)), end_of(s, b));
    else if (strcmp(what, "S") == 0)
        add_stay(s, id, a, b);
    else
        doses_add(s, what, text + strlen(what) + 1);
}

void contrast_add(struct subject *s, const char *history)
{
    char *rest = gw_arena_copy(&s->arena, history, strlen(history)), *entry;

    cr_assert(rest != NULL);
    while ((entry = strsep(&rest, ";"))) {
        entry += strspn(entry, " ");
        if (*entry)
            add_entry(s, entry);
    }
}

/* ---- names of ids ---- */

static const char *plain(struct subject *s, const char *text);

static const char *fact_named(struct subject *s, const char *hash)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *key =
            gw_arena_print(&s->arena, "%s|%s|%s", s->facts[i].endpoint, s->facts[i].type_name, s->facts[i].id);

        if (gw_same(gw_hmac_id(s->key, &s->arena, 'h', &key, 1), hash))
            return s->facts[i].id;
    }
    return "roster";
}

static const char *value_named(struct subject *s, const char *row_id)
{
    for (size_t i = 0; i < s->derived.part_count; i++)
        if (strstr(s->derived.parts[i].rows, row_id))
            return s->facts[s->derived.parts[i].fact].id;
    return row_id;
}

static const char *event_named(struct subject *s, const char *id)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(list->rows[i]->row_id, id))
            return ((const struct gw_row_ae_episodes *)list->rows[i])->category;
    return id;
}

/* "lenalidomide d0" */
static const char *drug_named(struct subject *s, const char *id)
{
    const struct gw_row *exposure = gw_rows_find(&s->derived.rows, GW_TABLE_exposures, id);
    const struct gw_row *companion = gw_rows_find(&s->derived.rows, GW_TABLE_conmeds, id);

    if (exposure)
        return gw_arena_print(&s->arena, "%s %s", ((const struct gw_row_exposures *)exposure)->drug,
                              plain(s, ((const struct gw_row_exposures *)exposure)->start));
    return companion ? ((const struct gw_row_conmeds *)companion)->substance : id;
}

static const char *item_named(struct subject *s, const char *id)
{
    for (size_t i = 0; i < s->derived.item_count; i++) {
        const struct gw_item *item = &s->derived.items[i];

        if (gw_same(item->id, id))
            return gw_arena_print(&s->arena, "%s %s", item->code,
                                  item->has_fact ? s->facts[item->fact].id : strrchr(item->fingerprint, '|') + 1);
    }
    return id;
}

/* An id, an element of a list, or any other text; dates as days from the first dose. */
static const char *plain(struct subject *s, const char *text)
{
    gw_day day;

    if (strlen(text) >= 10 && text[4] == '-' && text[7] == '-' &&
        gw_day_parse(gw_arena_print(&s->arena, "%.10s", text), &day))
        return gw_arena_print(&s->arena, "d%d%s", day - s->line.first_dose, text + 10);
    if (strncmp(text, s->line.subject, strlen(s->line.subject)) == 0)
        return text + strlen(s->line.subject) + (text[strlen(s->line.subject)] != '\0');
    if (strcspn(text, "@") != 21 || strspn(text + 1, "0123456789abcdef") < 20)
        return text;
    switch (*text) {
    case 'o':
        return gw_arena_print(&s->arena, "%s%s", value_named(s, text), text + 21);
    case 'h':
        return fact_named(s, text);
    case 'a':
        return event_named(s, text);
    case 'x':
        return item_named(s, text);
    default:
        return drug_named(s, text);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted by what they are called here, whatever the key makes of them. */
static const char *plain_list(struct subject *s, const char *list)
{
    char *rest = gw_arena_copy(&s->arena, list, strlen(list)), *element;
    const char *elements[ELEMENTS_MAX], *out = "";
    size_t count = 0;

    while ((element = strsep(&rest, ";"))) {
        cr_assert(count < ELEMENTS_MAX);
        elements[count++] = plain(s, element);
    }
    qsort(elements, count, sizeof *elements, by_text);
    for (size_t i = 0; i < count; i++)
        out = gw_arena_print(&s->arena, "%s%s%s", out, i ? ";" : "", elements[i]);
    return out;
}

/* ---- names of rows ---- */

static const char *cell(struct subject *s, const struct gw_table *table, const struct gw_row *row, const char *column)
{
    char buffer[16];

    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, column) == 0) {
            const char *text = gw_row_cell(table, row, i, buffer);

            return text ? plain_list(s, gw_arena_copy(&s->arena, text, strlen(text))) : "";
        }
    cr_assert_fail("no column %s", column);
    return NULL;
}

static const char *const name_columns[GW_TABLE_COUNT][4] = {
    [GW_TABLE_subjects] = {NULL},
    [GW_TABLE_windows] = {"window_id"},
    [GW_TABLE_observations] = {"row_id"},
    [GW_TABLE_exposures] = {"drug", "dose", "start"},
    [GW_TABLE_cycles] = {"cycle_no"},
    [GW_TABLE_ae_episodes] = {"category", "onset"},
    [GW_TABLE_ae_evidence] = {"ae_id", "role", "source_hash"},
    [GW_TABLE_ae_grades] = {"ae_id", "date", "grade"},
    [GW_TABLE_conmeds] = {"substance", "start"},
    [GW_TABLE_derived] = {"row_id"},
    [GW_TABLE_exceptions] = {"row_id"},
};

static const char *row_named(struct subject *s, const struct gw_table *table, const struct gw_row *row)
{
    const char *name = table->name;

    for (size_t i = 0; i < 4 && name_columns[table->id][i]; i++) {
        const char *text = cell(s, table, row, name_columns[table->id][i]);

        name = *text ? gw_arena_print(&s->arena, "%s %s", name, text) : name;
    }
    return name;
}

/* ---- differences ---- */

struct contrast {
    struct subject *was, *is;
    const char *lines[LINES_MAX];
    size_t count;
};

static void tell(struct contrast *c, const char *line)
{
    cr_assert(line && c->count < LINES_MAX);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->lines[i], line) == 0)
            return;
    c->lines[c->count++] = line;
}

static const char *or_nothing(const char *text)
{
    return *text ? text : "nothing";
}

static bool same_text(const struct gw_table *table, const struct gw_row *was, const struct gw_row *is, size_t column)
{
    char one[16], other[16];
    const char *a = gw_row_cell(table, was, column, one), *b = gw_row_cell(table, is, column, other);

    return gw_same(a, b);
}

static bool tell_columns(struct contrast *c, const struct gw_table *table, const struct gw_row *was,
                         const struct gw_row *is)
{
    const char *name = row_named(c->was, table, was);
    bool changed = false;

    for (size_t i = 0; i < table->column_count; i++) {
        const char *column = table->columns[i].name, *a, *b;

        if (table->columns[i].stamp || same_text(table, was, is, i))
            continue;
        a = cell(c->was, table, was, column);
        b = cell(c->is, table, is, column);
        if (strcmp(a, b) == 0)
            continue;
        changed = true;
        tell(c, gw_arena_print(&c->was->arena, "%s %s: %s -> %s", name, column, or_nothing(a), or_nothing(b)));
    }
    return changed;
}

/* What a row was made from, without the bytes it was. */
static const char *lineage_line(struct subject *s, const struct gw_row_provenance *line)
{
    return gw_arena_print(&s->arena, "%s %s", line->role ? line->role : "-",
                          line->source_hash ? fact_named(s, line->source_hash) : "-");
}

static bool has_line(struct subject *s, const struct gw_table *table, const char *of_row, const char *wanted)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_provenance];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)list->rows[i];

        if (gw_same(line->table, table->name) && gw_same(line->of_row, of_row) &&
            strcmp(lineage_line(s, line), wanted) == 0)
            return true;
    }
    return false;
}

/* Lines that one has of a row and the other has not. */
static void tell_lineage(struct contrast *c, const struct gw_table *table, const struct gw_row *row, struct subject *of,
                         struct subject *other, char sign)
{
    const struct gw_row_list *list = &of->derived.rows.tables[GW_TABLE_provenance];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)list->rows[i];
        const char *text;

        if (!gw_same(line->table, table->name) || !gw_same(line->of_row, row->row_id))
            continue;
        text = lineage_line(of, line);
        if (!has_line(other, table, row->row_id, text))
            tell(c, gw_arena_print(&c->was->arena, "lineage %s: %c%s", row_named(of, table, row), sign, text));
    }
}

static void tell_rows(struct contrast *c, const struct gw_table *table)
{
    const struct gw_row_list *was = &c->was->derived.rows.tables[table->id];
    const struct gw_row_list *is = &c->is->derived.rows.tables[table->id];

    for (size_t i = 0; i < was->count; i++) {
        const struct gw_row *row = was->rows[i], *now = gw_rows_find(&c->is->derived.rows, table->id, row->row_id);

        if (!now) {
            tell(c, gw_arena_print(&c->was->arena, "-%s", row_named(c->was, table, row)));
        } else if (!tell_columns(c, table, row, now)) {
            tell_lineage(c, table, row, c->was, c->is, '-');
            tell_lineage(c, table, now, c->is, c->was, '+');
        }
    }
    for (size_t i = 0; i < is->count; i++)
        if (!gw_rows_find(&c->was->derived.rows, table->id, is->rows[i]->row_id))
            tell(c, gw_arena_print(&c->was->arena, "+%s", row_named(c->is, table, is->rows[i])));
}

static void tell_parts(struct contrast *c)
{
    cr_assert(c->was->derived.part_count == c->is->derived.part_count);
    for (size_t i = 0; i < c->was->derived.part_count; i++) {
        const struct gw_part_state *a = &c->was->derived.parts[i], *b = &c->is->derived.parts[i];

        if (a->state != b->state || strcmp(a->reason, b->reason) != 0)
            tell(c, gw_arena_print(&c->was->arena, "part %s: %s%s%s -> %s%s%s", c->was->facts[a->fact].id,
                                   gw_state_name(a->state), *a->reason ? " " : "", a->reason, gw_state_name(b->state),
                                   *b->reason ? " " : "", b->reason));
    }
}

static bool is_told(const struct contrast *c, const char *line)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->lines[i], line) == 0)
            return true;
    return false;
}

void contrast_expect(const char *name, struct subject *was, struct subject *is, const char *changes)
{
    static struct contrast c;
    char *rest = gw_arena_copy(&is->arena, changes, strlen(changes)), *line;
    size_t wanted = 0;

    c = (struct contrast){.was = was, .is = is};
    lineage_check(&was->derived.rows, &was->rules);
    lineage_check(&is->derived.rows, &is->rules);
    cr_expect(!was->derived.blocked && !is->derived.blocked, "%s: blocked", name);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        if (t != GW_TABLE_provenance)
            tell_rows(&c, gw_table_of((enum gw_table_id)t));
    tell_parts(&c);
    while ((line = strsep(&rest, "\n"))) {
        if (!*line)
            continue;
        wanted++;
        cr_expect(is_told(&c, line), "%s: this did not change:\n\t%s", name, line);
    }
    for (size_t i = 0; i < c.count; i++)
        cr_expect(
            strstr(gw_arena_print(&is->arena, "\n%s\n", changes), gw_arena_print(&is->arena, "\n%s\n", c.lines[i])),
            "%s: this changed, too:\n\t%s", name, c.lines[i]);
    cr_expect(wanted > 0, "%s: nothing is told to change", name);
}

static void derive(struct subject *s, const char *base, const char *rest, void (*begin)(struct subject *))
{
    begin(s);
    contrast_add(s, base);
    contrast_add(s, rest);
    subject_derive(s);
}

void contrast_check(const struct contrast_case *cases, size_t count, void (*begin)(struct subject *))
{
    static struct subject was, is;

    for (size_t i = 0; i < count; i++) {
        derive(&was, cases[i].base, cases[i].was, begin);
        derive(&is, cases[i].base, cases[i].is, begin);
        contrast_expect(cases[i].name, &was, &is, cases[i].changes);
        subject_release(&was);
        subject_release(&is);
    }
}
