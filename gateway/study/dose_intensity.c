/*
 * Relative dose intensity against the standard plan and against the starting dose that the table asks for. An oral drug
 * in cycles is measured in milligrams, an injected one in doses given of doses planned.
 *
 * A cycle that is not over measures nothing yet: its rest is still to come. Source: mappings/RULES.md 14.
 */
#include <string.h>

#include "study/exposure.h"
#include "study/parameters.h"
#include "study/start_dose.h"

/* ---- an oral drug: milligrams ---- */

struct taken {
    gw_day end;           /* the day after the last that counts */
    struct gw_ratio mg;   /* from day 1 on */
    const char *reason;   /* why not; NULL: it is known */
    struct inputs inputs; /* the cycles */
};

/* Where the days that count end; GW_NO_DAY: the first cycle is not over. */
static gw_day end_of_period(const struct engine *e)
{
    const struct cycle *last = &e->cycles[e->cycle_count - 1];

    if (last->ended)
        return last->next;
    if (last->over)
        return last->start + e->in->study->exposure.cycle_days;
    return e->cycle_count > 1 ? last->start : GW_NO_DAY;
}

static void read_taken(struct engine *e, struct taken *out)
{
    bool any;

    *out = (struct taken){.end = GW_NO_DAY};
    for (size_t i = 0; i < e->cycle_count; i++)
        if (e->cycles[i].row_id)
            inputs_add_row(e, &out->inputs, e->cycles[i].row_id);
    if (e->cycle_count == 0) {
        out->reason = "NO_EXPOSURE";
        return;
    }
    out->end = end_of_period(e);
    if (out->end == GW_NO_DAY)
        out->reason = "FIRST_CYCLE_NOT_OVER";
    else if (!amount_taken(e, e->in->study->exposure.drug, e->anchors.d1, out->end - 1, &out->mg, &any))
        out->reason = "DOSE_UNKNOWN";
}

/* mg taken of `planned` a cycle, over the days of the period. */
static const char *share_of_plan(struct engine *e, const struct taken *taken, const struct gw_decimal *planned)
{
    const struct gw_exposure_rules *rules = &e->in->study->exposure;
    const struct gw_ratio per_day = {*planned, gw_decimal_from_int(rules->cycle_days)};
    struct gw_ratio plan = gw_ratio_of(gw_decimal_from_int(taken->end - e->anchors.d1));

    e->failed |= !gw_ratio_multiply(e->arena, &plan, &per_day, &plan);
    return e->failed ? NULL : percent_of(e, &taken->mg, &plan);
}

static void add_intensity(struct engine *e, const char *name, const struct taken *taken,
                          const struct gw_decimal *planned, const char *reason)
{
    struct parameter p = {.name = name,
                          .rule = name,
                          .date = taken->end == GW_NO_DAY ? GW_NO_DAY : taken->end - 1,
                          .reason = taken->reason ? taken->reason : reason,
                          .unconfirmed = e->anchors.eot != GW_NO_DAY && gw_same(e->eot_status, "provisional"),
                          .inputs = taken->inputs};

    if (!p.reason)
        p.value = share_of_plan(e, taken, planned);
    if (!e->failed)
        parameter_add(e, &p);
}

static void derive_milligrams(struct engine *e)
{
    const struct parameter *dose = parameter_find(e, "EXPDOSE");
    const struct gw_start_dose *row = dose && !dose->reason ? start_dose_expected(e) : NULL;
    const char *reason = row ? NULL : dose && dose->reason ? dose->reason : "NO_EXPECTED_DOSE";
    struct taken taken;

    read_taken(e, &taken);
    add_intensity(e, "RDISTD", &taken, &e->in->study->exposure.planned_mg_per_cycle, NULL);
    add_intensity(e, "RDIEXP", &taken, row ? &row->mg_per_cycle : NULL, reason);
}

/* ---- an injected drug: doses ---- */

/* Planned doses that are due: so many days past that one given late would have been given. */
static size_t due(struct engine *e, const struct dose_plan *plan)
{
    size_t count = 0;

    while (count < plan->count && plan->days[count] + e->in->study->schedule.window_days <= e->in->horizon)
        count++;
    if (count < plan->count)
        engine_next_day(e, plan->days[count] + e->in->study->schedule.window_days);
    return count;
}

static void derive_doses(struct engine *e)
{
    struct parameter p = {.name = "RDISTD", .rule = "RDISTD", .date = GW_NO_DAY};
    const struct exposure *list;
    const size_t count = exposures_of(e, e->in->study->schedule.drug, &list);
    struct dose_plan plan;
    size_t planned, on_time = 0;
    int given;

    dose_plan_make(e, &plan);
    planned = e->failed ? 0 : due(e, &plan);
    for (size_t i = 0; i < planned; i++)
        on_time += dose_given_near(e, plan.days[i]);
    for (size_t i = 0; i < count; i++)
        if (list[i].row_id)
            inputs_add_row(e, &p.inputs, list[i].row_id);
    if (planned == 0) {
        p.reason = "NO_DOSE_DUE";
    } else {
        p.date = plan.days[planned - 1];
        given = doses_until(e, e->in->study->schedule.drug, p.date + e->in->study->schedule.window_days);
        p.value = percent_of(e, &(struct gw_ratio){gw_decimal_from_int(given), gw_decimal_from_int(1)},
                             &(struct gw_ratio){gw_decimal_from_int((int64_t)planned), gw_decimal_from_int(1)});
        p.text = gw_arena_print(e->arena, "%d of %zu, %zu on schedule", given, planned, on_time);
        e->failed |= !p.text;
    }
    if (!e->failed)
        parameter_add(e, &p);
}

void derive_dose_intensity(struct engine *e)
{
    if (e->in->study->exposure.on)
        derive_milligrams(e);
    else if (e->in->study->schedule.on)
        derive_doses(e);
}
