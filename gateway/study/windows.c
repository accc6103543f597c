/*
 * Visit windows: built from rules and anchors, truncated in the order of the protocol, and asked for a day.
 */
#include "gateway/study/windows.h"

#include "study/order.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gw_day gw_anchors_cap(const struct gw_study *study, gw_day d1)
{
    if (study->cap_months == 0 || d1 == GW_NO_DAY)
        return GW_NO_DAY;
    return gw_day_add_months(d1, study->cap_months);
}

int gw_elapsed(gw_day d1, gw_day day)
{
    return day - d1;
}

int gw_study_day(gw_day d1, gw_day day)
{
    return day >= d1 ? day - d1 + 1 : day - d1;
}

/* A single window or one k of a grid, before truncation. */
static struct gw_window lay(const struct gw_study *study, const struct gw_window_rule *rule, gw_day anchor, int k,
                            const char *id)
{
    struct gw_window window = {.rule = rule, .id = id, .groups = rule->groups};

    window.target = anchor + (rule->grid ? rule->every * k : rule->target);
    /* "study day 30" is one day before "30 days after day 1"; day 1 itself does not move */
    if (study->day_basis_study_day && rule->from == GW_ANCHOR_D1 && rule->grid)
        window.target -= 1;
    window.number = rule->grid ? k : 0;
    window.low = window.full_low = window.target + rule->low;
    window.high = window.full_high = window.target + rule->high;
    return window;
}

static void end_by(struct gw_window *window, gw_day last, const char *reason)
{
    if (last == GW_NO_DAY || window->high <= last)
        return;
    window->high = last;
    window->truncation = reason;
}

/* Rules (a) and (b): the cap and the end of treatment close treatment windows. False: the window does not exist. */
static bool truncate_treatment(struct gw_window *window, const struct gw_anchors *a)
{
    if (window->rule->until_cap && a->cap != GW_NO_DAY) {
        if (window->target > a->cap)
            return false;
        end_by(window, a->cap, "CAP");
    }
    if (window->rule->until_eot && a->eot != GW_NO_DAY) {
        if (window->full_low >= a->eot)
            return false;
        end_by(window, a->eot - 1, "EOT");
    }
    return true;
}

/* Rule (c): no EOT and FU windows when treatment ends after the cap; the cap may or may not cut an FU of an earlier
 * end. */
static bool truncate_after_end(const struct gw_study *study, struct gw_window *window, const struct gw_anchors *a)
{
    if (window->rule->from != GW_ANCHOR_EOT || a->cap == GW_NO_DAY)
        return true;
    if (a->eot > a->cap)
        return false;
    if (study->cap_applies_to_follow_up) {
        if (window->target > a->cap)
            return false;
        end_by(window, a->cap, "CAP");
    }
    return true;
}

/* Day 1 stays the baseline's even when treatment ends on it. */
static void keep_day_one(struct gw_window *window, const struct gw_anchors *a)
{
    if (window->rule->from == GW_ANCHOR_EOT && window->low <= a->d1 && window->high >= a->d1)
        window->low = a->d1 + 1;
}

static bool truncate(const struct gw_study *study, struct gw_window *window, const struct gw_anchors *a)
{
    if (!truncate_treatment(window, a) || !truncate_after_end(study, window, a))
        return false;
    keep_day_one(window, a);
    end_by(window, a->death, "DEATH");
    end_by(window, a->withdrawn, "WITHDRAWAL");
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct gw_window *x = a, *y = b;

    return order_then(ORDER(x->full_low, y->full_low), ORDER(x->rule, y->rule));
}

static const char *window_id(struct gw_arena *arena, const struct gw_window_rule *rule, int k)
{
    const char *hole = strstr(rule->id, "%02d");

    if (!hole)
        return rule->id;
    return gw_arena_print(arena, "%.*s%02d%s", (int)(hole - rule->id), rule->id, k, hole + 4);
}

static enum gw_status add_rule(struct gw_arena *arena, const struct gw_study *study, const struct gw_window_rule *rule,
                               const struct gw_anchors *a, struct gw_windows *out, size_t *capacity,
                               struct gw_error *err)
{
    const gw_day anchor = rule->from == GW_ANCHOR_D1 ? a->d1 : a->eot;
    const int last = rule->grid ? rule->first + rule->count - 1 : rule->first;

    if (anchor == GW_NO_DAY)
        return GW_OK;
    for (int k = rule->first; k <= last; k++) {
        /* a grid that starts at 0 still numbers its windows from 1 */
        const int number = rule->grid ? k - rule->first + 1 : 0;
        const char *id = window_id(arena, rule, number);
        struct gw_window window = lay(study, rule, anchor, k, id);
        struct gw_window *kept;

        window.number = number;
        if (!truncate(study, &window, a))
            continue;
        kept = id ? GW_ARENA_PUSH(arena, out->list, out->count, *capacity) : NULL;
        if (!kept)
            return gw_fail(err, GW_ENOMEM, "study.windows", "the windows of a subject need more memory than allowed");
        *kept = window;
    }
    return GW_OK;
}

/* The days the schedule would take, death and withdrawal aside: what AFTER_DEATH is judged by. */
static void find_span(struct gw_windows *windows)
{
    windows->span_low = windows->span_high = GW_NO_DAY;
    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *w = &windows->list[i];

        windows->span_low = gw_day_earlier(windows->span_low, w->full_low);
        if (windows->span_high == GW_NO_DAY || w->full_high > windows->span_high)
            windows->span_high = w->full_high;
    }
}

enum gw_status gw_windows_build(struct gw_arena *arena, const struct gw_study *study, const struct gw_anchors *anchors,
                                struct gw_windows *out, struct gw_error *err)
{
    size_t capacity = 0;
    enum gw_status rc = GW_OK;

    *out = (struct gw_windows){.study = study, .anchors = *anchors};
    out->anchors.cap = gw_anchors_cap(study, anchors->d1);
    for (size_t i = 0; i < study->window_count && rc == GW_OK && anchors->d1 != GW_NO_DAY; i++)
        rc = add_rule(arena, study, &study->windows[i], &out->anchors, out, &capacity, err);
    if (out->count > 1)
        qsort(out->list, out->count, sizeof out->list[0], by_start);
    find_span(out);
    return rc;
}

/* ---- placing ---- */

bool gw_window_rule_is_baseline(const struct gw_window_rule *rule)
{
    return !rule->grid && rule->from == GW_ANCHOR_D1 && rule->target + rule->low <= 0;
}

bool gw_window_is_baseline(const struct gw_window *window)
{
    return gw_window_rule_is_baseline(window->rule);
}

const struct gw_window *gw_windows_baseline(const struct gw_windows *windows)
{
    for (size_t i = 0; i < windows->count; i++)
        if (gw_window_is_baseline(&windows->list[i]))
            return &windows->list[i];
    return NULL;
}

static bool of_group(const struct gw_window *window, int group)
{
    return window->groups & (gw_groups)(1u << group);
}

/* The end a window had before death and withdrawal cut it: cap and EOT still hold, on a follow-up too if it is cut. */
static gw_day end_in_life(const struct gw_windows *windows, const struct gw_window *window)
{
    struct gw_window whole = *window;

    whole.high = whole.full_high;
    if (whole.rule->until_cap || (whole.rule->from == GW_ANCHOR_EOT && windows->study->cap_applies_to_follow_up))
        end_by(&whole, windows->anchors.cap, "CAP");
    if (whole.rule->until_eot && windows->anchors.eot != GW_NO_DAY)
        end_by(&whole, windows->anchors.eot - 1, "EOT");
    return whole.high;
}

static const struct gw_window *window_of(const struct gw_windows *windows, int group, gw_day day, bool in_life)
{
    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *w = &windows->list[i];
        const gw_day high = in_life ? end_in_life(windows, w) : w->high;

        if (of_group(w, group) && day >= w->low && day <= high)
            return w;
    }
    return NULL;
}

static gw_day baseline_low(const struct gw_windows *windows, int group)
{
    gw_day low = GW_NO_DAY;

    for (size_t i = 0; i < windows->count; i++)
        if (of_group(&windows->list[i], group))
            low = gw_day_earlier(low, windows->list[i].full_low);
    return low;
}

/* The last day of a continuous study, whether or not treatment went on until then. */
static gw_day schedule_end(const struct gw_windows *windows)
{
    const struct gw_study *study = windows->study;
    gw_day last = GW_DAY_MIN;

    for (size_t i = 0; i < study->window_count; i++) {
        const struct gw_window_rule *rule = &study->windows[i];
        const gw_day high = windows->anchors.d1 + rule->every * (rule->first + rule->count - 1) + rule->high;

        last = high > last ? high : last;
    }
    return last;
}

static bool after_all(const struct gw_windows *windows, gw_day day)
{
    if (windows->study->continuous)
        return day > schedule_end(windows);
    return windows->anchors.cap != GW_NO_DAY && day > windows->anchors.cap;
}

/* A whole day: the first reason that holds, in the order of mappings/RULES.md 3. */
static struct gw_placement place_day(const struct gw_windows *windows, int group, gw_day day)
{
    const struct gw_anchors *a = &windows->anchors;
    struct gw_placement p = {.place = GW_PLACE_BETWEEN_WINDOWS};

    if (a->death != GW_NO_DAY && day > a->death && (p.window = window_of(windows, group, day, true))) {
        p.place = GW_PLACE_AFTER_DEATH;
        return p;
    }
    if (a->withdrawn != GW_NO_DAY && day > a->withdrawn) {
        p.place = GW_PLACE_AFTER_WITHDRAWAL;
    } else if ((p.window = window_of(windows, group, day, false))) {
        p.place = GW_PLACE_IN_WINDOW;
    } else if (day < baseline_low(windows, group)) {
        p.place = GW_PLACE_BEFORE_BASELINE;
    } else if (after_all(windows, day)) {
        p.place = GW_PLACE_AFTER_CAP;
    }
    return p;
}

bool gw_window_meets(const struct gw_window *window, int group, gw_day first, gw_day last)
{
    return of_group(window, group) && window->low <= window->high && first <= window->high && last >= window->low;
}

/* A partial date: inside only when every day it can mean lies in one window. */
static struct gw_placement place_days(const struct gw_windows *windows, int group, gw_day first, gw_day last)
{
    struct gw_placement p = {.place = GW_PLACE_OUTSIDE_PARTIAL};

    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *w = &windows->list[i];

        if (!gw_window_meets(w, group, first, last))
            continue;
        if (first >= w->low && last <= w->high)
            return (struct gw_placement){.place = GW_PLACE_PARTIAL_INSIDE, .window = w};
        p.place = GW_PLACE_PARTIAL;
        p.window = p.window ? p.window : w;
    }
    return p;
}

struct gw_placement gw_window_place(const struct gw_windows *windows, int group, gw_day first, gw_day last)
{
    if (first == last)
        return place_day(windows, group, first);
    return place_days(windows, group, first, last);
}

const char *gw_place_reason(const struct gw_windows *windows, enum gw_place place)
{
    switch (place) {
    case GW_PLACE_IN_WINDOW:
        return windows->study->reason_inside;
    case GW_PLACE_PARTIAL_INSIDE:
        return "PARTIAL_DATE_INSIDE";
    case GW_PLACE_BEFORE_BASELINE:
        return windows->study->reason_before;
    case GW_PLACE_AFTER_CAP:
        return windows->study->reason_after;
    case GW_PLACE_AFTER_WITHDRAWAL:
        return "AFTER_WITHDRAWAL";
    case GW_PLACE_OUTSIDE_PARTIAL:
        return "OUT_OF_WINDOW_PARTIAL";
    case GW_PLACE_PARTIAL:
        return "PARTIAL_DATE";
    case GW_PLACE_AFTER_DEATH:
        return "AFTER_DEATH";
    case GW_PLACE_BETWEEN_WINDOWS:
        break;
    }
    return "BETWEEN_WINDOWS";
}

bool gw_place_collects(enum gw_place place)
{
    return place == GW_PLACE_IN_WINDOW || place == GW_PLACE_PARTIAL_INSIDE;
}

struct gw_dose_before gw_dose_before(const gw_day *doses, size_t count, gw_day day)
{
    struct gw_dose_before before = {0, 0};

    for (size_t i = 0; i < count && doses[i] <= day; i++)
        before = (struct gw_dose_before){(int)i + 1, day - doses[i]};
    return before;
}
