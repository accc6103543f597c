/*
 * How a febrile neutropenia ends: both signals back, discharge, death, or nothing read of it any more.
 *
 * Source: NCI CTCAE 5.0; mappings/RULES.md 12.
 */
#include "study/febrile_parts.h"
#include "study/stays.h"

size_t febrile_first_after(const struct series *anc, const struct signal *fever)
{
    size_t low = 0, high = anc->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (anc->list[middle].moment.first <= fever->moment.last)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct ending {
    gw_day day;                               /* GW_NO_DAY: none */
    const struct signal *temperature, *count; /* that show it; NULL: discharge or death ended it */
    const struct signal *last_temperature;    /* up to it */
    gw_day lost_on;                           /* nothing was read for no_value_days after this day; GW_NO_DAY: not so */
};

struct course {         /* what was read since the onset */
    int64_t cool_since; /* all readings from here on below `sustained`; INT64_MAX: the last one was not */
    const struct signal *cool, *count;
};

static bool is_over(const struct engine *e, const struct course *course)
{
    const int64_t least = e->in->study->events.febrile.end_hours * HOUR_SECONDS;

    return course->cool && course->cool_since != INT64_MAX &&
           course->cool->moment.first - course->cool_since >= least && course->count && course->count->level == ABOVE;
}

/* The first moment at which both signals are back. */
static struct ending find_recovery(const struct engine *e, const struct series *temp, const struct series *anc,
                                   size_t from, gw_day until)
{
    struct course course = {.cool_since = INT64_MAX};
    struct ending ending = {.day = GW_NO_DAY, .lost_on = GW_NO_DAY};
    gw_day seen = temp->list[from].datum->when.first;
    size_t t = from + 1, a = febrile_first_after(anc, &temp->list[from]);

    while (t < temp->count || a < anc->count) {
        const bool temperature =
            a == anc->count || (t < temp->count && temp->list[t].moment.first <= anc->list[a].moment.first);
        const struct signal *reading = temperature ? &temp->list[t++] : &anc->list[a++];

        if (reading->datum->when.first > until)
            break;
        if (reading->datum->when.first - seen > e->in->study->no_value_days) {
            ending.lost_on = seen;
            break;
        }
        seen = reading->datum->when.first;
        if (!temperature && reading->level != UNCLEAR)
            course.count = reading;
        if (temperature) {
            ending.last_temperature = reading;
            if (reading->level == ABOVE)
                course.cool_since = INT64_MAX;
            else if (course.cool_since == INT64_MAX)
                course.cool_since = reading->moment.last;
            course.cool = reading;
        }
        if (!is_over(e, &course))
            continue;
        ending.day = reading->datum->when.first;
        ending.temperature = course.cool;
        ending.count = course.count;
        break;
    }
    return ending;
}

/*
 * The first discharge from a stay that the onset falls in or that begins soon after it. Who is in another stay that day
 * was not sent home.
 */
static gw_day find_discharge(const struct engine *e, const struct stays *stays, gw_day onset)
{
    const gw_day soon = onset + e->in->study->events.seriousness.after_days;
    gw_day discharge = GW_DAY_MAX;
    size_t from = stays_from(stays, onset);

    for (size_t i = from; i < stays->count && stays->list[i].first <= soon; i++)
        if (stays->list[i].last >= onset && stays->list[i].last < discharge)
            discharge = stays->list[i].last;
    for (size_t i = from; i < stays->count && stays->list[i].first <= discharge; i++)
        if (stays->list[i].last > discharge)
            discharge = stays->list[i].last;
    return discharge;
}

gw_day febrile_close(struct engine *e, struct episode *episode, const struct series *temp, const struct series *anc,
                     size_t from, const struct stays *stays)
{
    const gw_day death = e->anchors.death != GW_NO_DAY ? e->anchors.death : GW_DAY_MAX;
    const gw_day discharge = find_discharge(e, stays, episode->onset), known = episode_known_until(e);
    const gw_day until = discharge < death ? discharge : death;
    const struct ending ending = find_recovery(e, temp, anc, from, until);
    gw_day quiet;

    if (ending.day != GW_NO_DAY) {
        episode->end = ending.day;
        episode->outcome = "recovered";
        febrile_cite(e, episode, ending.temperature, "recovery");
        febrile_cite(e, episode, ending.count, "recovery");
        return ending.day;
    }
    if (until <= known) {
        const bool cool = ending.last_temperature && ending.last_temperature->level == BELOW;

        episode->end = until;
        episode->outcome = until == death ? "not recovered" : cool ? "recovered" : "unknown";
        return until;
    }
    if (ending.lost_on != GW_NO_DAY) {
        episode->outcome = "unknown";
        return ending.lost_on;
    }
    quiet = (ending.last_temperature ? ending.last_temperature : &temp->list[from])->datum->when.first +
            e->in->study->no_value_days + 1;
    episode->ongoing = known < quiet;
    episode->outcome = episode->ongoing ? "not recovered" : "unknown";
    if (episode->ongoing && quiet <= episode_closing_day(e))
        episode->changes_on = quiet;
    if (until != GW_DAY_MAX && (episode->changes_on == GW_NO_DAY || until < episode->changes_on))
        episode->changes_on = until;
    return GW_DAY_MAX;
}
