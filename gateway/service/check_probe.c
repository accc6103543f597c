/*
 * Which parameters work, tried on what the first patient has: one search that must show nothing, and one that must show
 * something. A parameter that is ignored shows all of it both times, one that is not known to a server that answers
 * such searches with nothing shows nothing both times.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/core/date.h"
#include "service/check_parts.h"

static const char far_future[] = "2200-01-01T00:00:00Z";
static const char far_past[] = "1900-01-01T00:00:00Z";

enum { SECOND = 1000000000, FUTURE_YEAR = 2200, PAST_YEAR = 1900 };

enum verdict { WORKS, DOES_NOT, UNDECIDED };

/* Of the search that must show nothing and the one that must show something. */
static enum verdict judge(enum answer nothing, enum answer something)
{
    if (nothing == LOST || something == LOST)
        return UNDECIDED;
    return nothing == EMPTY && something == SHOWN ? WORKS : DOES_NOT;
}

/* ---- the patient ---- */

/* Nobody has this id: a page with data is a page of other people. */
static void probe_patient(struct check *c)
{
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    what.patient = "casement-probe-nobody";
    what.count = 1;
    answer = check_search(c, &what, "", NULL, &seen, &failure);
    if (answer == SHOWN)
        check_leak(c); /* of our patient, who was not asked about either */
    if (c->leaks)
        return;
    if (answer == LOST) {
        check_undecided(c, "patient", &failure);
        return;
    }
    c->profile.mixes_patients = false;
    check_say(c, "patient", GW_CHECK_OK, NULL, "a search for one patient shows that patient alone");
}

/* ---- _lastUpdated ---- */

static enum answer changed_since(struct check *c, const char *since, struct seen *seen, struct gw_error *err)
{
    struct gw_search what = check_trial(c, GW_OBSERVATION);

    what.last_updated = since;
    return check_search(c, &what, "", NULL, seen, err);
}

/* One resource, since an instant. An id is FHIR's or it would not be in a URL that was answered. */
static enum answer one_since(struct check *c, const char *id, int64_t nanoseconds, struct seen *seen,
                             struct gw_error *err)
{
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    char since[GW_INSTANT_BYTES], more[100];
    enum answer answer;

    gw_instant_print(nanoseconds / SECOND, since);
    what.last_updated = since;
    snprintf(more, sizeof more, "&_id=%s", id);
    answer = check_search(c, &what, more, NULL, seen, err);
    return answer == SHOWN && !check_has(seen, id) ? EMPTY : answer;
}

static bool is_id(const char *id)
{
    return id && *id && strlen(id) <= 64 &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(id);
}

/* It is there from the second of its own stamp on, and not from the next. */
static void probe_precision(struct check *c, const struct seen *observations)
{
    const struct advice advice = {.means = "later syncs ask from the day before, and read some of what is known again",
                                  .ask = "_lastUpdated to be compared to the second"};
    enum answer with, without;
    struct gw_error failure;
    struct seen seen;

    if (!is_id(observations->newest_id)) {
        check_say(c, "precision", GW_CHECK_SKIPPED, NULL, "not tried, because no resource here says when it changed");
        return;
    }
    with = one_since(c, observations->newest_id, observations->newest, &seen, &failure);
    without =
        with == LOST ? LOST : one_since(c, observations->newest_id, observations->newest + SECOND, &seen, &failure);
    if (without == LOST) {
        check_undecided(c, "precision", &failure);
        return;
    }
    c->profile.last_updated_by_day = with != SHOWN || without != EMPTY;
    if (c->profile.last_updated_by_day)
        check_say(c, "precision", GW_CHECK_NOTE, &advice, "_lastUpdated is not exact to the second");
    else
        check_say(c, "precision", GW_CHECK_OK, NULL, "_lastUpdated is exact to the second");
}

static void probe_last_updated(struct check *c, const struct seen *observations)
{
    const struct advice advice = {.means =
                                      "each sync asks for everything again and keeps what is new, which takes longer",
                                  .ask = "searches by _lastUpdated"};
    const struct advice fine = {.means = "later syncs ask for what is new only", .ask = NULL};
    enum answer future, past;
    struct gw_error failure;
    struct seen seen;
    enum verdict verdict;

    future = changed_since(c, far_future, &seen, &failure);
    past = future == LOST ? LOST : changed_since(c, far_past, &seen, &failure);
    verdict = judge(future, past);
    if (verdict == UNDECIDED) {
        check_undecided(c, "_lastUpdated", &failure);
        return;
    }
    c->profile.last_updated = verdict == WORKS;
    if (verdict == WORKS) {
        check_say(c, "_lastUpdated", GW_CHECK_OK, &fine, "honoured");
        probe_precision(c, observations);
    } else {
        check_say(c, "_lastUpdated", GW_CHECK_NOTE, &advice, "not honoured: %s",
                  future == REFUSED ? "refused"
                  : future == SHOWN ? "ignored"
                                    : "answered with nothing");
    }
}

/* ---- dates ---- */

static enum answer dated_since(struct check *c, enum gw_resource type, int year, const char *changed, struct seen *seen,
                               struct gw_error *err)
{
    struct gw_search what = check_trial(c, type);

    what.low = gw_day_of(year, 1, 1);
    what.last_updated = changed;
    return check_search(c, &what, "", NULL, seen, err);
}

static void probe_dates(struct check *c, enum gw_resource type)
{
    const char *name = gw_resource_name(type);
    const struct advice advice = {
        .means = check_print(c, "all %ss of a patient are read, and those outside the windows used for nothing", name),
        .ask = check_print(c, "searches of %s by %s", name,
                           gw_search_date_parameter(type, gw_profile_release(&c->profile)))};
    enum answer future, past;
    struct gw_error failure;
    struct seen seen;
    enum verdict verdict;

    future = dated_since(c, type, FUTURE_YEAR, NULL, &seen, &failure);
    past = future == LOST ? LOST : dated_since(c, type, PAST_YEAR, NULL, &seen, &failure);
    verdict = judge(future, past);
    if (verdict == UNDECIDED) {
        check_undecided(c, "date", &failure);
        return;
    }
    c->profile.undated[type] = verdict != WORKS;
    if (verdict == WORKS)
        check_say(c, "date", GW_CHECK_OK, NULL, "%ss are found by date", name);
    else
        check_say(c, "date", GW_CHECK_NOTE, &advice, "%ss are not found by date: the parameter is %s", name,
                  future == REFUSED ? "refused"
                  : future == SHOWN ? "ignored"
                                    : "answered with nothing");
}

/* Both must act: each alone was seen to, and servers were seen to forget one when the other stands beside it. */
static void probe_together(struct check *c)
{
    const struct advice advice = {.means = "changes are asked for without dates, which shows some that no window takes",
                                  .ask = "a date and _lastUpdated in one search"};
    const struct {
        int year;
        const char *changed;
        enum answer wanted;
    } tries[] = {{PAST_YEAR, far_past, SHOWN}, {FUTURE_YEAR, far_past, EMPTY}, {PAST_YEAR, far_future, EMPTY}};
    struct gw_error failure;
    struct seen seen;
    bool both = true;

    if (!c->profile.last_updated || c->profile.undated[GW_OBSERVATION]) {
        check_say(c, "together", GW_CHECK_SKIPPED, NULL,
                  "date and _lastUpdated in one search: not tried, because one of them does not work");
        return;
    }
    for (size_t i = 0; both && i < sizeof tries / sizeof tries[0]; i++) {
        const enum answer answer = dated_since(c, GW_OBSERVATION, tries[i].year, tries[i].changed, &seen, &failure);

        if (answer == LOST) {
            check_undecided(c, "together", &failure);
            return;
        }
        both = answer == tries[i].wanted;
    }
    c->profile.one_range = !both;
    if (both)
        check_say(c, "together", GW_CHECK_OK, NULL, "date and _lastUpdated can stand in one search");
    else
        check_say(c, "together", GW_CHECK_NOTE, &advice, "date and _lastUpdated do not act together in one search");
}

/* ---- what it does not know ---- */

static void probe_strict(struct check *c, bool told)
{
    const struct gw_search what = check_trial(c, GW_OBSERVATION);
    const struct advice advice = {
        .means = "whatever comes is looked at again here: whose it is, of which day, of which code",
        .ask = "a self link that leaves out what was not used, or an error to Prefer: handling=strict"};
    struct gw_error failure;
    struct seen seen;
    const enum answer answer = check_search(c, &what, "&casement-probe=1", "handling=strict", &seen, &failure);

    check_say(c, "parameters", GW_CHECK_NOTE, &advice,
              "an unknown one is ignored silently%s; asked to be strict, the server %s",
              told ? ", and left out of the self link" : "",
              answer == REFUSED ? "refuses it"
              : answer == LOST  ? "gave no answer that tells"
                                : "ignores it all the same");
}

static void probe_unknown(struct check *c)
{
    const struct gw_search what = check_trial(c, GW_OBSERVATION);
    const struct advice advice = {.means = "an empty answer of this server need not mean that there are no data",
                                  .ask = "an error for a parameter that is not known"};
    struct gw_error failure;
    struct seen seen;

    switch (check_search(c, &what, "&casement-probe=1", NULL, &seen, &failure)) {
    case REFUSED:
        check_say(c, "parameters", GW_CHECK_OK, NULL,
                  "an unknown one is refused: a mistyped search cannot look like data");
        break;
    case SHOWN:
        probe_strict(c, seen.self && strchr(seen.self, '?') && !strstr(seen.self, "casement-probe"));
        break;
    case EMPTY:
        check_say(c, "parameters", GW_CHECK_NOTE, &advice, "an unknown one is answered with nothing");
        break;
    case LOST:
        check_undecided(c, "parameters", &failure);
    }
}

/* ---- category ---- */

static void probe_category(struct check *c)
{
    const struct advice advice = {
        .means = "results are asked for by code; those under codes of the hospital's own are not found",
        .ask = "Observation.category laboratory on laboratory results"};
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    what.category = "laboratory";
    answer = check_search(c, &what, "", NULL, &seen, &failure);
    if (answer == LOST) {
        check_undecided(c, "category", &failure);
    } else if (answer == SHOWN) {
        c->profile.observations = GW_OBSERVATIONS_CATEGORY;
        check_say(c, "category", GW_CHECK_OK, NULL, "laboratory results are found by category");
    } else {
        c->profile.observations = GW_OBSERVATIONS_CODE;
        check_say(c, "category", GW_CHECK_NOTE, &advice,
                  "no laboratory result has its category: results will be asked for by code");
    }
}

void check_parameters(struct check *c, const struct seen *observations, const struct seen *encounters)
{
    probe_patient(c);
    if (c->leaks)
        return;
    if (!c->category)
        probe_category(c);
    probe_last_updated(c, observations);
    probe_dates(c, GW_OBSERVATION);
    if (encounters->matches > 0)
        probe_dates(c, GW_ENCOUNTER);
    probe_together(c);
    probe_unknown(c);
}
