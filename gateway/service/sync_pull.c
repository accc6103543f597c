/*
 * One stage of a sync: the requests of all subjects at all endpoints, in one run of the scheduler.
 */
#include <string.h>

#include "service/standing.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";

struct asked { /* the requests of one endpoint, and beside each the link it is for */
    struct gw_request *requests;
    struct setup_link **links;
    size_t count, capacity, link_capacity;
};

struct stage {
    struct sync *sync;
    enum sync_stage which;
    struct asked *asked;       /* of each endpoint */
    struct gw_source *sources; /* of those that are asked something */
    size_t *endpoint_of;       /* of each source */
    size_t source_count;
    size_t done, of; /* requests */
    struct gw_writer *writer;
    struct gw_error failure; /* ours: the disk */
    bool closed;             /* the ledger is back */
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the requests of all subjects need more memory than allowed");
}

/* ---- what to ask ---- */

static bool usable(const struct sync *s, size_t endpoint)
{
    return s->endpoints[endpoint] && s->endpoints[endpoint]->failure.status == GW_OK;
}

static bool concerns(const struct stage *g, const struct setup_subject *subject, const struct setup_link *link)
{
    if (subject->stopped)
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

static bool push(struct stage *g, struct asked *asked, const struct gw_request *request, struct setup_link *link)
{
    struct gw_arena *arena = &g->sync->requests;
    size_t links = asked->count;
    struct setup_link **at;
    struct gw_request *copy = GW_ARENA_PUSH(arena, asked->requests, asked->count, asked->capacity);

    at = GW_ARENA_PUSH(arena, asked->links, links, asked->link_capacity);
    if (!copy || !at)
        return false;
    *copy = *request;
    *at = link;
    link->open++;
    g->of++;
    return true;
}

static enum gw_status plan_link(struct stage *g, struct setup_subject *subject, struct setup_link *link,
                                struct gw_error *err)
{
    struct sync *s = g->sync;
    struct setup_endpoint *endpoint = &s->setup.endpoints[link->endpoint];
    const struct gw_wanted wanted = setup_wanted(subject->study, endpoint->config);
    const struct gw_span span = {.subject = subject->number,
                                 .patient = link->patient,
                                 .chart = link->chart,
                                 .identifier = {subject->line->mrn_system, subject->line->mrn},
                                 .anchored = subject->anchored,
                                 .low = subject->low,
                                 .high = standing_last_day(subject)};
    struct gw_requests requests = {0};
    enum gw_status rc = gw_plan_requests(&s->requests, &endpoint->profile, &wanted, &span,
                                         g->which == SYNC_SPAN ? GW_STAGE_SPAN : GW_STAGE_ANCHOR, &requests, err);

    if (rc == GW_OK)
        rc = gw_requests_resume(s->ledger, &s->requests, &endpoint->profile, &requests, err);
    for (size_t i = 0; rc == GW_OK && i < requests.count; i++)
        if (!push(g, &g->asked[link->endpoint], &requests.list[i], link))
            rc = no_memory(err);
    link->asked = true;
    return rc;
}

static enum gw_status plan(struct stage *g, struct gw_error *err)
{
    struct sync *s = g->sync;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < s->setup.subject_count; i++)
        for (size_t l = 0; rc == GW_OK && l < s->setup.subjects[i].link_count; l++) {
            struct setup_link *link = &s->setup.subjects[i].links[l];

            if (!concerns(g, &s->setup.subjects[i], link))
                continue;
            if (usable(s, link->endpoint))
                rc = plan_link(g, &s->setup.subjects[i], link, err);
            else
                link->open++; /* the endpoint failed at an earlier stage: this one's answers are owed */
        }
    for (size_t e = 0; e < s->setup.endpoint_count; e++) {
        if (g->asked[e].count == 0)
            continue;
        g->endpoint_of[g->source_count] = e;
        g->sources[g->source_count++] =
            (struct gw_source){&s->setup.endpoints[e].settings, s->setup.endpoints[e].config->concurrent,
                               g->asked[e].requests, g->asked[e].count};
    }
    return rc;
}

/* ---- asking ---- */

static void on_ended(void *ctx, size_t source, const struct gw_request *request, const struct gw_pull_result *result,
                     const struct gw_error *failure)
{
    struct stage *g = ctx;
    struct sync *s = g->sync;
    const struct asked *asked = &g->asked[g->endpoint_of[source]];
    struct setup_link *link = asked->links[request - asked->requests];

    g->done++;
    if (!failure)
        link->open--;
    if (!failure && g->which == SYNC_IDENTIFY && result->patients == 1)
        link->patient = gw_arena_copy(&s->setup.arena, result->patient, strlen(result->patient));
    if (s->options->progress)
        s->options->progress(s->options->ctx, g->which == SYNC_SPAN ? "asking for the rest" : "asking for doses",
                             g->done, g->of);
}

static void add_up(struct gw_sync_endpoint *into, const struct gw_source_result *from)
{
    into->requests += from->total.requests;
    into->pages += from->total.pages;
    into->entries += from->total.entries;
    into->fresh += from->total.fresh;
    into->repeats += from->total.repeats;
    into->notes += from->total.notes;
    into->failure = from->failure;
}

static void on_closed(void *ctx)
{
    ((struct stage *)ctx)->closed = true;
}

static void on_done(void *ctx, const struct gw_source_result *results, size_t count)
{
    struct stage *g = ctx;

    for (size_t i = 0; i < count; i++) {
        add_up(g->sync->endpoints[g->endpoint_of[i]], &results[i]);
        if (results[i].failure.status == GW_EIO)
            g->failure = results[i].failure;
    }
    gw_writer_stop(g->writer, on_closed, g);
}

/* The writer holds the ledger while the loop runs. */
static enum gw_status ask(struct stage *g, struct gw_error *err)
{
    struct sync *s = g->sync;
    const struct gw_scheduler_options options = {.clock = s->setup.world->clock, .ended = on_ended, .ctx = g};
    struct gw_scheduler *scheduler; /* nobody cancels it */
    enum gw_status rc = gw_writer_start(s->setup.world->loop, s->ledger, &g->writer, err);

    if (rc != GW_OK)
        return rc;
    gw_store_writer_init(&s->store, g->writer);
    for (size_t e = 0; e < s->setup.endpoint_count; e++) {
        s->setup.endpoints[e].settings.store = &s->store.store;
        s->setup.endpoints[e].settings.delivery = s->delivery;
    }
    rc = gw_scheduler_start(s->setup.world->loop, g->sources, g->source_count, &options, on_done, g, &scheduler, err);
    if (rc != GW_OK)
        gw_writer_stop(g->writer, on_closed, g);
    while (!g->closed)
        uv_run(s->setup.world->loop, UV_RUN_ONCE);
    if (rc == GW_OK && g->failure.status != GW_OK) {
        *err = g->failure;
        rc = g->failure.status;
    }
    return rc;
}

enum gw_status sync_pull(struct sync *s, enum sync_stage which, struct gw_error *err)
{
    struct stage g = {.sync = s, .which = which};
    enum gw_status rc;

    gw_arena_clear(&s->requests);
    g.asked = gw_arena_alloc(&s->requests, s->setup.endpoint_count * sizeof *g.asked);
    g.sources = gw_arena_alloc(&s->requests, s->setup.endpoint_count * sizeof *g.sources);
    g.endpoint_of = gw_arena_alloc(&s->requests, s->setup.endpoint_count * sizeof *g.endpoint_of);
    if (!g.asked || !g.sources || !g.endpoint_of)
        return no_memory(err);
    rc = plan(&g, err);
    return rc == GW_OK && g.source_count > 0 ? ask(&g, err) : rc;
}
