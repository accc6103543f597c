/*
 * A subject between its pulls.
 */
#include "service/standing.h"

#include <string.h>

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

enum gw_status standing_horizon(const struct standing *t, const struct setup_subject *subject, gw_day *out,
                                struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    *out = subject->as_of;
    for (size_t l = 0; rc == GW_OK && *out != GW_NO_DAY && l < subject->link_count; l++) {
        gw_day horizon;

        rc = remembered_horizon(t->setup->ledger, t->scratch, subject->links[l].key, subject->number, &horizon, err);
        if (rc == GW_OK && (horizon == GW_NO_DAY || horizon < *out))
            *out = horizon;
    }
    return rc;
}

/* A derivation is worth a look at the ledger: whoever has no new fact and is not due has the span of last time. */
enum gw_status standing_span(const struct standing *t, struct gw_pass *pass, struct setup_subject *subject,
                             const struct gw_ledger_subject *known, struct gw_error *err)
{
    struct gw_ledger *ledger = t->setup->ledger;
    struct derived_before now;
    gw_day low, high;
    bool due, remembered = false;
    enum gw_status rc = find_due(t, subject, known, &now, &due, err);

    if (rc == GW_OK)
        rc = remembered_span(ledger, t->scratch, subject->number, &remembered, &low, &high, err);
    if (rc != GW_OK)
        return rc;
    if (remembered && !due && !known->dirty) {
        subject->anchored = low != GW_NO_DAY;
        subject->low = low;
        subject->high = high;
        return GW_OK;
    }
    subject->low = subject->high = GW_NO_DAY;
    rc = gw_pass_span(pass, subject->number, &subject->anchored, &subject->low, &subject->high, err);
    if (rc == GW_OK && (!remembered || subject->low != low || subject->high != high))
        rc = remember_span(ledger, subject->number, subject->low, subject->high, err);
    return rc;
}

static bool is_withdrawn(const struct setup_subject *subject)
{
    return subject->line->withdrawn != GW_NO_DAY && subject->as_of >= subject->line->withdrawn;
}

gw_day standing_last_day(const struct setup_subject *subject)
{
    return is_withdrawn(subject) && subject->line->withdrawn < subject->high ? subject->line->withdrawn : subject->high;
}

enum gw_status standing_stop(const struct standing *t, struct setup_subject *subject, struct gw_error *err)
{
    gw_day read = GW_NO_DAY, horizon;
    enum gw_status rc = GW_OK;

    subject->stopped = is_withdrawn(subject) && subject->link_count > 0;
    for (size_t l = 0; rc == GW_OK && subject->stopped && l < subject->link_count; l++) {
        rc = remembered_horizon(t->setup->ledger, t->scratch, subject->links[l].key, subject->number, &horizon, err);
        subject->stopped = horizon != GW_NO_DAY;
        read = gw_day_earlier(read, horizon);
    }
    if (rc == GW_OK && subject->stopped && read < subject->line->withdrawn)
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
        gw_day horizon;

        rc = remembered_horizon(t->setup->ledger, t->scratch, link->key, subject->number, &horizon, err);
        if (rc == GW_OK && link->asked && link->open == 0 && (horizon == GW_NO_DAY || horizon < day)) {
            horizon = day;
            rc = remember_horizon(t->setup->ledger, link->key, subject->number, day, err);
        }
        if ((link->asked && link->open > 0) || horizon == GW_NO_DAY || horizon < day)
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
