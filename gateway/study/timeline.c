/*
 * Values, drugs and doses in order of time. Source: mappings/RULES.md 12.
 */
#include "study/timeline.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/study/dosing.h"
#include "study/episode.h"
#include "study/uses.h"

#define INTRAVENOUS "INTRAVENOUS" /* CDISC submission value */

/* ---- moments ---- */

int64_t moment_day_end(const struct engine *e, gw_day day)
{
    return gw_zone_to_utc(gw_site_zone(e->in->site), ((int64_t)day + 1) * 24 * HOUR_SECONDS) - 1;
}

gw_day moment_day(const struct engine *e, int64_t utc)
{
    return gw_zone_day_at(gw_site_zone(e->in->site), utc);
}

int64_t moment_known_until(const struct engine *e)
{
    return moment_day_end(e, episode_known_until(e));
}

static bool is_timed(const struct gw_when *when)
{
    return when->precision == GW_PRECISION_SECOND;
}

struct moment moment_of(const struct engine *e, const struct gw_when *start, const struct gw_when *end)
{
    struct moment moment = {start->utc, is_timed(start) ? start->utc : moment_day_end(e, start->last)};
    int64_t last;

    if (!end)
        return moment;
    last = is_timed(end) ? end->utc : moment_day_end(e, end->last);
    if (last >= moment.first)
        moment.last = last;
    return moment;
}

bool moment_read_day(const struct engine *e, const char *text, struct gw_when *when)
{
    return text &&
           gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), when) == GW_DATE_OK &&
           when->first == when->last;
}

/* ---- values ---- */

static bool is_usable(const struct datum *datum)
{
    return datum_tells(datum) && datum->value->measure.value_num;
}

static int order_of(const struct engine *e, const struct datum *a, const struct datum *b)
{
    const int order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);

    return order_then(order, a->part - b->part);
}

static int compare_moments(struct moment a, struct moment b)
{
    return order_then(ORDER(a.first, b.first), ORDER(a.last, b.last));
}

static int by_time(const void *x, const void *y, void *context)
{
    const struct reading *a = x, *b = y;
    const int order = compare_moments(a->moment, b->moment);

    return order ? order : order_of(context, a->datum, b->datum);
}

struct readings readings_of(struct engine *e, const char *concept, gw_day first)
{
    const struct values values = engine_values(e, concept);
    struct readings readings = {.list = gw_arena_raw(e->arena, (values.count + 1) * sizeof *readings.list)};
    const gw_day known = episode_known_until(e);

    e->failed |= !readings.list;
    for (size_t i = 0; i < values.count && !e->failed; i++) {
        const struct datum *datum = values.list[i];

        if (is_usable(datum) && datum->when.first >= first && datum->when.first <= known)
            readings.list[readings.count++] = (struct reading){moment_of(e, &datum->when, NULL), datum};
    }
    if (readings.count > 1)
        qsort_r(readings.list, readings.count, sizeof *readings.list, by_time, e);
    return readings;
}

/* ---- drugs ---- */

static bool is_nothing(const char *number)
{
    return number[strspn(number, "0.")] == '\0';
}

/* False: no whole day tells when it began, or nothing of it can be known. */
static bool read_span(const struct engine *e, const struct gw_fact *fact, struct given *given)
{
    const struct gw_effective *effective = &fact->use.effective;
    const bool period = effective->kind == GW_EFFECTIVE_PERIOD;
    struct gw_when start, end;

    if (!moment_read_day(e, period ? effective->period.start : effective->date, &start) ||
        start.first < e->anchors.d1 || start.first > episode_known_until(e))
        return false;
    given->end_told = period && moment_read_day(e, effective->period.end, &end);
    given->day = start.first;
    given->timed = is_timed(&start);
    given->span = moment_of(e, &start, given->end_told ? &end : NULL);
    if (!given->end_told && gw_same(fact->status, "in-progress")) {
        given->end_told = true; /* it went on to the last that is known */
        given->span.last = moment_known_until(e);
    }
    if (given->span.last > moment_known_until(e))
        given->span.last = moment_known_until(e);
    given->by_rate =
        fact->use.rate.value ? !is_nothing(fact->use.rate.value) : given->end_told && given->span.last > start.utc;
    return true;
}

static void add_given(struct engine *e, size_t index, struct givens *givens)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_drug_route *route = gw_drug_route_find(gw_tables_dosing(e->in->tables), &fact->use.route);
    struct given given = {
        .fact = index, .drug = engine_drug(e, fact), .administered = fact->type == GW_MEDICATION_ADMINISTRATION};
    struct given *slot;

    if (!given.drug || (route && !route->systemic) || !read_span(e, fact, &given))
        return;
    given.by_rate &= !route || strcmp(route->route, INTRAVENOUS) == 0;
    slot = GW_ARENA_PUSH(e->arena, givens->list, givens->count, givens->capacity);
    e->failed |= !slot;
    if (slot)
        *slot = given;
}

static int by_start(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct given *a = x, *b = y;
    const int order = compare_moments(a->span, b->span);

    return order_then(order, strcmp(e->versions[a->fact].key, e->versions[b->fact].key));
}

struct givens givens_read(struct engine *e)
{
    struct givens givens = {.count = 0};

    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        if ((e->in->facts[i].type == GW_MEDICATION_ADMINISTRATION || e->in->facts[i].type == GW_MEDICATION_STATEMENT) &&
            use_counts(e, i))
            add_given(e, i, &givens);
    if (givens.count > 1)
        qsort_r(givens.list, givens.count, sizeof *givens.list, by_start, e);
    return givens;
}

bool given_is_of(const struct given *given, const struct gw_texts *atc)
{
    return gw_begins_as_any(atc->items, atc->count, given->drug->atc);
}

/* ---- doses ---- */

static bool is_study_drug(const struct engine *e, const struct gw_drug_row *drug)
{
    return gw_is_among(e->in->study->d1_drugs, e->in->study->d1_drug_count, drug->substance);
}

/* Two records of one day are one dose: the earliest that has a time tells when. */
static void add_dose(struct engine *e, struct doses_given *doses, const struct given *given)
{
    const struct dose_given dose = {
        .day = given->day,
        .moment = {given->span.first, given->timed ? given->span.first : moment_day_end(e, given->day)},
        .given = given};
    struct dose_given *last = &doses->list[doses->count - 1]; /* day 1 at least */

    if (last->day != given->day)
        doses->list[doses->count++] = dose;
    else if (!last->given || (!moment_is_timed(last->moment) && moment_is_timed(dose.moment)))
        *last = dose;
}

struct doses_given doses_read(struct engine *e, const struct givens *givens)
{
    struct doses_given doses = {.list = gw_arena_alloc(e->arena, (givens->count + 1) * sizeof *doses.list)};
    const gw_day first = e->anchors.d1;

    e->failed |= !doses.list;
    if (e->failed)
        return doses;
    doses.list[doses.count++] =
        (struct dose_given){first, {moment_day_end(e, first - 1) + 1, moment_day_end(e, first)}, NULL};
    for (size_t i = 0; i < givens->count; i++)
        if (givens->list[i].administered && is_study_drug(e, givens->list[i].drug))
            add_dose(e, &doses, &givens->list[i]);
    return doses;
}

struct dose_relation dose_before(const struct doses_given *doses, gw_day day, struct moment moment)
{
    struct dose_relation relation = {.hours = -1};

    for (size_t i = 0; i < doses->count; i++) {
        const struct dose_given *dose = &doses->list[i];
        const bool timed = moment_is_timed(moment) && moment_is_timed(dose->moment);

        if (dose->day > day || (timed && dose->moment.first > moment.first))
            break;
        relation = (struct dose_relation){.number = (int)i + 1,
                                          .dose = dose,
                                          .days = day - dose->day,
                                          .hours = timed ? (moment.first - dose->moment.first) / HOUR_SECONDS : -1,
                                          .same_day = !timed && dose->day == day};
    }
    return relation;
}

int64_t moment_after_dose(const struct dose_relation *relation, struct moment moment)
{
    const int64_t dose = relation->same_day ? relation->dose->moment.first : moment.first;

    return dose > moment.first ? dose : moment.first;
}
