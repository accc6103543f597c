/*
 * The lint of a study package: everything its loader and those of the tables refuse, and what only shows when both are
 * laid side by side.
 *
 * A note is for the reader and is not counted: a row that is not verified is disabled and says so when met, which the
 * study team may want to know and need not mend.
 */
#include <string.h>

#include "study/lint_parts.h"
#include "study/sheet.h"

const cJSON *lint_item(const struct lint *l, const char *path)
{
    const cJSON *item = l->package.root;

    while (*path) {
        const size_t length = strcspn(path, ".");
        char *const key = gw_arena_copy(l->arena, path, length);
        const cJSON *const inner = key ? gw_json_get(item, key) : NULL;

        if (!inner)
            break;
        item = inner;
        path += length + (path[length] == '.');
    }
    return item;
}

const char *lint_advice(struct lint *l, const char *text, const char *const *names, size_t count, const char *otherwise)
{
    const char *const near = count ? gw_settings_nearest(text, names, count) : NULL;
    const char *const advice = near ? gw_arena_print(l->arena, "write \"%s\"", near) : NULL;

    return advice ? advice : otherwise;
}

/* ---- the package against the tables ---- */

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

/* A category that no diagnosis makes may come of evidence alone: of any other diagnosis, a count, a drug. */
static enum occurrence find_category(const struct lint *l, const char *category)
{
    const struct condition_rows *const rows = &l->tables->conditions;
    enum occurrence found = NOWHERE;

    for (size_t i = 0; i < l->rules.evidence_count; i++)
        if (strcmp(l->rules.evidence[i].category, category) == 0)
            return HERE;
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
    return lint_advice(l, category, names, names ? rows->count : 0, "leave it out");
}

static void check_categories(struct lint *l)
{
    const cJSON *list = gw_json_array(gw_json_object(l->package.root, "ae"), "categories");

    GW_JSON_EACH (item, list) {
        const char *const name = cJSON_IsString(item) ? item->valuestring : NULL;
        const enum occurrence found = name ? find_category(l, name) : HERE;

        if (found == ELSEWHERE)
            gw_settings_finding(
                &l->package.settings, item,
                "ae-conditions.csv has \"%s\" for other studies only; add rows for study %s or leave it out", name,
                l->study->condition_tables_study);
        else if (found == NOWHERE)
            gw_settings_finding(&l->package.settings, item, "ae-conditions.csv has no category \"%s\"; %s", name,
                                nearest_category(l, name));
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

    for (size_t i = 0; i < l->study->group_count && !l->study->continuous && l->study->collects.count == 0; i++)
        if (!labs_name_group(&l->tables->labs, l->study->groups[i]))
            gw_settings_finding(
                &l->package.settings, windows,
                "no row of loinc-labs.csv is of the group \"%s\"; use the names of its data_group column, or list "
                "its concepts in \"collects\"",
                l->study->groups[i]);
}

/* The last part of a path, without slashes at its end; NULL: it is none, as "." is. */
static const char *folder_name(struct gw_arena *arena, const char *dir)
{
    size_t end = strlen(dir), begin;

    while (end > 0 && dir[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && dir[begin - 1] != '/';)
        begin--;
    if (end == begin || strspn(dir + begin, ".") >= end - begin)
        return NULL;
    return gw_arena_copy(arena, dir + begin, end - begin);
}

/* A package that was copied and keeps the name of the other would be taken for it. */
static void check_folder(struct lint *l, const char *dir)
{
    const char *folder = folder_name(l->arena, dir);

    if (folder && l->study->id && strcmp(folder, l->study->id) != 0)
        gw_settings_finding(&l->package.settings, gw_json_get(l->package.root, "id"),
                            "the folder is called \"%s\" and the package \"%s\"; give both one name", folder,
                            l->study->id);
}

static void note_unverified(struct lint *l)
{
    const struct condition_rows *rows = &l->tables->conditions;

    for (size_t i = 0; i < rows->count; i++) {
        const struct gw_condition_row *row = &rows->rows[i];

        if (!row->verified && row->in_study &&
            gw_is_among(l->study->categories, l->study->category_count, row->category))
            gw_findings_note(&l->findings, rows->path, row->line,
                             "%s for %s is not verified: it is disabled, and raises CODE_UNVERIFIED when met",
                             row->code, row->category);
    }
    for (size_t i = 0; i < l->tables->labs.count; i++)
        if (!l->tables->labs.rows[i].verified && l->tables->labs.rows[i].group != GW_LAB_OPTIONAL)
            gw_findings_note(&l->findings, l->tables->labs.path, l->tables->labs.rows[i].line,
                             "%s is not verified: it is disabled, and raises CODE_UNVERIFIED when met",
                             l->tables->labs.rows[i].loinc);
    for (size_t i = 0; i < l->tables->procedures.count; i++)
        if (!l->tables->procedures.rows[i].verified)
            gw_findings_note(&l->findings, l->tables->procedures.path, l->tables->procedures.rows[i].line,
                             "%s is not verified: it is disabled, and raises CODE_UNVERIFIED when met",
                             l->tables->procedures.rows[i].code);
}

static void lint_package(struct lint *l, const struct table_choice *choice)
{
    check_studies(l, gw_json_get(l->package.root, "tables_study"), choice->studies);
    check_studies(l, gw_json_get(gw_json_object(l->package.root, "ae"), "tables_study"), choice->condition_studies);
    check_conditions(l);
    check_categories(l);
    check_groups(l);
    lint_windows(l);
    lint_criteria(l);
    lint_derived(l);
    lint_names(l);
    note_unverified(l);
}

/* What was not read whole is not looked at. */
static void lint_all(struct lint *l, const struct table_choice *choice, const char *const *sites, size_t site_count)
{
    lint_grades(l);
    lint_units(l);
    lint_evidence(l);
    if (*choice->studies && *choice->condition_studies)
        lint_package(l, choice);
    for (size_t i = 0; i < site_count; i++)
        lint_site(l, sites[i]);
}

static struct table_choice choice_of(const struct gw_study *study)
{
    return (struct table_choice){.studies = study && study->tables_study ? study->tables_study : "",
                                 .condition_studies =
                                     study && study->condition_tables_study ? study->condition_tables_study : "",
                                 .scale = study && study->grade_scale ? study->grade_scale : "CTCAE 5.0"};
}

size_t gw_study_lint(struct gw_arena *arena, const char *dir, const char *common_dir, const char *const *sites,
                     size_t site_count, struct gw_text *out)
{
    struct lint l = {.arena = arena, .common = common_dir, .findings = {.out = out}};
    struct table_choice choice;

    l.study = package_read(arena, dir, &l.package, &l.findings);
    choice = choice_of(l.study);
    l.tables = tables_read(arena, common_dir, &choice, &l.findings);
    rules_read(arena, common_dir, &l.rules, &l.findings);
    if (l.study && !gw_findings_is_short(&l.findings, arena))
        check_folder(&l, dir);
    if (!gw_findings_is_short(&l.findings, arena))
        lint_all(&l, &choice, sites, site_count);
    if (gw_findings_is_short(&l.findings, arena))
        gw_findings_no_memory(&l.findings, dir);
    return l.findings.count;
}
