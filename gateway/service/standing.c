/*
 * A subject between its pulls.
 */
#include "service/standing.h"

#include <string.h>

#include "service/agenda.h"
#include "service/reach.h"
#include "service/steering.h"

struct gw_enrolled standing_enrolled(const struct setup_subject *subject)
{
    return (struct gw_enrolled){subject->number, subject->line, subject->site->site, subject->as_of};
}

struct gw_pass standing_pass(const struct standing *t, const struct setup_study *study,
                             const struct gw_enrolled *subjects, size_t count)
{
    return (struct gw_pass){.ledger = t->setup->ledger,
                            .sink = study->sink,
                            .protocol = &study->protocol,
                            .key = study->key,
                            .author_approves = !t->setup->config->four_eyes,
                            .subjects = subjects,
                            .subject_count = count,
                            .now = t->now};
}

enum gw_status standing_identify(const struct standing *t, struct setup_subject *subject, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t l = 0; rc == GW_OK && l < subject->link_count; l++)
        if (!subject->line->patient && subject->links[l].patient && !subject->links[l].chart)
            rc = gw_ledger_enrol(t->setup->ledger, subject->study->config->id, subject->site->id,
                                 subject->line->subject, t->setup->endpoints[subject->links[l].endpoint].config->id,
                                 subject->links[l].patient, &subject->number, err);
    return rc;
}

/* Would a derivation now give another answer, facts that came since apart? *now is what it would be remembered as. */
static enum gw_status find_due(const struct standing *t, const struct setup_subject *subject,
                               const struct gw_ledger_subject *known, struct derived_before *now, bool *due,
                               struct gw_error *err)
{
    struct derived_before before;
    const enum gw_status rc = remembered_derivation(t->setup->ledger, t->scratch, subject->number, &before, err);

    now->horizon = subject->as_of;
    steering_subject(subject->site->digest, subject->line, now->digest);
    *due = before.horizon == GW_NO_DAY || strcmp(before.digest, now->digest) != 0 || now->horizon < before.horizon ||
           (known->next_day != GW_NO_DAY && known->next_day <= now->horizon && before.horizon < known->next_day);
    return rc;
}

enum gw_status standing_is_due(const struct standing *t, const struct setup_subject *subject,
                               const struct gw_ledger_subject *known, bool *due, struct gw_error *err)
{
    struct derived_before now;

    return find_due(t, subject, known, &now, due, err);
}

static bool is_withdrawn(const struct setup_subject *subject)
{
    return subject->line->withdrawn != GW_NO_DAY && subject->as_of >= subject->line->withdrawn;
}

/* ---- the span ---- */

/* As the last derivation left it: whoever has no new fact and is not due has no other. */
static enum gw_status known_span(const struct standing *t, const struct setup_subject *subject,
                                 const struct gw_ledger_subject *known, bool *fresh, struct gw_schedule_subject *out,
                                 struct gw_error *err)
{
    struct derived_before now;
    bool due = false, written = false;
    enum gw_status rc = find_due(t, subject, known, &now, &due, err);

    if (rc == GW_OK)
        rc = agenda_has_windows(t->setup->ledger, t->scratch, subject->number, &written, err);
    if (rc == GW_OK)
        rc = agenda_windows(t->setup->ledger, t->scratch, subject->number, out, err);
    *fresh = written && !due && !known->dirty;
    return rc;
}

enum gw_status standing_span(const struct standing *t, struct gw_pass *pass, struct setup_subject *subject,
                             const struct gw_ledger_subject *known, struct gw_error *err)
{
    struct gw_schedule_subject before;
    bool fresh = false;
    enum gw_status rc = known_span(t, subject, known, &fresh, &before, err);

    if (rc != GW_OK)
        return rc;
    subject->low = before.low;
    subject->high = before.high;
    subject->anchored = before.low != GW_NO_DAY;
    if (fresh)
        return GW_OK;
    subject->low = subject->high = GW_NO_DAY;
    return gw_pass_span(pass, subject->number, &subject->anchored, &subject->low, &subject->high, err);
}

/* ---- how far it was read ---- */

/* *needed: for the span of now, where more may still be asked for. */
static enum gw_status link_reach(const struct standing *t, const struct setup_subject *subject,
                                 const struct setup_link *link, gw_day *read, gw_day *needed, struct gw_error *err)
{
    const struct reach reach = {.ledger = t->setup->ledger,
                                .scratch = t->scratch,
                                .subject = subject->number,
                                .zone = gw_site_zone(subject->site->site),
                                .low = subject->anchored ? subject->low : GW_NO_DAY,
                                .high = subject->anchored ? subject->high : GW_NO_DAY};
    const enum gw_status rc = remembered_horizon(reach.ledger, reach.scratch, link->key, reach.subject, read, err);

    *needed = *read;
    if (rc != GW_OK || is_withdrawn(subject) || t->setup->endpoints[link->endpoint].folder)
        return rc;
    return reach_at(&reach, link->key, needed, err);
}

/* GW_NO_DAY is before all others. */
static gw_day least(gw_day a, gw_day b)
{
    return a < b ? a : b;
}

enum gw_status standing_horizon(const struct standing *t, const struct setup_subject *subject, gw_day *out,
                                struct gw_error *err)
{
    gw_day read = subject->as_of, needed = subject->as_of;
    struct derived_before before;
    enum gw_status rc = remembered_derivation(t->setup->ledger, t->scratch, subject->number, &before, err);

    for (size_t l = 0; rc == GW_OK && l < subject->link_count; l++) {
        gw_day link_read, link_needed;

        rc = link_reach(t, subject, &subject->links[l], &link_read, &link_needed, err);
        read = least(read, link_read);
        needed = least(needed, link_needed);
    }
    *out = needed;
    if (needed < read && before.horizon != GW_NO_DAY && needed < before.horizon)
        *out = GW_NO_DAY; /* what was said of a later day is not taken back for the moment until it is read */
    return rc;
}

gw_day standing_last_day(const struct setup_subject *subject)
{
    const gw_day high = subject->closed ? gw_day_earlier(subject->high, subject->as_of) : subject->high;

    return is_withdrawn(subject) && subject->line->withdrawn < high ? subject->line->withdrawn : high;
}

enum gw_status standing_stop(const struct standing *t, struct setup_subject *subject, struct gw_error *err)
{
    gw_day read = GW_NO_DAY, horizon;
    enum gw_status rc = GW_OK;

    subject->stopped = (is_withdrawn(subject) || subject->closed) && subject->link_count > 0;
    for (size_t l = 0; rc == GW_OK && subject->stopped && l < subject->link_count; l++) {
        rc = remembered_horizon(t->setup->ledger, t->scratch, subject->links[l].key, subject->number, &horizon, err);
        subject->stopped = horizon != GW_NO_DAY;
        read = gw_day_earlier(read, horizon);
    }
    if (rc == GW_OK && subject->stopped && read < (subject->closed ? subject->as_of : subject->line->withdrawn))
        subject->as_of = read;
    return rc;
}

enum gw_status standing_close(const struct standing *t, struct setup_subject *subject, struct gw_error *err)
{
    const gw_day day = subject->as_of;
    enum gw_status rc = GW_OK;

    subject->ready = subject->link_count > 0;
    if (subject->stopped)
        return GW_OK;
    for (size_t l = 0; rc == GW_OK && l < subject->link_count; l++) {
        const struct setup_link *link = &subject->links[l];
        gw_day read, needed;

        if (link->asked && link->open == 0)
            rc = remember_horizon_reached(t->setup->ledger, t->scratch, link->key, subject->number, day, err);
        if (rc == GW_OK)
            rc = link_reach(t, subject, link, &read, &needed, err);
        if ((link->asked && link->open > 0) || rc != GW_OK || needed < day)
            subject->ready = false;
    }
    return rc;
}

enum gw_status standing_mark(const struct standing *t, const struct setup_subject *subject,
                             const struct gw_ledger_subject *known, struct gw_error *err)
{
    struct derived_before now;
    bool due;
    enum gw_status rc = find_due(t, subject, known, &now, &due, err);

    if (rc == GW_OK && due && !known->dirty)
        rc = gw_ledger_mark(t->setup->ledger, subject->number, err);
    if (rc == GW_OK && (due || known->dirty))
        rc = remember_derivation(t->setup->ledger, subject->number, &now, err);
    return rc;
}
