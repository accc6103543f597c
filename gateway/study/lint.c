/*
 * The lint of a study package: everything its loader and those of the tables refuse, and what only shows when both are
 * laid side by side.
 *
 * A note is for the reader and is not counted: a row that is not verified is disabled and says so when met, which the
 * study team may want to know and need not mend.
 */
#include <string.h>

#include "study/package_parts.h"
#include "study/sheet.h"
#include "study/tables_parts.h"

struct lint {
    struct package package;
    const struct gw_study *study;
    const struct gw_tables *tables;
    struct gw_findings findings;
};

/* ---- the package against the tables ---- */

static bool has_drug(const struct drug_rows *drugs, const char *substance)
{
    for (size_t i = 0; i < drugs->count; i++)
        if (strcmp(drugs->rows[i].substance, substance) == 0)
            return true;
    return false;
}

static const char *nearest_drug(struct lint *l, const char *substance)
{
    const struct drug_rows *drugs = &l->tables->drugs;
    const char **names = gw_arena_alloc(l->package.settings.arena, (drugs->count + 1) * sizeof *names);

    for (size_t i = 0; names && i < drugs->count; i++)
        names[i] = drugs->rows[i].substance;
    return names ? gw_settings_nearest(substance, names, drugs->count) : NULL;
}

static void check_drug(struct lint *l, const cJSON *item, const char *substance)
{
    const char *near;

    if (has_drug(&l->tables->drugs, substance))
        return;
    near = nearest_drug(l, substance);
    gw_settings_finding(&l->package.settings, item, "medications.csv has no \"%s\" for study %s; %s%s%s", substance,
                        l->study->tables_study, near ? "write \"" : "add a row or name another drug", near ? near : "",
                        near ? "\"" : "");
}

static void check_drugs(struct lint *l)
{
    const cJSON *anchors = gw_json_object(l->package.root, "anchors");
    const cJSON *drugs = gw_json_array(gw_json_object(anchors, "D1"), "drugs");
    const cJSON *end = gw_json_get(gw_json_object(anchors, "EOT"), "drug");

    if (l->tables->drugs.count == 0)
        return;
    GW_JSON_EACH (item, drugs) {
        if (cJSON_IsString(item))
            check_drug(l, item, item->valuestring);
    }
    if (cJSON_IsString(end))
        check_drug(l, end, end->valuestring);
}

/* A name that no row has would choose nothing and say nothing. */
static bool is_in_tables(const struct gw_tables *tables, const char *name)
{
    for (size_t i = 0; i < tables->drugs.count; i++)
        if (sheet_list_has(tables->drugs.rows[i].studies, ';', name))
            return true;
    for (size_t i = 0; i < tables->conditions.count; i++)
        if (sheet_list_has(tables->conditions.rows[i].studies, ';', name))
            return true;
    return false;
}

static void check_studies(struct lint *l, const cJSON *item, const char *studies)
{
    struct gw_settings *const s = &l->package.settings;
    char *const names = item ? gw_arena_copy(s->arena, studies, strlen(studies)) : NULL;
    char *rest = NULL;

    for (char *name = names ? strtok_r(names, ";", &rest) : NULL; name; name = strtok_r(NULL, ";", &rest))
        if (!is_in_tables(l->tables, name))
            gw_settings_finding(s, item,
                                "no row of medications.csv or ae-conditions.csv is for study \"%s\"; write a name that "
                                "their study columns hold",
                                name);
}

/* A code of two categories would be whichever row comes first. */
static const struct gw_condition_row *same_code(const struct condition_rows *table, const struct gw_condition_row *row)
{
    for (const struct gw_condition_row *other = table->rows; other < row; other++)
        if (other->in_study && other->match == row->match && other->evidence != GW_EVIDENCE_RISK &&
            strcmp(other->code, row->code) == 0 && strcmp(other->system, row->system) == 0)
            return other;
    return NULL;
}

static void check_conditions(struct lint *l)
{
    const struct condition_rows *const table = &l->tables->conditions;

    for (size_t i = 0; i < table->count; i++) {
        const struct gw_condition_row *const row = &table->rows[i];
        const struct gw_condition_row *const other =
            row->in_study && row->evidence != GW_EVIDENCE_RISK ? same_code(table, row) : NULL;

        if (other)
            gw_findings_add(&l->findings, table->path, row->line,
                            "%s has a row already, for %s in line %u; keep one of them for the studies of tables_study",
                            row->code, other->category, other->line);
    }
}

/* Where a category occurs: in a row of this study, in one of another, nowhere. */
enum occurrence { NOWHERE, ELSEWHERE, HERE };

/* A category that no listed diagnosis makes needs none: any other diagnosis does. */
static enum occurrence find_category(const struct condition_rows *rows, const char *category)
{
    enum occurrence found = strcmp(category, GW_CATEGORY_OTHER) == 0 ? HERE : NOWHERE;

    for (size_t i = 0; i < rows->count && found != HERE; i++)
        if (strcmp(rows->rows[i].category, category) == 0)
            found = rows->rows[i].in_study ? HERE : ELSEWHERE;
    return found;
}

static const char *nearest_category(struct lint *l, const char *category)
{
    const struct condition_rows *rows = &l->tables->conditions;
    const char **names = gw_arena_alloc(l->package.settings.arena, (rows->count + 1) * sizeof *names);

    for (size_t i = 0; names && i < rows->count; i++)
        names[i] = rows->rows[i].category;
    return names ? gw_settings_nearest(category, names, rows->count) : NULL;
}

static void check_categories(struct lint *l)
{
    const cJSON *list = gw_json_array(gw_json_object(l->package.root, "ae"), "categories");

    GW_JSON_EACH (item, list) {
        const char *const name = cJSON_IsString(item) ? item->valuestring : NULL;
        const enum occurrence found = name ? find_category(&l->tables->conditions, name) : HERE;
        const char *const near = found == NOWHERE ? nearest_category(l, name) : NULL;

        if (found == ELSEWHERE)
            gw_settings_finding(
                &l->package.settings, item,
                "ae-conditions.csv has \"%s\" for other studies only; add rows for study %s or leave it out", name,
                l->study->condition_tables_study);
        else if (found == NOWHERE)
            gw_settings_finding(&l->package.settings, item, "ae-conditions.csv has no category \"%s\"; %s%s%s", name,
                                near ? "write \"" : "leave it out", near ? near : "", near ? "\"" : "");
    }
}

static bool labs_name_group(const struct lab_rows *labs, const char *group)
{
    for (size_t i = 0; i < labs->count; i++)
        if (sheet_list_has(labs->rows[i].data_group, '+', group))
            return true;
    return false;
}

/* A misspelt group would collect nothing and say nothing. */
static void check_groups(struct lint *l)
{
    const cJSON *windows = gw_json_array(l->package.root, "windows");

    for (size_t i = 0; i < l->study->group_count && !l->study->continuous; i++)
        if (!labs_name_group(&l->tables->labs, l->study->groups[i]))
            gw_settings_finding(
                &l->package.settings, windows,
                "no row of loinc-labs.csv is of the group \"%s\"; use the names of its data_group column",
                l->study->groups[i]);
}

static bool collects(const struct gw_study *study, const char *category)
{
    for (size_t i = 0; i < study->category_count; i++)
        if (strcmp(study->categories[i], category) == 0)
            return true;
    return false;
}

static void note_unverified(struct lint *l)
{
    const struct condition_rows *rows = &l->tables->conditions;

    for (size_t i = 0; i < rows->count; i++) {
        const struct gw_condition_row *row = &rows->rows[i];

        if (!row->verified && row->in_study && collects(l->study, row->category))
            gw_findings_note(&l->findings, rows->path, row->line,
                             "%s for %s is not verified: it is disabled, and raises CODE_UNVERIFIED when met",
                             row->code, row->category);
    }
    for (size_t i = 0; i < l->tables->labs.count; i++)
        if (!l->tables->labs.rows[i].verified)
            gw_findings_note(&l->findings, l->tables->labs.path, l->tables->labs.rows[i].line,
                             "%s is not verified: it is disabled, and raises CODE_UNVERIFIED when met",
                             l->tables->labs.rows[i].loinc);
    for (size_t i = 0; i < l->tables->procedures.count; i++)
        if (!l->tables->procedures.rows[i].verified)
            gw_findings_note(&l->findings, l->tables->procedures.path, l->tables->procedures.rows[i].line,
                             "%s is not verified: it is disabled, and raises CODE_UNVERIFIED when met",
                             l->tables->procedures.rows[i].code);
}

/* ---- the grades among themselves ---- */

static bool one_ladder(const struct gw_grade_row *a, const struct gw_grade_row *b)
{
    return a->direction == b->direction && a->baseline == b->baseline && strcmp(a->unit, b->unit) == 0 &&
           strcmp(a->concept, b->concept) == 0;
}

/* The next worse row of the same ladder; grades may be left out, as grade 2 of hypokalaemia is. */
static const struct gw_grade_row *next_worse(const struct grade_rows *table, const struct gw_grade_row *row)
{
    const struct gw_grade_row *next = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct gw_grade_row *other = &table->rows[i];

        if (one_ladder(row, other) && other->grade > row->grade && (!next || other->grade < next->grade))
            next = other;
    }
    return next;
}

static const struct gw_grade_row *same_grade(const struct grade_rows *table, const struct gw_grade_row *row)
{
    for (const struct gw_grade_row *other = table->rows; other < row; other++)
        if (one_ladder(row, other) && other->grade == row->grade)
            return other;
    return NULL;
}

/* A grade ends exactly where the next worse begins, and the bound itself is in one of them. */
static void check_step(struct lint *l, const struct gw_grade_row *row, const struct gw_grade_row *worse)
{
    const struct gw_bound *end = row->direction == GW_LOW ? &row->low : &row->high;
    const struct gw_bound *start = row->direction == GW_LOW ? &worse->high : &worse->low;
    const int order = gw_decimal_compare(&end->value, &start->value);
    const char *what = NULL;

    if (end->kind == GW_BOUND_NONE || start->kind == GW_BOUND_NONE)
        what = "overlap: one has no bound towards the other";
    else if (end->kind != start->kind)
        what = "do not meet: one is bounded by a limit, the other by a number";
    else if (order != 0)
        what = (row->direction == GW_LOW) == (order > 0) ? "leave a gap" : "overlap";
    else if (end->inclusive == start->inclusive)
        what = end->inclusive ? "overlap: both hold the bound" : "leave a gap: neither holds the bound";
    if (what)
        gw_findings_add(&l->findings, l->tables->grades.path, worse->line,
                        "grades %d and %d of %s (%s, %s) %s; let the bounds meet, one of them with incl Y", row->grade,
                        worse->grade, row->concept, row->direction == GW_LOW ? "LOW" : "HIGH", row->unit, what);
}

/* Rows that a duration tells apart share their bounds. */
static void check_grades(struct lint *l)
{
    const struct grade_rows *table = &l->tables->grades;

    for (size_t i = 0; i < table->count; i++) {
        const struct gw_grade_row *row = &table->rows[i], *worse = next_worse(table, row);
        const struct gw_grade_row *twin = same_grade(table, row);

        if (twin)
            gw_findings_add(&l->findings, table->path, row->line,
                            "grade %d of %s (%s, %s) has a row already, line %u; keep one", row->grade, row->concept,
                            row->direction == GW_LOW ? "LOW" : "HIGH", row->unit, twin->line);
        else if (worse && !(row->needs_duration && worse->needs_duration))
            check_step(l, row, worse);
    }
}

size_t gw_study_lint(struct gw_arena *arena, const char *dir, const char *common_dir, struct gw_text *out)
{
    struct lint l = {.findings = {.out = out}};
    const bool readable = (l.study = package_read(arena, dir, &l.package, &l.findings)) != NULL;
    const struct table_choice choice = {
        .studies = readable && l.study->tables_study ? l.study->tables_study : "",
        .condition_studies = readable && l.study->condition_tables_study ? l.study->condition_tables_study : "",
        .scale = readable && l.study->grade_scale ? l.study->grade_scale : "CTCAE 5.0"};

    l.tables = tables_read(arena, common_dir, &choice, &l.findings);
    if (!l.tables) {
        gw_findings_add(&l.findings, common_dir, 0, "the tables do not fit the memory set for them");
        return l.findings.count;
    }
    check_grades(&l);
    if (!readable || !l.study->tables_study || !l.study->condition_tables_study)
        return l.findings.count;
    check_studies(&l, gw_json_get(l.package.root, "tables_study"), choice.studies);
    check_studies(&l, gw_json_get(gw_json_object(l.package.root, "ae"), "tables_study"), choice.condition_studies);
    check_conditions(&l);
    check_drugs(&l);
    check_categories(&l);
    check_groups(&l);
    note_unverified(&l);
    return l.findings.count;
}
