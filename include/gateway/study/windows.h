/*
 * Visit windows of one subject: a study without imposed visits still has a schedule.
 *
 * Windows are built from the package's rules and the subject's anchors; a datum is placed by the days it can mean.
 * Bounds count in elapsed days (date - D1) and are inclusive. Truncation follows mappings/RULES.md 3, in its order.
 */
#ifndef GATEWAY_STUDY_WINDOWS_H
#define GATEWAY_STUDY_WINDOWS_H

#include "gateway/core/arena.h"
#include "gateway/core/date.h"
#include "gateway/study/package.h"

struct gw_anchors {
    gw_day d1; /* GW_NO_DAY: unknown, there are no windows */
    gw_day eot;
    gw_day death;
    gw_day withdrawn;
    gw_day cap; /* from gw_anchors_cap */
};

gw_day gw_anchors_cap(const struct gw_study *study, gw_day d1);

struct gw_window {
    const struct gw_window_rule *rule;
    const char *id; /* T30-01 */
    int number;     /* place in its grid from 1, which its id prints; else 0 */
    gw_day target;
    gw_day low; /* after truncation; low > high: nothing is left */
    gw_day high;
    gw_day full_low; /* before truncation */
    gw_day full_high;
    gw_groups groups;
    const char *truncation; /* EOT, CAP, DEATH, WITHDRAWAL; NULL: whole */
};

struct gw_windows {
    const struct gw_study *study;
    struct gw_anchors anchors;
    struct gw_window *list; /* in order of full_low, then rule order */
    size_t count;
    gw_day span_low;  /* first day a window takes, before truncation by death or withdrawal */
    gw_day span_high; /* last day */
};

enum gw_status gw_windows_build(struct gw_arena *arena, const struct gw_study *study, const struct gw_anchors *anchors,
                                struct gw_windows *out, struct gw_error *err);

enum gw_place {
    GW_PLACE_IN_WINDOW,
    GW_PLACE_PARTIAL_INSIDE, /* a partial date wholly inside one window: collected, flagged */
    GW_PLACE_BETWEEN_WINDOWS,
    GW_PLACE_BEFORE_BASELINE,
    GW_PLACE_AFTER_CAP, /* or, in a continuous study, after its last window */
    GW_PLACE_AFTER_WITHDRAWAL,
    GW_PLACE_OUTSIDE_PARTIAL, /* a partial date that touches no window */
    GW_PLACE_PARTIAL,         /* exception: touches a window without lying in it */
    GW_PLACE_AFTER_DEATH,     /* exception: a window of the span would have taken it */
};

struct gw_placement {
    enum gw_place place;
    const struct gw_window *window; /* IN_WINDOW, PARTIAL_INSIDE, AFTER_DEATH; the first touched for PARTIAL */
};

/* Place the days first..last in the windows of one group (a bit index). Partial when first != last. */
struct gw_placement gw_window_place(const struct gw_windows *windows, int group, gw_day first, gw_day last);

/* Some day of first..last lies in the window, which is of the group: what a PARTIAL date touches. */
bool gw_window_meets(const struct gw_window *window, int group, gw_day first, gw_day last);

/* A single window from D1 that begins on day 1 or before: before treatment, day 1 only before the first dose. */
bool gw_window_is_baseline(const struct gw_window *window);
bool gw_window_rule_is_baseline(const struct gw_window_rule *rule);
const struct gw_window *gw_windows_baseline(const struct gw_windows *windows); /* the first such one; NULL: none */

/* IN_WINDOW, BETWEEN_WINDOWS, BEFORE_BASELINE, AFTER_36_MONTHS ...: the reason as counted and printed, in the study's
 * words. */
const char *gw_place_reason(const struct gw_windows *windows, enum gw_place place);
bool gw_place_collects(enum gw_place place);

/* The latest dose at or before a day, among days of doses in rising order: its number from 1 and the days since. */
struct gw_dose_before {
    int number; /* 0: none yet */
    int days;
};
struct gw_dose_before gw_dose_before(const gw_day *doses, size_t count, gw_day day);

int gw_elapsed(gw_day d1, gw_day day);
int gw_study_day(gw_day d1, gw_day day); /* D1 is day 1, the day before is day -1 */

#endif
