/*
 * One roster against the next.
 */
#include "gateway/study/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/text.h"

static int by_subject(const void *a, const void *b)
{
    const struct gw_roster_line *const *x = a, *const *y = b;

    return strcmp((*x)->subject, (*y)->subject);
}

static const struct gw_roster_line **sorted(struct gw_arena *arena, const struct gw_roster *roster)
{
    const struct gw_roster_line **list = gw_arena_alloc(arena, (roster->count + 1) * sizeof *list);

    if (!list)
        return NULL;
    for (size_t i = 0; i < roster->count; i++)
        list[i] = &roster->lines[i];
    if (roster->count > 1)
        qsort(list, roster->count, sizeof(*list), by_subject);
    return list;
}

static bool same_person(const struct gw_roster_line *a, const struct gw_roster_line *b)
{
    return gw_same(a->site, b->site) && gw_same(a->patient, b->patient) && gw_same(a->mrn_system, b->mrn_system) &&
           gw_same(a->mrn, b->mrn);
}

static bool same_days(const struct gw_roster_line *a, const struct gw_roster_line *b)
{
    return a->recruited == b->recruited && a->end_of_treatment == b->end_of_treatment &&
           a->first_dose == b->first_dose && a->withdrawn == b->withdrawn && a->consent_missing == b->consent_missing;
}

/* GW_ROSTER_CHANGES: none. */
static enum gw_roster_change_kind kind_of(const struct gw_roster_line *before, const struct gw_roster_line *after)
{
    if (!before)
        return GW_ROSTER_ADDED;
    if (!after)
        return GW_ROSTER_REMOVED;
    if (before->withdrawn == GW_NO_DAY && after->withdrawn != GW_NO_DAY)
        return GW_ROSTER_WITHDRAWN;
    if (!same_person(before, after))
        return GW_ROSTER_MOVED;
    return same_days(before, after) ? GW_ROSTER_CHANGES : GW_ROSTER_CHANGED;
}

static void tell(struct gw_roster_difference *out, const struct gw_roster_line *before,
                 const struct gw_roster_line *after)
{
    const enum gw_roster_change_kind kind = kind_of(before, after);

    if (kind == GW_ROSTER_CHANGES)
        return;
    out->list[out->count++] = (struct gw_roster_change){kind, before, after};
    out->kinds[kind]++;
}

enum gw_status gw_roster_difference(struct gw_arena *arena, const struct gw_roster *before,
                                    const struct gw_roster *after, struct gw_roster_difference *out,
                                    struct gw_error *err)
{
    const struct gw_roster_line **old = sorted(arena, before), **new = sorted(arena, after);
    size_t o = 0, n = 0;

    *out = (struct gw_roster_difference){0};
    out->list = gw_arena_alloc(arena, (before->count + after->count + 1) * sizeof *out->list);
    if (!old || !new || !out->list)
        return gw_fail(err, GW_ENOMEM, "study.roster", "the rosters need more memory than allowed");
    while (o < before->count || n < after->count) {
        const int order = o == before->count ? 1 : n == after->count ? -1 : strcmp(old[o]->subject, new[n]->subject);

        tell(out, order <= 0 ? old[o] : NULL, order >= 0 ? new[n] : NULL);
        o += order <= 0;
        n += order >= 0;
    }
    return GW_OK;
}

const char *gw_roster_words(const struct gw_roster_difference *difference, char out[GW_ROSTER_WORDS])
{
    static const char *const words[GW_ROSTER_CHANGES] = {"added", "no longer on it", "withdrawn", "another patient",
                                                         "changed"};
    size_t length = 0;

    strcpy(out, "unchanged");
    for (size_t i = 0; i < GW_ROSTER_CHANGES; i++)
        if (difference->kinds[i] > 0)
            length += (size_t)snprintf(out + length, GW_ROSTER_WORDS - length, "%s%zu %s", length ? ", " : "",
                                       difference->kinds[i], words[i]);
    return out;
}
