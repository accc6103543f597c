/*
 * What of a signed window would change, and what of that may flow.
 */
#include "study/held.h"

#include <string.h>

#include "gateway/study/seal.h"
#include "study/fact_decisions.h"

gw_day hold_day(const char *cell)
{
    char text[11];
    gw_day day = GW_NO_DAY;

    if (!cell || strlen(cell) < sizeof text - 1)
        return GW_NO_DAY;
    memcpy(text, cell, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    return gw_day_parse(text, &day) ? day : GW_NO_DAY;
}

static bool is_after(const char *cell, gw_day last)
{
    const gw_day day = hold_day(cell);

    return day != GW_NO_DAY && last != GW_NO_DAY && day > last;
}

/* ---- what may not wait ---- */

/* Withdrawn, another patient's by now, or of a patient who is not the subject. */
static bool is_gone(struct holding *h, const char *hash)
{
    struct engine *e = h->e;
    const struct source *source = former_source(e, &h->sources, hash);

    return !source || e->in->facts[source->fact].standing == GW_WITHDRAWN ||
           (e->fact_decisions && gw_same(e->fact_decisions[source->fact].reason, "UNLINKED"));
}

bool hold_source_gone(struct holding *h, const struct gw_rows *rows, enum gw_table_id table, const char *row_id)
{
    const struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance];

    for (size_t i = 0; i < lines->count && !h->e->failed; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        if (line->source_hash && !gw_same(line->resource_type, "roster") && gw_same(line->of_row, row_id) &&
            gw_same(line->table, gw_table_of(table)->name) && is_gone(h, line->source_hash))
            return true;
    }
    return false;
}

static gw_day later(const char *cell, const char *other)
{
    const gw_day a = hold_day(cell), b = hold_day(other);

    return a > b ? a : b; /* GW_NO_DAY is before all days */
}

/* The last day a row tells of, where the subject's own withdrawal may lie before it. */
static gw_day day_of(enum gw_table_id table, const struct gw_row *row)
{
    switch (table) {
    case GW_TABLE_observations:
        return hold_day(((const struct gw_row_observations *)row)->effective_start);
    case GW_TABLE_windows:
        return hold_day(((const struct gw_row_windows *)row)->target_date);
    case GW_TABLE_exposures:
        return later(((const struct gw_row_exposures *)row)->start, ((const struct gw_row_exposures *)row)->end);
    case GW_TABLE_conmeds:
        return later(((const struct gw_row_conmeds *)row)->start, ((const struct gw_row_conmeds *)row)->end);
    case GW_TABLE_derived:
        return hold_day(((const struct gw_row_derived *)row)->date);
    case GW_TABLE_ae_episodes:
        return later(((const struct gw_row_ae_episodes *)row)->onset, ((const struct gw_row_ae_episodes *)row)->end);
    case GW_TABLE_ae_evidence:
        return hold_day(((const struct gw_row_ae_evidence *)row)->date);
    case GW_TABLE_ae_grades:
        return hold_day(((const struct gw_row_ae_grades *)row)->date);
    default:
        return GW_NO_DAY;
    }
}

static bool may_not_wait(struct holding *h, const struct gw_rows *rows, enum gw_table_id table,
                         const struct gw_row *was)
{
    const gw_day withdrawn = h->e->anchors.withdrawn, day = day_of(table, was);

    return (withdrawn != GW_NO_DAY && day != GW_NO_DAY && day > withdrawn) ||
           hold_source_gone(h, rows, table, was->row_id);
}

/* A value of the same concept in the window went with its source: which of those that stay is flagged follows. */
static bool only_flags_follow(struct holding *h, const struct signature *signature, const struct gw_row *was,
                              const struct gw_row *is)
{
    const struct gw_row_list *list = &signature->rows->tables[GW_TABLE_observations];
    struct gw_row_observations as = *(const struct gw_row_observations *)was;
    const struct gw_row_observations *now = (const struct gw_row_observations *)is;

    as.anl01 = now->anl01;
    as.anl02 = now->anl02;
    as.anl03 = now->anl03;
    if (!gw_row_equal(GW_TABLE_observations, (const struct gw_row *)&as, is))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *other = (const struct gw_row_observations *)list->rows[i];

        if (gw_same(other->window_id, signature->window) && gw_same(other->concept, as.concept) &&
            may_not_wait(h, signature->rows, GW_TABLE_observations, list->rows[i]))
            return true;
    }
    return false;
}

/* ---- how it went on ---- */

/* Nothing that was said of the days up to the end of the window is another. */
static bool end_goes_on(const char *was, const char *is, gw_day last)
{
    return gw_same(was, is) || ((!was || is_after(was, last)) && (!is || is_after(is, last)));
}

static bool conmed_goes_on(const struct gw_row_conmeds *was, const struct gw_row_conmeds *is, gw_day last)
{
    struct gw_row_conmeds as = *was;

    as.end = is->end;
    as.ongoing = is->ongoing;
    return end_goes_on(was->end, is->end, last) &&
           gw_row_equal(GW_TABLE_conmeds, (const struct gw_row *)&as, (const struct gw_row *)is);
}

static bool exposure_goes_on(const struct gw_row_exposures *was, const struct gw_row_exposures *is, gw_day last)
{
    struct gw_row_exposures as = *was;

    as.end = is->end;
    as.source_hashes = is->source_hashes;
    return end_goes_on(was->end, is->end, last) &&
           gw_row_equal(GW_TABLE_exposures, (const struct gw_row *)&as, (const struct gw_row *)is);
}

static bool worsens_later(const struct gw_row_ae_episodes *was, const struct gw_row_ae_episodes *is, gw_day last)
{
    const bool same = was->max_grade == is->max_grade && gw_same(was->max_grade_date, is->max_grade_date);

    return same || (is->max_grade > was->max_grade && is_after(is->max_grade_date, last));
}

static bool episode_goes_on(const struct gw_row_ae_episodes *was, const struct gw_row_ae_episodes *is, gw_day last)
{
    struct gw_row_ae_episodes as = *was;

    if (!was->end || is_after(was->end, last)) {
        as.end = is->end;
        as.ongoing = is->ongoing;
        as.outcome = is->outcome;
        as.action_taken = is->action_taken;
        as.treatment_given = is->treatment_given;
        as.max_grade = is->max_grade;
        as.max_grade_date = is->max_grade_date;
    }
    return end_goes_on(was->end, is->end, last) && worsens_later(was, is, last) &&
           gw_row_equal(GW_TABLE_ae_episodes, (const struct gw_row *)&as, (const struct gw_row *)is);
}

static bool goes_on(enum gw_table_id table, const struct gw_row *was, const struct gw_row *is, gw_day last)
{
    if (gw_row_equal(table, was, is))
        return true;
    if (table == GW_TABLE_conmeds)
        return conmed_goes_on((const struct gw_row_conmeds *)was, (const struct gw_row_conmeds *)is, last);
    if (table == GW_TABLE_exposures)
        return exposure_goes_on((const struct gw_row_exposures *)was, (const struct gw_row_exposures *)is, last);
    return table == GW_TABLE_ae_episodes &&
           episode_goes_on((const struct gw_row_ae_episodes *)was, (const struct gw_row_ae_episodes *)is, last);
}

/* ---- what is withheld ---- */

static bool is_listed(const struct holding *h, enum gw_table_id table, const char *row_id)
{
    for (size_t s = 0; s < h->count; s++)
        for (size_t i = 0; i < h->signatures[s].count; i++)
            if (h->signatures[s].list[i].table == table && strcmp(h->signatures[s].list[i].row_id, row_id) == 0)
                return true;
    return false;
}

static void withhold(struct holding *h, struct signature *signature, struct withheld withheld)
{
    struct withheld *slot;

    if (!withheld.stands && !withheld.is)
        return;
    if (withheld.stands && withheld.is && gw_row_equal(withheld.table, withheld.stands, withheld.is))
        return;
    if (is_listed(h, withheld.table, withheld.row_id))
        return;
    slot = GW_ARENA_PUSH(h->e->arena, signature->list, signature->count, signature->capacity);
    h->e->failed |= !slot;
    if (slot)
        *slot = withheld;
}

/* As delivered last, where that is what was signed, or how it went on; else as signed. */
static struct withheld standing(const struct holding *h, const struct signature *signature, enum gw_table_id table,
                                const struct gw_row *was, const struct gw_row *is)
{
    const char *row_id = was ? was->row_id : is->row_id;
    const struct gw_row *former = gw_rows_find(h->previous, table, row_id);
    struct withheld out = {.table = table, .row_id = row_id, .is = is};
    bool as_former;

    if (was)
        as_former = former && goes_on(table, was, former, signature->last);
    else /* new in the window: as it was in another, or not at all */
        as_former = former && !gw_same(gw_window_of(h->previous, table, former), signature->window);
    out.stands = as_former ? former : was;
    out.of = as_former ? h->previous : signature->rows;
    return out;
}

/* A window that ends where the subject's consent did. */
static bool is_cut_by_withdrawal(enum gw_table_id table, const struct gw_row *is)
{
    return table == GW_TABLE_windows && is &&
           gw_same(((const struct gw_row_windows *)is)->truncation_reason, "WITHDRAWAL");
}

static void consider(struct holding *h, struct signature *signature, enum gw_table_id table, const struct gw_row *was,
                     const struct gw_row *is)
{
    struct withheld row;

    if (was && is && goes_on(table, was, is, signature->last))
        return;
    if (was && (may_not_wait(h, signature->rows, table, was) || is_cut_by_withdrawal(table, is)))
        return;
    if (was && is && table == GW_TABLE_observations && only_flags_follow(h, signature, was, is))
        return;
    row = standing(h, signature, table, was, is);
    if (row.stands && row.of == h->previous && hold_source_gone(h, h->previous, table, row.row_id)) {
        if (!was)
            return;
        row.stands = was;
        row.of = signature->rows;
    }
    withhold(h, signature, row);
}

static bool is_in(const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *row, const char *window)
{
    return row && gw_same(gw_window_of(rows, table, row), window);
}

static void consider_table(struct holding *h, struct signature *signature, enum gw_table_id table)
{
    const struct gw_row_list *was = &signature->rows->tables[table], *is = &h->e->rows.tables[table];

    for (size_t i = 0; i < was->count && !h->e->failed; i++)
        if (is_in(signature->rows, table, was->rows[i], signature->window))
            consider(h, signature, table, was->rows[i], gw_rows_find(&h->e->rows, table, was->rows[i]->row_id));
    for (size_t i = 0; i < is->count && !h->e->failed; i++)
        if (is_in(&h->e->rows, table, is->rows[i], signature->window) &&
            !is_in(signature->rows, table, gw_rows_find(signature->rows, table, is->rows[i]->row_id),
                   signature->window))
            consider(h, signature, table, NULL, is->rows[i]);
}

/* ---- events: with all that is told of them, or not at all ---- */

static const enum gw_table_id children[] = {GW_TABLE_ae_evidence, GW_TABLE_ae_grades};

static const char *event_of(enum gw_table_id table, const struct gw_row *row)
{
    return table == GW_TABLE_ae_evidence ? ((const struct gw_row_ae_evidence *)row)->ae_id
                                         : ((const struct gw_row_ae_grades *)row)->ae_id;
}

static bool event_source_gone(struct holding *h, const struct gw_rows *rows, const char *id)
{
    if (hold_source_gone(h, rows, GW_TABLE_ae_episodes, id))
        return true;
    for (size_t c = 0; c < sizeof children / sizeof *children; c++)
        for (size_t i = 0; i < rows->tables[children[c]].count; i++) {
            const struct gw_row *row = rows->tables[children[c]].rows[i];

            if (gw_same(event_of(children[c], row), id) && may_not_wait(h, rows, children[c], row))
                return true;
        }
    return false;
}

/* The same grade of the day, or the same evidence; in which role follows from what came later. */
static bool says_the_same(enum gw_table_id table, const struct gw_row *a, const struct gw_row *b)
{
    const struct gw_row_ae_evidence *x = (const struct gw_row_ae_evidence *)a, *y = (const void *)b;

    if (table == GW_TABLE_ae_grades)
        return gw_row_equal(table, a, b);
    return gw_same(x->ae_id, y->ae_id) && gw_same(x->source_hash, y->source_hash) && gw_same(x->date, y->date) &&
           x->grade_at == y->grade_at && gw_same(x->value_num, y->value_num);
}

static const char *date_of(enum gw_table_id table, const struct gw_row *row)
{
    return table == GW_TABLE_ae_evidence ? ((const struct gw_row_ae_evidence *)row)->date
                                         : ((const struct gw_row_ae_grades *)row)->date;
}

/* All that one side tells of the days up to the end of the window stands on the other. */
static bool all_stand(const struct gw_rows *one, const struct gw_rows *other, const char *id, gw_day last)
{
    for (size_t c = 0; c < sizeof children / sizeof *children; c++)
        for (size_t i = 0; i < one->tables[children[c]].count; i++) {
            const struct gw_row *row = one->tables[children[c]].rows[i];
            const struct gw_row_list *list = &other->tables[children[c]];
            bool found = !gw_same(event_of(children[c], row), id) || is_after(date_of(children[c], row), last);

            for (size_t k = 0; k < list->count && !found; k++)
                found = says_the_same(children[c], row, list->rows[k]);
            if (!found)
                return false;
        }
    return true;
}

static bool event_goes_on(const struct signature *signature, const struct gw_row *was, const struct gw_rows *rows,
                          const struct gw_row *is)
{
    return was && is && goes_on(GW_TABLE_ae_episodes, was, is, signature->last) &&
           all_stand(signature->rows, rows, was->row_id, signature->last) &&
           all_stand(rows, signature->rows, was->row_id, signature->last);
}

static void withhold_children(struct holding *h, struct signature *signature, const struct withheld *event)
{
    for (size_t c = 0; c < sizeof children / sizeof *children && !h->e->failed; c++) {
        const struct gw_row_list *is = &h->e->rows.tables[children[c]];
        const struct gw_row_list *stands = event->stands ? &event->of->tables[children[c]] : &(struct gw_row_list){0};

        for (size_t i = 0; i < stands->count; i++)
            if (gw_same(event_of(children[c], stands->rows[i]), event->row_id))
                withhold(h, signature,
                         (struct withheld){.table = children[c],
                                           .row_id = stands->rows[i]->row_id,
                                           .stands = stands->rows[i],
                                           .of = event->of,
                                           .is = gw_rows_find(&h->e->rows, children[c], stands->rows[i]->row_id)});
        for (size_t i = 0; i < is->count; i++)
            if (gw_same(event_of(children[c], is->rows[i]), event->row_id) &&
                !(event->stands && gw_rows_find(event->of, children[c], is->rows[i]->row_id)))
                withhold(h, signature,
                         (struct withheld){
                             .table = children[c], .row_id = is->rows[i]->row_id, .of = event->of, .is = is->rows[i]});
    }
}

static void consider_event(struct holding *h, struct signature *signature, const struct gw_row *was,
                           const struct gw_row *is)
{
    const struct gw_row *former = was ? gw_rows_find(h->previous, GW_TABLE_ae_episodes, was->row_id) : NULL;
    struct withheld event;
    bool gone;

    if (event_goes_on(signature, was, &h->e->rows, is))
        return;
    if (was && (may_not_wait(h, signature->rows, GW_TABLE_ae_episodes, was) ||
                event_source_gone(h, signature->rows, was->row_id)))
        return;
    event = standing(h, signature, GW_TABLE_ae_episodes, was, is);
    gone = event.stands && event.of == h->previous && event_source_gone(h, h->previous, event.row_id);
    if (!was && gone)
        return;
    if (was && (gone || !event_goes_on(signature, was, h->previous, former))) {
        event.stands = was;
        event.of = signature->rows;
    }
    withhold(h, signature, event);
    withhold_children(h, signature, &event);
}

static void consider_events(struct holding *h, struct signature *signature)
{
    const struct gw_row_list *was = &signature->rows->tables[GW_TABLE_ae_episodes],
                             *is = &h->e->rows.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < was->count && !h->e->failed; i++)
        if (is_in(signature->rows, GW_TABLE_ae_episodes, was->rows[i], signature->window))
            consider_event(h, signature, was->rows[i],
                           gw_rows_find(&h->e->rows, GW_TABLE_ae_episodes, was->rows[i]->row_id));
    for (size_t i = 0; i < is->count && !h->e->failed; i++)
        if (is_in(&h->e->rows, GW_TABLE_ae_episodes, is->rows[i], signature->window) &&
            !is_in(signature->rows, GW_TABLE_ae_episodes,
                   gw_rows_find(signature->rows, GW_TABLE_ae_episodes, is->rows[i]->row_id), signature->window))
            consider_event(h, signature, NULL, is->rows[i]);
}

/* ---- all of a window ---- */

/* Collected once, and no more since its contact was withdrawn, or lies behind the subject's own withdrawal. */
static bool is_closed_for_good(struct holding *h, const struct gw_rows *rows, const struct gw_row *was)
{
    const struct gw_row_windows *is =
        (const struct gw_row_windows *)gw_rows_find(&h->e->rows, GW_TABLE_windows, was->row_id);

    if (!gw_same(((const struct gw_row_windows *)was)->state, "collected") || (is && gw_same(is->state, "collected")))
        return false;
    return (is && gw_same(is->truncation_reason, "WITHDRAWAL")) || may_not_wait(h, rows, GW_TABLE_windows, was);
}

static bool window_gone(struct holding *h, const struct signature *signature)
{
    const struct gw_row_list *list = &signature->rows->tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_windows *)list->rows[i])->window_id, signature->window) &&
            is_closed_for_good(h, signature->rows, list->rows[i]))
            return true;
    return false;
}

/* A value that left a signed window for another stands in one of them, not in both. */
static void withhold_moved(struct holding *h, struct signature *signature)
{
    const struct gw_row_list *list = &h->e->rows.tables[GW_TABLE_observations];

    for (size_t i = 0; i < signature->count && !h->e->failed; i++) {
        const struct withheld left = signature->list[i];

        for (size_t k = 0; left.table == GW_TABLE_observations && !left.is && k < list->count; k++)
            if (gw_same(((const struct gw_row_observations *)list->rows[k])->obs_id,
                        ((const struct gw_row_observations *)left.stands)->obs_id) &&
                !gw_rows_find(signature->rows, GW_TABLE_observations, list->rows[k]->row_id))
                withhold(h, signature,
                         (struct withheld){.table = GW_TABLE_observations,
                                           .row_id = list->rows[k]->row_id,
                                           .of = signature->rows,
                                           .is = list->rows[k]});
    }
}

static void give_reasons(struct holding *h, struct signature *signature)
{
    bool told = false;

    for (size_t i = 0; i < signature->count && !h->e->failed; i++) {
        signature->list[i].why = hold_reason(h, signature, &signature->list[i]);
        told |= signature->list[i].why != NULL;
    }
    for (size_t i = 0; i < signature->count && !told; i++)
        signature->list[i].why = "new package";
}

void hold_find(struct holding *h)
{
    static const enum gw_table_id tables[] = {GW_TABLE_windows, GW_TABLE_observations, GW_TABLE_exposures,
                                              GW_TABLE_conmeds, GW_TABLE_derived};

    for (size_t s = 0; s < h->count && !h->e->failed; s++) {
        struct signature *signature = &h->signatures[s];

        if (!signature->rows || window_gone(h, signature))
            continue;
        for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
            consider_table(h, signature, tables[t]);
        consider_events(h, signature);
        withhold_moved(h, signature);
        give_reasons(h, signature);
    }
}
