/*
 * The next errand is the earliest of those that each window, the slow rhythm and the signs ask for. See the header.
 */
#include "gateway/service/schedule.h"

enum { HOUR = 3600, DAY = 24 * HOUR, NEAR_DAYS = 2, FAR_STEP_DAYS = 3 };

const struct gw_schedule_policy gw_schedule_default = {.probe_hours = 6,
                                                       .probe_far_hours = 24,
                                                       .settle_days = 14,
                                                       .reconcile_days = 7,
                                                       .drug_days = 7,
                                                       .unanchored_hours = 24,
                                                       .final_days = 30,
                                                       .spread_minutes = 60};

struct scheduling {
    const struct gw_schedule_policy *policy;
    const struct gw_schedule_subject *subject;
    const struct gw_schedule_done *done;
    int64_t now;
    gw_day today;
    struct gw_errand *out;
};

const char *gw_errand_name(enum gw_errand_kind kind)
{
    static const char *const names[] = {"none", "probe", "drugs", "sweep", "pull", "reconcile", "learn"};

    return names[kind];
}

/* ---- instants ---- */

static int64_t spread_of(const struct scheduling *s)
{
    const int64_t seconds = (int64_t)s->policy->spread_minutes * 60;

    return seconds > 0 ? s->subject->spread % seconds : 0;
}

/* A day of the site begins, for this subject: not all of them at midnight. */
static int64_t begins(const struct scheduling *s, gw_day day)
{
    return gw_zone_to_utc(s->subject->zone, (int64_t)day * DAY) + spread_of(s);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* So long after an instant; what never was is due at once. */
static int64_t after(int64_t instant, int64_t seconds)
{
    return instant == GW_NEVER ? GW_NEVER : instant + seconds;
}

/* Of all that is due by now the errand that covers most; else the earliest. */
static void offer(struct scheduling *s, enum gw_errand_kind kind, int64_t due)
{
    const int64_t at = later(due, s->now), best = later(s->out->due, s->now);

    if (s->out->kind == GW_ERRAND_NONE || at < best || (at == best && kind > s->out->kind))
        *s->out = (struct gw_errand){kind, due, GW_NO_DAY, GW_NO_DAY};
}

/* ---- windows ---- */

static bool exists(const struct gw_schedule_window *window)
{
    return window->low <= window->high;
}

static int64_t settles(const struct scheduling *s, const struct gw_schedule_window *window)
{
    return begins(s, window->high + 1 + s->policy->settle_days);
}

static bool is_settled(const struct scheduling *s, const struct gw_schedule_window *window)
{
    return !exists(window) || s->done->whole >= settles(s, window);
}

/* Contacts are looked for one day longer than the window is open: they are entered late. */
static bool is_probed(const struct scheduling *s, const struct gw_schedule_window *window)
{
    return exists(window) && window->contact_needed && window->contact == GW_NO_DAY && s->today <= window->high + 1;
}

/* The farther from the target the fewer: patients come near it. */
static int64_t probe_interval(const struct scheduling *s, const struct gw_schedule_window *window)
{
    const int distance = gw_days_apart(s->today, window->target);
    const int times = distance <= NEAR_DAYS ? 1 : 1 + distance / FAR_STEP_DAYS;
    const int64_t far = (int64_t)s->policy->probe_far_hours * HOUR;
    const int64_t interval = (int64_t)s->policy->probe_hours * times * HOUR;

    return interval > far ? far : interval;
}

static void offer_probe(struct scheduling *s, const struct gw_schedule_window *window)
{
    int64_t due;

    if (!is_probed(s, window))
        return;
    due = later(begins(s, window->low), after(s->done->probe, probe_interval(s, window)));
    if (gw_zone_day_at(s->subject->zone, later(due, s->now)) <= window->high + 1)
        offer(s, GW_ERRAND_PROBE, due);
}

static gw_day swept_from(const struct gw_schedule_window *window)
{
    if (window->contact != GW_NO_DAY || window->contact_needed)
        return window->contact;
    return window->target < window->low ? window->low : window->target > window->high ? window->high : window->target;
}

static void offer_sweep(struct scheduling *s, const struct gw_schedule_window *window)
{
    const gw_day from = swept_from(window);

    if (from == GW_NO_DAY)
        return;
    for (int days = 1; begins(s, from + days) < settles(s, window); days *= 2)
        if (s->done->full < begins(s, from + days)) {
            offer(s, GW_ERRAND_SWEEP, begins(s, from + days));
            return;
        }
}

static void offer_reconciliation(struct scheduling *s, const struct gw_schedule_window *window)
{
    const int64_t opens = begins(s, window->low), closes = begins(s, window->high + 1);

    offer(s, GW_ERRAND_RECONCILE, later(opens, after(s->done->whole, (int64_t)s->policy->reconcile_days * DAY)));
    offer(s, GW_ERRAND_RECONCILE, s->done->whole < closes ? closes : settles(s, window));
}

static void offer_windows(struct scheduling *s)
{
    for (size_t i = 0; i < s->subject->window_count; i++) {
        const struct gw_schedule_window *window = &s->subject->windows[i];

        if (is_settled(s, window))
            continue;
        offer_probe(s, window);
        offer_sweep(s, window);
        offer_reconciliation(s, window);
    }
}

/* ---- what is no window's ---- */

static int64_t last_look(const struct scheduling *s)
{
    const int days = s->policy->final_days > s->policy->settle_days ? s->policy->final_days : s->policy->settle_days;
    gw_day last = GW_NO_DAY;

    for (size_t i = 0; i < s->subject->window_count; i++) {
        const struct gw_schedule_window *window = &s->subject->windows[i];

        if (exists(window) && (last == GW_NO_DAY || window->high > last))
            last = window->high;
    }
    return begins(s, (last == GW_NO_DAY ? s->subject->high : last) + 1 + days);
}

static void offer_rhythm(struct scheduling *s)
{
    const int64_t slow = (int64_t)s->policy->drug_days * DAY;
    const gw_day next = s->subject->next_day;

    offer(s, GW_ERRAND_DRUGS, after(s->done->drugs, slow));
    if (s->done->whole < last_look(s))
        offer(s, GW_ERRAND_RECONCILE, last_look(s));
    if (next != GW_NO_DAY && s->done->full < begins(s, next))
        offer(s, GW_ERRAND_PULL, later(begins(s, next), after(s->done->full, slow)));
}

/* Days that lie in the span and were never asked for. */
static bool grew(const struct gw_schedule_subject *subject, const struct gw_schedule_done *done)
{
    if (subject->low == GW_NO_DAY)
        return false;
    return done->low == GW_NO_DAY || subject->low < done->low ||
           (subject->high > done->high && done->high < gw_zone_day_at(subject->zone, done->full));
}

static bool is_withdrawn(const struct gw_schedule_subject *subject, gw_day today)
{
    return subject->withdrawn != GW_NO_DAY && today >= subject->withdrawn;
}

static bool is_over(const struct scheduling *s)
{
    if (is_withdrawn(s->subject, s->today))
        return true;
    return s->done->whole != GW_NEVER && s->subject->low != GW_NO_DAY && !grew(s->subject, s->done) &&
           s->done->hint <= s->done->full && s->done->whole >= last_look(s);
}

static void choose(struct scheduling *s)
{
    if (s->done->whole == GW_NEVER)
        offer(s, GW_ERRAND_LEARN, s->subject->enrolled + spread_of(s));
    else if (grew(s->subject, s->done))
        offer(s, GW_ERRAND_LEARN, s->now);
    else if (s->done->hint > s->done->full)
        offer(s, GW_ERRAND_PULL, s->done->hint);
    if (s->done->whole == GW_NEVER)
        return;
    if (s->subject->low == GW_NO_DAY) {
        offer(s, GW_ERRAND_DRUGS, after(s->done->drugs, (int64_t)s->policy->unanchored_hours * HOUR));
        return;
    }
    offer_windows(s);
    offer_rhythm(s);
}

/* ---- the days of an errand ---- */

/* From the day after the last window that is settled and lies before all that are not. */
static gw_day unsettled_from(const struct scheduling *s)
{
    gw_day first = GW_NO_DAY, low = s->subject->low;

    for (size_t i = 0; i < s->subject->window_count; i++)
        if (!is_settled(s, &s->subject->windows[i]))
            first = gw_day_earlier(first, s->subject->windows[i].low);
    for (size_t i = 0; i < s->subject->window_count; i++) {
        const struct gw_schedule_window *window = &s->subject->windows[i];

        if (exists(window) && is_settled(s, window) && (first == GW_NO_DAY || window->high < first) &&
            window->high >= low)
            low = window->high + 1;
    }
    return low;
}

/* A sign that says nothing of its day may be about any: a correction of what was settled long ago. */
static gw_day pulled_from(const struct scheduling *s)
{
    const struct gw_schedule_done *done = s->done;

    if (s->subject->low == GW_NO_DAY || (done->hint > done->full && done->hinted_from == GW_NO_DAY))
        return s->subject->low;
    return done->hint > done->full ? gw_day_earlier(done->hinted_from, unsettled_from(s)) : unsettled_from(s);
}

/* All open windows in which a contact is looked for. */
static void probed_days(const struct scheduling *s, gw_day at, struct gw_errand *out)
{
    for (size_t i = 0; i < s->subject->window_count; i++) {
        const struct gw_schedule_window *window = &s->subject->windows[i];

        if (!is_probed(s, window) || window->low > at)
            continue;
        out->low = gw_day_earlier(out->low, window->low);
        if (out->high == GW_NO_DAY || window->high > out->high)
            out->high = window->high;
    }
}

static void set_days(const struct scheduling *s)
{
    struct gw_errand *out = s->out;

    switch (out->kind) {
    case GW_ERRAND_PROBE:
        probed_days(s, gw_zone_day_at(s->subject->zone, later(out->due, s->now)), out);
        return;
    case GW_ERRAND_PULL:
    case GW_ERRAND_SWEEP:
        out->low = pulled_from(s);
        out->high = s->subject->high;
        return;
    case GW_ERRAND_RECONCILE:
    case GW_ERRAND_LEARN:
        out->low = s->subject->low;
        out->high = s->subject->high;
        return;
    case GW_ERRAND_NONE:
    case GW_ERRAND_DRUGS:
        return;
    }
}

/* ---- the public faces ---- */

void gw_schedule_next(const struct gw_schedule_policy *policy, const struct gw_schedule_subject *subject,
                      const struct gw_schedule_done *done, int64_t now, struct gw_errand *out)
{
    struct scheduling s = {policy, subject, done, now, gw_zone_day_at(subject->zone, now), out};

    *out = (struct gw_errand){GW_ERRAND_NONE, GW_NEVER, GW_NO_DAY, GW_NO_DAY};
    if (is_over(&s))
        return;
    choose(&s);
    set_days(&s);
}

void gw_schedule_did(struct gw_schedule_done *done, const struct gw_errand *errand, int64_t began)
{
    switch (errand->kind) {
    case GW_ERRAND_LEARN:
    case GW_ERRAND_RECONCILE:
        done->whole = done->full = done->drugs = done->probe = began;
        done->low = errand->low;
        done->high = errand->high;
        return;
    case GW_ERRAND_PULL:
    case GW_ERRAND_SWEEP:
        done->full = done->drugs = done->probe = began;
        if (errand->high != GW_NO_DAY && errand->high > done->high)
            done->high = errand->high;
        return;
    case GW_ERRAND_DRUGS:
        done->drugs = began;
        return;
    case GW_ERRAND_PROBE:
        done->probe = began;
        return;
    case GW_ERRAND_NONE:
        return;
    }
}

gw_day gw_schedule_horizon(const struct gw_schedule_subject *subject, const struct gw_schedule_done *done)
{
    gw_day day;

    if (done->full == GW_NEVER || (subject->low != GW_NO_DAY && (done->low == GW_NO_DAY || subject->low < done->low)))
        return GW_NO_DAY;
    day = gw_zone_day_at(subject->zone, done->full);
    return subject->low != GW_NO_DAY && subject->high > done->high && done->high < day ? done->high : day;
}

int64_t gw_schedule_plain(const struct gw_schedule_policy *policy, int64_t since, int64_t until, int64_t requests)
{
    const int64_t interval = (int64_t)policy->probe_hours * HOUR;

    return until > since ? (until / interval - since / interval) * requests : 0;
}
