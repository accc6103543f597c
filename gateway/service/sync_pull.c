/*
 * One stage of a sync: the requests of all subjects at all endpoints.
 */
#include <string.h>

#include "service/readings.h"
#include "service/standing.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";

struct stage {
    struct sync *sync;
    enum sync_stage which;
    struct asking *first, **last;
    size_t done, of; /* requests */
};

struct asked { /* one request */
    struct asking *asking;
    const struct gw_request *request;
};

struct asking { /* about one subject, one endpoint */
    struct asking *next;
    struct stage *stage;
    struct sync_endpoint *at;
    const struct setup_subject *subject;
    struct setup_link *link;
    struct gw_requests requests;
    struct asked *asked;
    struct gw_readings readings;
    size_t reading_capacity;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the requests of all subjects need more memory than allowed");
}

/* ---- what to ask ---- */

/* Where an answer of an earlier stage is owed, the rest is not asked for; a slice owes nothing to itself. */
static bool concerns(const struct stage *g, const struct setup_subject *subject, const struct setup_link *link)
{
    if (subject->stopped || subject->left_out || (link->open > 0 && !g->sync->options->again))
        return false;
    switch (g->which) {
    case SYNC_IDENTIFY:
        return !link->patient;
    case SYNC_ANCHORS:
        return link->patient;
    case SYNC_SPAN:
        return link->patient && subject->anchored;
    }
    return false;
}

static enum gw_status plan_requests(struct asking *a, struct gw_error *err)
{
    struct sync *s = a->stage->sync;
    const struct setup_subject *subject = a->subject;
    const struct setup_endpoint *endpoint = a->at->endpoint;
    const struct gw_wanted wanted = setup_wanted(subject->study, endpoint->config);
    struct gw_span span = {.subject = subject->number,
                           .patient = a->link->patient,
                           .chart = a->link->chart,
                           .identifier = {subject->line->mrn_system, subject->line->mrn},
                           .anchored = subject->anchored,
                           .low = subject->low,
                           .high = standing_last_day(subject)};
    enum gw_status rc = s->options->again ? sync_again_bound(s, subject, a->link, &span, err) : GW_OK;

    if (rc == GW_OK)
        rc = gw_plan_requests(&s->requests, &endpoint->profile, &wanted, &span,
                              a->stage->which == SYNC_SPAN ? GW_STAGE_SPAN : GW_STAGE_ANCHOR, &a->requests, err);
    return rc == GW_OK && !s->options->again
               ? gw_requests_resume(s->ledger, &s->requests, &endpoint->profile, &a->requests, err)
               : rc;
}

static enum gw_status plan_link(struct stage *g, const struct setup_subject *subject, struct setup_link *link,
                                struct gw_error *err)
{
    struct asking *a = gw_arena_alloc(&g->sync->requests, sizeof *a);
    enum gw_status rc;

    if (!a)
        return no_memory(err);
    *a = (struct asking){.stage = g, .at = &g->sync->endpoints[link->endpoint], .subject = subject, .link = link};
    rc = plan_requests(a, err);
    if (rc != GW_OK)
        return rc;
    a->asked = gw_arena_alloc(&g->sync->requests, (a->requests.count + 1) * sizeof *a->asked);
    if (!a->asked)
        return no_memory(err);
    for (size_t i = 0; i < a->requests.count; i++) {
        a->asked[i] = (struct asked){a, &a->requests.list[i]};
        link->changes |= a->requests.list[i].search.last_updated != NULL;
    }
    link->asked = true;
    link->open += a->requests.count;
    link->planned += a->requests.count;
    g->of += a->requests.count;
    *g->last = a;
    g->last = &a->next;
    return GW_OK;
}

static enum gw_status plan(struct stage *g, struct gw_error *err)
{
    const struct setup *setup = &g->sync->setup;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < setup->subject_count; i++)
        for (size_t l = 0; rc == GW_OK && l < setup->subjects[i].link_count; l++) {
            struct setup_link *link = &setup->subjects[i].links[l];

            if (!concerns(g, &setup->subjects[i], link))
                continue;
            if (g->sync->endpoints[link->endpoint].dispatcher)
                rc = plan_link(g, &setup->subjects[i], link, err);
            else
                link->open++; /* its answers are owed */
        }
    return rc;
}

/* ---- asking ---- */

static void add_up(struct gw_sync_endpoint *into, const struct gw_pull_result *from)
{
    into->requests += from->requests;
    into->pages += from->pages;
    into->entries += from->entries;
    into->fresh += from->fresh;
    into->repeats += from->repeats;
    into->notes += from->notes;
}

static void on_asked(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    const struct asked *asked = ctx;
    struct asking *a = asked->asking;
    struct stage *g = a->stage;
    struct sync *s = g->sync;

    s->waiting--;
    g->done++;
    add_up(a->at->told, result);
    sync_failed(a->at, result->trouble, failure);
    a->link->sent += result->requests;
    a->link->open -= !failure;
    reading_add(&s->requests, &a->readings, &a->reading_capacity, asked->request, result, failure, s->began);
    if (!failure && g->which == SYNC_IDENTIFY && result->patients == 1)
        a->link->patient = gw_arena_copy(&s->setup.arena, result->patient, strlen(result->patient));
    if (s->options->progress)
        s->options->progress(s->options->ctx, g->which == SYNC_SPAN ? "asking for the rest" : "asking for doses",
                             g->done, g->of);
}

static enum gw_status submit(struct asking *a, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < a->requests.count; i++) {
        rc =
            gw_dispatcher_submit(a->at->dispatcher, a->asked[i].request, GW_ROUTINE, on_asked, &a->asked[i], NULL, err);
        a->stage->sync->waiting += rc == GW_OK;
    }
    return rc;
}

static enum gw_status ask(struct stage *g, struct gw_error *err)
{
    struct gw_error late;
    enum gw_status rc = sync_begin_asking(g->sync, err);

    if (rc != GW_OK)
        return rc;
    for (struct asking *a = g->first; rc == GW_OK && a; a = a->next)
        rc = submit(a, err);
    if (sync_end_asking(g->sync, rc == GW_OK ? err : &late) != GW_OK && rc == GW_OK)
        rc = err->status;
    return rc;
}

/* For the certificates. */
static enum gw_status keep_readings(struct stage *g, struct gw_error *err)
{
    struct sync *s = g->sync;
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    for (const struct asking *a = g->first; rc == GW_OK && a; a = a->next) {
        gw_arena_clear(&s->scratch);
        if (a->readings.count > 0)
            rc = gw_readings_keep(s->ledger, &s->scratch, a->subject->number, a->link->key, &a->readings, err);
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

enum gw_status sync_pull(struct sync *s, enum sync_stage which, struct gw_error *err)
{
    struct stage g = {.sync = s, .which = which};
    enum gw_status rc;

    g.last = &g.first;
    gw_arena_clear(&s->requests);
    rc = plan(&g, err);
    if (rc == GW_OK && g.first)
        rc = ask(&g, err);
    return rc == GW_OK && g.first && !s->options->again ? keep_readings(&g, err) : rc;
}
