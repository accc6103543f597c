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

#include "service/steering.h"
#include "service/sync_parts.h"

static int by_number(const void *a, const void *b)
{
    const struct gw_enrolled *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- the pass and its subjects ---- */

static bool any(const struct sync_subject *subject)
{
    (void)subject;
    return true;
}

static bool ready(const struct sync_subject *subject)
{
    return subject->ready;
}

static void show_pass(void *ctx, size_t done, size_t of)
{
    const struct gw_sync_options *options = ctx;

    options->progress(options->ctx, "deriving", done, of);
}

/* A pass over the subjects of one study that `wanted` takes. */
static enum gw_status pass_of(struct sync *s, struct sync_study *study, bool (*wanted)(const struct sync_subject *),
                              struct gw_pass *out, struct gw_error *err)
{
    struct gw_enrolled *list = gw_arena_alloc(&s->arena, (s->subject_count + 1) * sizeof *list);
    size_t count = 0;

    if (!list)
        return gw_fail(err, GW_ENOMEM, "service.sync", "the rosters need more memory than allowed");
    for (size_t i = 0; i < s->subject_count; i++) {
        const struct sync_subject *subject = &s->subjects[i];

        if (subject->study == study && wanted(subject))
            list[count++] =
                (struct gw_enrolled){subject->number, subject->line, subject->site->site, subject->site->as_of};
    }
    qsort(list, count, sizeof *list, by_number);
    *out = (struct gw_pass){.ledger = s->ledger,
                            .sink = study->sink,
                            .protocol = &study->protocol,
                            .key = study->key,
                            .author_approves = !s->config->four_eyes,
                            .subjects = list,
                            .subject_count = count,
                            .now = s->now,
                            .progress = s->options->progress ? show_pass : NULL,
                            .ctx = (void *)(uintptr_t)s->options};
    return GW_OK;
}

/* ---- between the pulls ---- */

/* The ids of patients who were looked for by record number belong to their subjects from here on. */
static enum gw_status enrol_found(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    for (size_t i = 0; i < s->subject_count; i++) {
        struct sync_subject *subject = &s->subjects[i];

        for (size_t l = 0; rc == GW_OK && l < subject->link_count; l++)
            if (!subject->line->patient && subject->links[l].patient)
                rc = gw_ledger_enrol(s->ledger, subject->study->config->id, subject->site->id, subject->line->subject,
                                     s->endpoints[subject->links[l].endpoint].config->id, subject->links[l].patient,
                                     &subject->number, err);
    }
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

/* Would a derivation now give another answer, facts that came since apart? *now is what it would be remembered as. */
static enum gw_status find_due(struct sync *s, const struct sync_subject *subject,
                               const struct gw_ledger_subject *known, struct derived_before *now, bool *due,
                               struct gw_error *err)
{
    struct derived_before before;
    const enum gw_status rc = remembered_derivation(s->ledger, &s->requests, subject->number, &before, err);

    now->horizon = subject->site->as_of;
    steering_subject(subject->site->digest, subject->line, now->digest);
    *due = before.horizon == GW_NO_DAY || strcmp(before.digest, now->digest) != 0 || now->horizon < before.horizon ||
           (known->next_day != GW_NO_DAY && known->next_day <= now->horizon && before.horizon < known->next_day);
    return rc;
}

/* A derivation is worth a look at the ledger: whoever has no new fact and is not due has the span of last time. */
static enum gw_status find_span(struct sync *s, struct gw_pass *pass, struct sync_subject *subject,
                                const struct gw_ledger_subject *known, struct gw_error *err)
{
    struct derived_before now;
    gw_day low, high;
    bool due, remembered = false;
    enum gw_status rc = find_due(s, subject, known, &now, &due, err);

    if (rc == GW_OK)
        rc = remembered_span(s->ledger, &s->requests, subject->number, &remembered, &low, &high, err);
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
        rc = remember_span(s->ledger, subject->number, subject->low, subject->high, err);
    return rc;
}

static enum gw_status find_spans(struct sync *s, struct gw_error *err)
{
    struct gw_ledger_subjects known = {0};
    enum gw_status rc;

    gw_arena_clear(&s->requests);
    rc = gw_ledger_subjects(s->ledger, &s->requests, &known, err);
    if (rc == GW_OK)
        rc = gw_ledger_begin(s->ledger, err);
    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++) {
        struct gw_pass pass;

        rc = pass_of(s, &s->studies[i], any, &pass, err);
        for (size_t n = 0; rc == GW_OK && n < s->subject_count; n++)
            if (s->subjects[n].study == &s->studies[i])
                rc = find_span(s, &pass, &s->subjects[n], known_as(&known, s->subjects[n].number), err);
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

/* ---- the day is closed ---- */

/* Move the horizon of what was read to its end, and see whether all endpoints of the subject stand at the day. */
static enum gw_status close_subject(struct sync *s, struct sync_subject *subject, struct gw_error *err)
{
    const gw_day day = subject->site->as_of;
    enum gw_status rc = GW_OK;

    subject->ready = subject->link_count > 0;
    for (size_t l = 0; rc == GW_OK && l < subject->link_count; l++) {
        const struct sync_link *link = &subject->links[l];
        const struct sync_endpoint *endpoint = &s->endpoints[link->endpoint];
        gw_day horizon;

        rc = remembered_horizon(s->ledger, &s->requests, endpoint->config->id, subject->number, &horizon, err);
        if (rc == GW_OK && link->asked && link->open == 0 && (horizon == GW_NO_DAY || horizon < day)) {
            horizon = day;
            rc = remember_horizon(s->ledger, endpoint->config->id, subject->number, day, err);
        }
        if ((link->asked && link->open > 0) || horizon == GW_NO_DAY || horizon < day)
            subject->ready = false;
    }
    return rc;
}

/* Facts that came have marked their subjects already; a day that passed and a changed rule do it here. */
static enum gw_status mark_subject(struct sync *s, const struct sync_subject *subject,
                                   const struct gw_ledger_subject *known, struct gw_error *err)
{
    struct derived_before now;
    bool due;
    enum gw_status rc = find_due(s, subject, known, &now, &due, err);

    if (rc == GW_OK && due && !known->dirty)
        rc = gw_ledger_mark(s->ledger, subject->number, err);
    if (rc == GW_OK && (due || known->dirty))
        rc = remember_derivation(s->ledger, subject->number, &now, err);
    return rc;
}

static enum gw_status close_day(struct sync *s, struct gw_error *err)
{
    struct gw_ledger_subjects known = {0};
    enum gw_status rc;

    gw_arena_clear(&s->requests);
    rc = gw_ledger_subjects(s->ledger, &s->requests, &known, err);
    if (rc == GW_OK)
        rc = gw_ledger_begin(s->ledger, err);
    for (size_t i = 0; rc == GW_OK && i < s->subject_count; i++) {
        rc = close_subject(s, &s->subjects[i], err);
        if (rc == GW_OK && s->subjects[i].ready)
            rc = mark_subject(s, &s->subjects[i], known_as(&known, s->subjects[i].number), err);
    }
    return rc == GW_OK ? gw_ledger_commit(s->ledger, err) : rc;
}

/* ---- the end ---- */

static void add_up(struct gw_pass_result *into, const struct gw_pass_result *from)
{
    into->subjects += from->subjects;
    into->batches += from->batches;
    into->added += from->added;
    into->changed += from->changed;
    into->withdrawn += from->withdrawn;
    into->unchanged += from->unchanged;
    into->items_opened += from->items_opened;
    into->items_closed += from->items_closed;
    into->blocked += from->blocked;
    into->parts_changed += from->parts_changed;
}

static enum gw_status run_passes(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++) {
        struct gw_pass_result one;
        struct gw_pass pass;

        rc = pass_of(s, &s->studies[i], ready, &pass, err);
        if (rc == GW_OK)
            rc = gw_pass_run(&pass, &one, err);
        if (rc == GW_OK)
            add_up(&s->result->pass, &one);
    }
    return rc;
}

enum gw_status gw_sync_run(struct gw_arena *arena, const struct gw_sync_options *options, struct gw_sync_result *out,
                           struct gw_error *err)
{
    struct sync s = {.options = options,
                     .config = options->config,
                     .result = out,
                     .results = arena,
                     .arena = GW_ARENA_INIT(SYNC_MEMORY),
                     .requests = GW_ARENA_INIT(SYNC_MEMORY)};
    enum gw_status rc;

    *out = (struct gw_sync_result){0};
    rc = sync_open(&s, err);
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
        rc = close_day(&s, err);
    if (rc == GW_OK)
        rc = run_passes(&s, err);
    if (rc == GW_OK)
        rc = gw_ledger_equation(s.ledger, &out->equation, err);
    sync_close(&s);
    return rc;
}
