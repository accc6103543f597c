/*
 * One sync from its first request to its last receipt. See sync_parts.h for the order.
 *
 * A subject is derived once every endpoint of its site was read up to the day of this sync, and not before: with half
 * of the answers a window would be called missed, and results of yesterday dated after the last day searched. What did
 * arrive is kept, the subject stays marked, and the next sync goes on from there.
 */
#include "gateway/service/sync.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/service/retention.h"
#include "gateway/service/savings.h"
#include "service/agenda.h"
#include "service/audited.h"
#include "service/enrolment.h"
#include "service/roster_fetch.h"
#include "service/standing.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";

enum { SUBJECT_MEMORY = 64 * 1024 * 1024 };

static int by_number(const void *a, const void *b)
{
    const struct gw_enrolled *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

struct standing sync_standing(struct sync *s)
{
    return (struct standing){&s->setup, &s->requests, s->now};
}

/* ---- the pass and its subjects ---- */

static bool concerned(const struct setup_subject *subject)
{
    return !subject->left_out;
}

static bool ready(const struct setup_subject *subject)
{
    return subject->ready;
}

static void show_pass(void *ctx, size_t done, size_t of)
{
    const struct gw_sync_options *options = ctx;

    options->progress(options->ctx, "deriving", done, of);
}

/* A pass over the subjects of one study that `wanted` takes. */
static enum gw_status pass_of(struct sync *s, const struct setup_study *study,
                              bool (*wanted)(const struct setup_subject *), struct gw_pass *out, struct gw_error *err)
{
    const struct setup *setup = &s->setup;
    const struct standing standing = sync_standing(s);
    struct gw_enrolled *list = gw_arena_alloc(&s->setup.arena, (setup->subject_count + 1) * sizeof *list);
    size_t count = 0;

    if (!list)
        return gw_fail(err, GW_ENOMEM, where, "the rosters need more memory than allowed");
    for (size_t i = 0; i < setup->subject_count; i++)
        if (setup->subjects[i].study == study && wanted(&setup->subjects[i]))
            list[count++] = standing_enrolled(&setup->subjects[i]);
    qsort(list, count, sizeof *list, by_number);
    *out = standing_pass(&standing, study, list, count);
    out->progress = s->options->progress ? show_pass : NULL;
    out->ctx = (void *)(uintptr_t)s->options;
    return GW_OK;
}

/* ---- between the pulls ---- */

static enum gw_status enrol_found(struct sync *s, struct gw_error *err)
{
    const struct standing standing = sync_standing(s);
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    for (size_t i = 0; rc == GW_OK && i < s->setup.subject_count; i++)
        if (concerned(&s->setup.subjects[i]))
            rc = standing_identify(&standing, &s->setup.subjects[i], err);
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

static const struct gw_ledger_subject *known_as(const struct gw_ledger_subjects *subjects, int64_t number)
{
    size_t low = 0, high = subjects->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (subjects->list[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return &subjects->list[low]; /* enrolled by us: it is there */
}

static enum gw_status find_spans(struct sync *s, struct gw_error *err)
{
    const struct standing standing = sync_standing(s);
    struct setup *setup = &s->setup;
    struct gw_ledger_subjects known = {0};
    enum gw_status rc;

    gw_arena_clear(&s->requests);
    rc = gw_ledger_subjects(s->ledger, &s->requests, &known, err);
    if (rc == GW_OK)
        rc = gw_ledger_begin(s->ledger, err);
    for (size_t i = 0; rc == GW_OK && i < setup->study_count; i++) {
        struct gw_pass pass;

        rc = pass_of(s, &setup->studies[i], concerned, &pass, err);
        for (size_t n = 0; rc == GW_OK && n < setup->subject_count; n++) {
            struct setup_subject *subject = &setup->subjects[n];

            if (subject->study == &setup->studies[i] && concerned(subject))
                rc = standing_span(&standing, &pass, subject, known_as(&known, subject->number), err);
        }
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

/* ---- what the service goes on from ---- */

static int64_t last_asked(const struct gw_schedule_done *done)
{
    const int64_t last = done->full > done->drugs ? done->full : done->drugs;

    return last > done->probe ? last : done->probe;
}

/* All of the span, or what changed in it; a subject without a first dose has none. */
static struct gw_errand errand_of(const struct sync *s, const struct setup_subject *subject,
                                  const struct setup_link *link)
{
    return (struct gw_errand){.kind = link->changes ? GW_ERRAND_PULL : GW_ERRAND_RECONCILE,
                              .due = s->began,
                              .low = subject->anchored ? subject->low : GW_NO_DAY,
                              .high = subject->anchored ? subject->high : GW_NO_DAY};
}

/* A poller would have asked for the whole plan again and again since it was asked for last. */
static enum gw_status note_link(struct sync *s, const struct setup_subject *subject, const struct setup_link *link,
                                struct gw_savings *savings, struct gw_error *err)
{
    const struct gw_errand errand = errand_of(s, subject, link);
    struct gw_schedule_done done;
    enum gw_status rc;

    gw_arena_clear(&s->scratch);
    rc = agenda_done(s->ledger, &s->scratch, subject->number, link->key, &done, err);
    if (rc != GW_OK)
        return rc;
    savings->sent += (int64_t)link->sent;
    if (last_asked(&done) != GW_NEVER)
        savings->plain +=
            gw_schedule_plain(&s->options->config->schedule, last_asked(&done), s->began, (int64_t)link->planned);
    if (link->open > 0)
        return GW_OK;
    gw_schedule_did(&done, &errand, s->began);
    done.low = errand.low; /* changes too are those of the whole span */
    done.high = errand.high;
    return agenda_keep_done(s->ledger, subject->number, link->key, &done, err);
}

static enum gw_status note_subjects(struct sync *s, struct gw_savings *savings, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < s->setup.subject_count; i++) {
        const struct setup_subject *subject = &s->setup.subjects[i];

        for (size_t l = 0; rc == GW_OK && l < subject->link_count; l++)
            if (subject->links[l].asked)
                rc = note_link(s, subject, &subject->links[l], &savings[subject->links[l].endpoint], err);
    }
    return rc;
}

/* As after an errand of the service for each subject. */
static enum gw_status note_work(struct sync *s, struct gw_error *err)
{
    const size_t count = s->setup.endpoint_count;
    struct gw_savings *savings = gw_arena_alloc(s->results, count * sizeof *savings);
    enum gw_status rc = savings ? gw_ledger_begin(s->ledger, err)
                                : gw_fail(err, GW_ENOMEM, where, "the endpoints need more memory than allowed");

    if (rc == GW_OK)
        rc = note_subjects(s, savings, err);
    for (size_t e = 0; rc == GW_OK && e < count; e++)
        if (savings[e].sent + savings[e].plain > 0)
            rc = gw_savings_add(s->ledger, &s->scratch, s->setup.endpoints[e].config->id, &savings[e], err);
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

/* ---- the day is closed ---- */

static enum gw_status close_day(struct sync *s, struct gw_error *err)
{
    const struct standing standing = sync_standing(s);
    struct gw_ledger_subjects known = {0};
    enum gw_status rc = note_work(s, err);

    gw_arena_clear(&s->requests);
    if (rc == GW_OK)
        rc = gw_ledger_subjects(s->ledger, &s->requests, &known, err);
    if (rc == GW_OK)
        rc = gw_ledger_begin(s->ledger, err);
    for (size_t i = 0; rc == GW_OK && i < s->setup.subject_count; i++) {
        struct setup_subject *subject = &s->setup.subjects[i];

        rc = standing_close(&standing, subject, err);
        if (rc == GW_OK && subject->ready)
            rc = standing_mark(&standing, subject, known_as(&known, subject->number), err);
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

/* ---- the beginning and the end ---- */

static const char *command_of(const struct sync *s)
{
    return s->options->again ? "casement replay --refetch" : "casement sync";
}

static enum gw_status open_world(struct sync *s, struct gw_error *err)
{
    const int failed = s->options->world ? 0 : uv_loop_init(&s->loop);

    if (failed)
        return gw_fail(err, GW_ENOMEM, where, "the event loop cannot be made (%s)", uv_strerror(failed));
    s->loop_open = !s->options->world;
    gw_world_init(&s->own, &s->loop);
    return GW_OK;
}

/* What is told of each endpoint that is asked, in the configuration's order. */
static enum gw_status name_results(struct sync *s, struct gw_error *err)
{
    const struct setup *setup = &s->setup;

    s->result->endpoints = gw_arena_alloc(s->results, (setup->endpoint_count + 1) * sizeof *s->result->endpoints);
    s->endpoints = gw_arena_alloc(s->results, (setup->endpoint_count + 1) * sizeof(*s->endpoints));
    if (!s->result->endpoints || !s->endpoints)
        return gw_fail(err, GW_ENOMEM, where, "the endpoints need more memory than allowed");
    for (size_t e = 0; e < setup->endpoint_count; e++) {
        const char *id = setup->endpoints[e].config->id;

        if (!setup->endpoints[e].asked)
            continue;
        s->endpoints[e].told = &s->result->endpoints[s->result->endpoint_count++];
        s->endpoints[e].told->id = gw_arena_copy(s->results, id, strlen(id));
        if (!s->endpoints[e].told->id)
            return gw_fail(err, GW_ENOMEM, where, "the endpoints need more memory than allowed");
    }
    return GW_OK;
}

static enum gw_status deliver(struct sync *s, struct gw_error *err)
{
    const struct gw_world *world = s->setup.world;
    const int64_t now = world->clock->utc(world->clock->ctx);
    const struct standing standing = sync_standing(s);
    enum gw_status rc = GW_OK;
    char text[11];

    s->began = now;
    gw_instant_print(now, s->now);
    for (size_t i = 0; rc == GW_OK && i < s->setup.subject_count; i++) {
        setup_date(&s->setup.subjects[i], now, s->options->as_of);
        rc = standing_stop(&standing, &s->setup.subjects[i], err);
    }
    if (rc != GW_OK)
        return rc;
    gw_day_print(enrolment_horizon(gw_site_zone(s->setup.sites[0].site), now, s->options->as_of), text);
    return gw_ledger_deliver(s->ledger, s->options->again ? "refetch" : "sync", text, &s->delivery, err);
}

/* ---- rosters that hospitals keep ---- */

static enum gw_status load_setup(struct sync *s, struct gw_error *err)
{
    return setup_load(&s->setup, s->options->config, s->options->endpoint, false,
                      s->options->world ? s->options->world : &s->own, err);
}

/* With the rosters as the hospitals have them now. */
static enum gw_status renew_rosters(struct sync *s, struct gw_error *err)
{
    bool changed = false, fetched = false;
    enum gw_status rc;

    for (size_t i = 0; i < s->setup.study_count; i++)
        fetched |= roster_is_fetched(s->setup.studies[i].config);
    if (!fetched)
        return GW_OK;
    rc = sync_open_endpoints(s, err);
    if (rc == GW_OK)
        rc = sync_fetch_rosters(s, &changed, err);
    sync_close_endpoints(s);
    if (rc != GW_OK || !changed)
        return rc;
    setup_close(&s->setup);
    rc = load_setup(s, err);
    return rc == GW_OK ? setup_open(&s->setup, s->ledger, err) : rc;
}

static enum gw_status open_sync(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = open_world(s, err);

    if (rc == GW_OK)
        rc = load_setup(s, err);
    if (rc == GW_OK && s->options->again)
        rc = sync_again_load(s, err);
    if (rc == GW_OK)
        rc = name_results(s, err);
    if (rc == GW_OK)
        rc = setup_ledger(s->options->config, &s->ledger, err);
    if (rc == GW_EBUSY && s->options->again)
        return sync_again_refused(s, err);
    if (rc == GW_OK)
        rc = audited_work(s->ledger, GW_AUDIT_START, command_of(s), NULL, err);
    if (rc == GW_OK)
        rc = setup_open(&s->setup, s->ledger, err);
    if (rc == GW_OK && !s->options->again)
        rc = renew_rosters(s, err);
    if (rc == GW_OK)
        rc = deliver(s, err);
    if (rc == GW_OK && s->options->again)
        rc = sync_again_begin(s, err);
    return rc == GW_OK ? sync_open_endpoints(s, err) : rc;
}

static void close_sync(struct sync *s)
{
    sync_close_endpoints(s);
    setup_close(&s->setup);
    if (s->loop_open) {
        uv_run(&s->loop, UV_RUN_DEFAULT);
        uv_loop_close(&s->loop);
    }
    gw_ledger_close(s->ledger);
    gw_arena_release(&s->requests);
    gw_arena_release(&s->scratch);
}

static enum gw_status run_passes(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < s->setup.study_count; i++) {
        struct gw_pass_result one;
        struct gw_pass pass;

        rc = pass_of(s, &s->setup.studies[i], ready, &pass, err);
        if (rc == GW_OK)
            rc = gw_pass_run(&pass, &one, err);
        if (rc == GW_OK)
            gw_pass_add_up(&s->result->pass, &one);
    }
    return rc;
}

/* Twice where a study database refused something: the second time tells a person. */
static enum gw_status pass_and_deliver(struct sync *s, struct gw_error *err)
{
    bool marked = true;
    enum gw_status rc = GW_OK;

    for (int i = 0; rc == GW_OK && marked && i < 2; i++) {
        rc = run_passes(s, err);
        if (rc == GW_OK)
            rc = sync_deliver(s, &marked, err);
    }
    return rc;
}

enum gw_status gw_sync_run(struct gw_arena *arena, const struct gw_sync_options *options, struct gw_sync_result *out,
                           struct gw_error *err)
{
    struct sync s = {.options = options,
                     .result = out,
                     .results = arena,
                     .requests = GW_ARENA_INIT(SYNC_MEMORY),
                     .scratch = GW_ARENA_INIT(SUBJECT_MEMORY)};
    enum gw_status rc;

    *out = (struct gw_sync_result){0};
    rc = open_sync(&s, err);
    if (rc == GW_OK)
        rc = sync_learn(&s, err);
    if (rc == GW_OK)
        rc = sync_pull(&s, SYNC_IDENTIFY, err);
    if (rc == GW_OK)
        rc = enrol_found(&s, err);
    if (rc == GW_OK)
        rc = sync_pull(&s, SYNC_ANCHORS, err);
    if (rc == GW_OK)
        rc = find_spans(&s, err);
    if (rc == GW_OK)
        rc = sync_pull(&s, SYNC_SPAN, err);
    if (rc == GW_OK)
        rc = (options->again ? sync_again_close : close_day)(&s, err);
    if (rc == GW_OK)
        rc = pass_and_deliver(&s, err);
    if (rc == GW_OK && !options->again)
        rc = gw_retention_run(s.ledger, options->config, s.began, err);
    if (rc == GW_OK)
        rc = gw_ledger_equation(s.ledger, &out->equation, err);
    if (s.ledger)
        audited_work(s.ledger, GW_AUDIT_END, command_of(&s), rc == GW_OK ? NULL : err->text, NULL);
    close_sync(&s);
    return rc;
}
