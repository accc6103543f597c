/*
 * What of a signed window may flow all the same: what may not wait, and how something went on after it.
 */
#include <string.h>

#include "study/fact_decisions.h"
#include "study/held.h"

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

bool hold_is_after(const char *cell, gw_day last)
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
    const struct run lines = former_lines(rows, row_id);

    for (size_t i = 0; i < lines.count && !h->e->failed; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];

        if (line->source_hash && !gw_same(line->resource_type, "roster") &&
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

bool hold_may_not_wait(struct holding *h, const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *was)
{
    const gw_day withdrawn = h->e->anchors.withdrawn, day = day_of(table, was);

    return (withdrawn != GW_NO_DAY && day != GW_NO_DAY && day > withdrawn) ||
           hold_source_gone(h, rows, table, was->row_id);
}

/* ---- how it went on ---- */

/* Nothing that was said of the days up to the end of the window is another. */
static bool end_goes_on(const char *was, const char *is, gw_day last)
{
    return gw_same(was, is) || ((!was || hold_is_after(was, last)) && (!is || hold_is_after(is, last)));
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

    return same || (is->max_grade > was->max_grade && hold_is_after(is->max_grade_date, last));
}

static bool episode_goes_on(const struct gw_row_ae_episodes *was, const struct gw_row_ae_episodes *is, gw_day last)
{
    struct gw_row_ae_episodes as = *was;

    if (!was->end || hold_is_after(was->end, last)) {
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

bool hold_goes_on(enum gw_table_id table, const struct gw_row *was, const struct gw_row *is, gw_day last)
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
