/*
 * A sync that asks again for a slice: whom, and where, and how far; and the end of it, which moves no horizon.
 */
#include <string.h>

#include "service/standing.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";

/* ---- where ---- */

static bool is_site_of_chosen(const struct sync *s, const char *site)
{
    for (size_t i = 0; i < s->setup.study_count; i++)
        for (size_t l = 0; l < s->setup.studies[i].roster.count; l++) {
            const struct gw_roster_line *line = &s->setup.studies[i].roster.lines[l];

            if (refetch_concerns(s->options->again, &s->setup.studies[i], line) && strcmp(line->site, site) == 0)
                return true;
        }
    return false;
}

/* Hospitals of others are left alone, their metadata too. */
static enum gw_status choose_places(struct sync *s, struct gw_error *err)
{
    const struct gw_config *config = s->options->config;
    struct gw_sync_again *told = &s->result->again;

    for (size_t e = 0; e < s->setup.endpoint_count; e++)
        s->setup.endpoints[e].asked &= is_site_of_chosen(s, s->setup.endpoints[e].config->site);
    told->folders = gw_arena_alloc(s->results, (config->folder_count + 1) * sizeof *told->folders);
    if (!told->folders)
        return gw_fail(err, GW_ENOMEM, where, "the endpoints need more memory than allowed");
    for (size_t f = 0; f < config->folder_count; f++)
        if (is_site_of_chosen(s, config->folders[f].site))
            told->folders[told->folder_count++] = config->folders[f].id;
    return GW_OK;
}

enum gw_status sync_again_load(struct sync *s, struct gw_error *err)
{
    const struct gw_refetch *again = s->options->again;
    enum gw_status rc = refetch_slice(s->results, again, &s->slice, err);

    if (rc == GW_OK)
        rc = refetch_count(again, &s->setup, &s->result->again.chosen, err);
    return rc == GW_OK ? choose_places(s, err) : rc;
}

enum gw_status sync_again_refused(const struct sync *s, struct gw_error *err)
{
    return gw_fail(
        err, GW_EBUSY, where,
        "%s/ledger.db: another instance holds the ledger, and one alone may ask hospitals: stop the service, ask "
        "again, start it; by itself it reads every subject whole each %d days",
        s->options->config->state, s->options->config->schedule.reconcile_days);
}

/* ---- whom ---- */

static enum gw_status look_who_waits(struct sync *s, struct gw_error *err)
{
    struct gw_ledger_subjects known = {0};
    enum gw_status rc;

    gw_arena_clear(&s->requests);
    rc = gw_ledger_subjects(s->ledger, &s->requests, &known, err);
    for (size_t k = 0; rc == GW_OK && k < known.count; k++)
        for (size_t i = 0; known.list[k].dirty && i < s->setup.subject_count; i++)
            if (s->setup.subjects[i].number == known.list[k].number)
                s->setup.subjects[i].waits = true;
    return rc;
}

enum gw_status sync_again_begin(struct sync *s, struct gw_error *err)
{
    struct gw_sync_again *told = &s->result->again;
    size_t asked = 0;
    enum gw_status rc;

    for (size_t i = 0; i < s->setup.subject_count; i++) {
        struct setup_subject *subject = &s->setup.subjects[i];

        subject->left_out = !refetch_concerns(s->options->again, subject->study, subject->line);
        asked += !subject->left_out && !subject->stopped && subject->link_count > 0;
    }
    told->not_asked = told->chosen - asked;
    rc = look_who_waits(s, err);
    return rc != GW_OK ? rc : refetch_audit(s->ledger, s->options->again, told->chosen, err);
}

/* ---- how far ---- */

enum gw_status sync_again_bound(struct sync *s, const struct setup_subject *subject, const struct setup_link *link,
                                struct gw_span *span, struct gw_error *err)
{
    gw_day read;
    const enum gw_status rc = remembered_horizon(s->ledger, &s->requests, link->key, subject->number, &read, err);

    span->high = gw_day_earlier(span->high, read == GW_NO_DAY ? subject->as_of : read);
    span->slice = &s->slice;
    return rc;
}

/* ---- the end ---- */

static bool all_was_read(const struct sync *s, const struct setup_subject *subject)
{
    const struct gw_refetch *again = s->options->again;

    for (size_t e = 0; e < s->setup.endpoint_count; e++) {
        const struct sync_endpoint *endpoint = &s->endpoints[e];

        if (endpoint->told && endpoint->told->failure.status != GW_OK &&
            strcmp(endpoint->endpoint->config->site, subject->line->site) == 0)
            return false;
    }
    return !again->types && again->from == GW_NO_DAY && again->to == GW_NO_DAY;
}

/* Up to the day that it was derived for. Whoever never was waits for a sync, as does whoever needs other days now, and
 * who waits for one already unless all of it was read here. */
static enum gw_status find_day(struct sync *s, struct setup_subject *subject, struct gw_error *err)
{
    const struct standing standing = sync_standing(s);
    struct derived_before before;
    gw_day horizon = GW_NO_DAY;
    enum gw_status rc = standing_horizon(&standing, subject, &horizon, err);

    if (rc == GW_OK)
        rc = remembered_derivation(s->ledger, &s->requests, subject->number, &before, err);
    if (rc != GW_OK)
        return rc;
    subject->ready =
        horizon != GW_NO_DAY && before.horizon != GW_NO_DAY && (!subject->waits || all_was_read(s, subject));
    if (subject->ready)
        subject->as_of = gw_day_earlier(horizon, before.horizon);
    return GW_OK;
}

/* Marked whatever came: it is a replay too. */
static enum gw_status mark(struct sync *s, const struct setup_subject *subject, struct gw_error *err)
{
    const struct standing standing = sync_standing(s);
    struct gw_ledger_subject known;
    enum gw_status rc = gw_ledger_mark(s->ledger, subject->number, err);

    if (rc == GW_OK)
        rc = gw_ledger_subject(s->ledger, &s->requests, subject->number, &known, err);
    return rc == GW_OK ? standing_mark(&standing, subject, &known, err) : rc;
}

enum gw_status sync_again_close(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    for (size_t i = 0; rc == GW_OK && i < s->setup.subject_count; i++) {
        struct setup_subject *subject = &s->setup.subjects[i];

        if (subject->left_out || subject->stopped || subject->link_count == 0)
            continue;
        gw_arena_clear(&s->requests);
        rc = find_day(s, subject, err);
        if (rc == GW_OK && subject->ready)
            rc = mark(s, subject, err);
        s->result->again.held_back += !subject->ready;
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}
