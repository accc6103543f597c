/*
 * The Charlson comorbidity index on day 1: what was diagnosed by then, each group once.
 *
 * The index disease does not count, and of two groups of one disease only the severe one does. A problem list without a
 * code is no proof of health: without any Condition, or without any ICD-10 code, there is no index.
 * Source: mappings/RULES.md 13; Charlson 1987, Quan 2005 (ICD-10).
 */
#include <string.h>

#include "study/icd.h"
#include "study/parameters.h"

struct found { /* a group of the table that some diagnosis counts for */
    const struct gw_comorbidity *row;
    bool sure; /* begun on day 1 or before, whatever the day its date means */
};

static const struct {
    const char *severe, *mild;
} hierarchy[] = {{"msld", "mld"}, {"diabwc", "diab"}, {"metacanc", "canc"}};

/* ---- which diagnosis counts ---- */

static bool is_excluded(const struct engine *e, const struct gw_coding *coding)
{
    const struct gw_texts *exclude = &e->in->study->charlson.exclude;
    char normal[ICD_MAX_CODE];

    return !coding->code || !icd_normalise(coding->code, true, normal) ||
           gw_begins_as_any(exclude->items, exclude->count, normal);
}

/* A code of a national translation, or a local code that the site maps. */
static struct gw_coding meant_by(const struct engine *e, const struct gw_coding *coding)
{
    const struct gw_coding *target = gw_site_target(e->in->site, coding);
    const struct gw_coding own = {gw_site_system(e->in->site, coding->system), coding->code, coding->display};

    return !icd_is_system(own.system) && target ? *target : own;
}

/* The group of the first coding that has one. *coded: some coding is of ICD-10. */
static const struct gw_comorbidity *group_of(const struct engine *e, const struct gw_concept *code, bool *coded)
{
    const struct gw_comorbidity *row = NULL;

    for (size_t i = 0; i < code->count && !row; i++) {
        const struct gw_coding coding = meant_by(e, &code->codings[i]);

        *coded |= icd_is_system(coding.system);
        if (icd_is_system(coding.system) && !is_excluded(e, &coding))
            row = gw_tables_comorbidity(e->in->tables, &coding);
    }
    return row;
}

/* ---- what they add up to ---- */

static struct found *find(struct found *list, size_t count, const char *group)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].row->group, group) == 0)
            return &list[i];
    return NULL;
}

static bool outranked(struct found *list, size_t count, const struct found *one, bool sure)
{
    for (size_t i = 0; i < sizeof hierarchy / sizeof *hierarchy; i++) {
        const struct found *severe = find(list, count, hierarchy[i].severe);

        if (strcmp(one->row->group, hierarchy[i].mild) == 0 && severe && (severe->sure || !sure))
            return true;
    }
    return false;
}

/* sure: of what surely began in time alone. */
static int index_of(struct found *list, size_t count, bool sure)
{
    int sum = 0;

    for (size_t i = 0; i < count; i++)
        if ((list[i].sure || !sure) && !outranked(list, count, &list[i], sure))
            sum += list[i].row->weight;
    return sum;
}

/* "chf;diabwc"; NULL: none. */
static const char *groups_of(struct engine *e, struct found *list, size_t count)
{
    const char **names = gw_arena_alloc(e->arena, (count + 1) * sizeof *names);
    size_t kept = 0;

    for (size_t i = 0; names && i < count; i++)
        if (list[i].sure && !outranked(list, count, &list[i], true))
            names[kept++] = list[i].row->group;
    e->failed |= !names;
    return kept > 0 ? engine_join(e, names, kept) : NULL;
}

/* ---- the family ---- */

/* Every diagnosis that may have begun by day 1. */
static size_t gather(struct engine *e, struct found *list, struct inputs *inputs, bool *coded)
{
    size_t count = 0;

    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];
        const struct gw_comorbidity *row = group_of(e, &e->in->facts[d->fact].condition.code, coded);
        const bool sure = d->dated && d->start.last <= e->anchors.d1;
        struct found *found;

        if (!row || !d->confirmed || (d->dated && d->start.first > e->anchors.d1))
            continue;
        inputs_add_part(e, inputs, d->fact, 0);
        found = find(list, count, row->group);
        if (!found)
            found = &list[count++], *found = (struct found){.row = row};
        found->sure |= sure;
    }
    return count;
}

void derive_charlson(struct engine *e)
{
    struct parameter charlson = {.name = "CHARLSON", .rule = "charlson", .date = GW_NO_DAY};
    struct found *list = gw_arena_alloc(e->arena, (e->diagnosis_count + 1) * sizeof *list);
    bool coded = false;
    size_t count;

    e->failed |= !list;
    if (e->failed || !e->in->study->charlson.on)
        return;
    count = gather(e, list, &charlson.inputs, &coded);
    charlson.reason = e->diagnosis_count == 0 ? "NO_PROBLEM_LIST" : coded ? NULL : "NO_ICD_CODES";
    charlson.date = e->anchors.d1;
    charlson.value = gw_arena_print(e->arena, "%d", index_of(list, count, true));
    charlson.text = groups_of(e, list, count);
    charlson.unconfirmed = index_of(list, count, true) != index_of(list, count, false);
    e->failed |= !charlson.value;
    if (e->failed)
        return;
    parameter_add(e, &charlson);
    if (!charlson.reason)
        e->subject_row->charlson = index_of(list, count, true);
}
