/*
 * One errand: a subject at one endpoint, from what to ask to what was delivered.
 *
 *      plan ──> ask ──> span ──> ask ──> close ──> end
 *       └── ask for the patient first ──┘
 *
 * plan, span and close are jobs of the ledger's thread, which has the errand to itself meanwhile; ask hands the
 * requests to the endpoint's dispatcher. A probe and a look at the drugs leave out what they do not need; an errand of
 * no kind is the close alone, for a subject that must be derived again although nothing is asked.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/service/savings.h"
#include "service/errand.h"
#include "service/readings.h"
#include "service/run_parts.h"
#include "service/standing.h"

static const char where[] = "service.run";

enum { REQUESTS_MEMORY = 64 * 1024 * 1024 };

enum step { PLAN, ASK_FIRST, SPAN, ASK_REST, CLOSE, END };

struct asked { /* one request under way */
    struct errand *errand;
    uint64_t ticket;
    bool running;
};

struct errand {
    struct gw_run *run;
    struct watch *watch;
    struct gw_errand what;
    int64_t began;
    char now[GW_INSTANT_BYTES];
    struct gw_arena arena;        /* of its requests and what it brings back */
    struct gw_arena scratch;      /* of a job */
    struct setup_subject subject; /* copies: what is learnt on the way is this errand's own */
    struct setup_link link;
    struct gw_requests requests;
    struct asked *asked;
    int64_t delivery;
    enum step step;
    size_t waiting;
    bool parked;
    bool cancelled;
    struct gw_error failure; /* the first of a request; status GW_OK: none */
    struct gw_error lacking; /* of a type that is not granted: the others go on */
    size_t sent, fresh, repeats, pages, entries, planned;
    struct gw_savings savings;
    struct gw_readings readings; /* what its searches prove */
    size_t reading_capacity;

    /* from the last job */
    struct gw_schedule_done done;
    struct gw_schedule_subject course;
    bool relinked, unread;
    size_t batches; /* delivered by its derivation */
};

static void run_steps(struct errand *e);

static bool whole(const struct errand *e) /* it reads the subject up to its day */
{
    return e->what.kind >= GW_ERRAND_SWEEP;
}

static const struct setup_study *study_of(const struct errand *e)
{
    return e->subject.study;
}

static struct setup_endpoint *endpoint_of(const struct errand *e)
{
    return e->watch->hospital->endpoint;
}

static struct standing standing_of(struct errand *e)
{
    gw_arena_clear(&e->scratch);
    return (struct standing){&e->watch->hospital->generation->setup, &e->scratch, e->now};
}

/* ---- jobs of the ledger's thread ---- */

static void on_job(void *ctx, const struct gw_error *failure)
{
    struct errand *e = ctx;

    if (failure && (e->failure.status == GW_OK || failure->status == GW_EIO))
        e->failure = *failure;
    e->parked = false;
    run_steps(e);
}

static enum step do_job(struct errand *e, gw_writer_run job, bool alone, enum step then)
{
    struct gw_writer *writer = e->run->writer;
    struct gw_error failure;
    const enum gw_status rc = alone ? gw_writer_submit_alone(writer, job, on_job, e, &failure)
                                    : gw_writer_submit(writer, 1, job, on_job, e, &failure);

    if (rc != GW_OK) {
        e->failure = failure;
        return END;
    }
    e->parked = true;
    return then;
}

/* ---- plan ---- */

static enum gw_status plan_stage(struct errand *e, struct gw_ledger *ledger, unsigned stages, struct gw_error *err)
{
    const struct setup_endpoint *endpoint = endpoint_of(e);
    const struct gw_wanted wanted = setup_wanted(study_of(e), endpoint->config);
    const struct gw_span span = {.subject = e->subject.number,
                                 .patient = e->link.patient,
                                 .chart = e->link.chart,
                                 .identifier = {e->subject.line->mrn_system, e->subject.line->mrn},
                                 .anchored = e->subject.anchored,
                                 .low = e->subject.low,
                                 .high = e->subject.high};
    const bool inferred = gw_site_contacts(e->subject.site->site) != GW_CONTACTS_ENCOUNTERS;
    enum gw_status rc;

    e->requests = (struct gw_requests){NULL, 0};
    rc = errand_plan(&e->arena, &endpoint->profile, &wanted, &span, &e->what, stages, inferred, &e->requests, err);
    e->planned += whole(e) ? e->requests.count : 0;
    if (rc == GW_OK && errand_resumes(e->what.kind))
        rc = gw_requests_resume(ledger, &e->arena, &endpoint->profile, &e->requests, err);
    e->asked = gw_arena_alloc(&e->arena, (e->requests.count + 1) * sizeof *e->asked);
    if (rc == GW_OK && !e->asked)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the requests of one subject");
    return rc;
}

/* A delivery of its own: of two versions without a stamp the one that came later is the later one. */
static enum gw_status plan_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct errand *e = ctx;
    const bool known = e->link.patient != NULL; /* else only the patient is looked for */
    char day[11];
    enum gw_status rc;

    gw_day_print(e->subject.as_of, day);
    rc = gw_ledger_deliver(ledger, "run", day, &e->delivery, err);
    if (rc == GW_OK)
        rc = plan_stage(e, ledger, known && e->what.kind == GW_ERRAND_PROBE ? GW_STAGE_SPAN : GW_STAGE_ANCHOR, err);
    return rc;
}

static enum step plan(struct errand *e)
{
    return do_job(e, plan_job, false, ASK_FIRST);
}

/* ---- ask ---- */

static enum gw_urgency urgency_of(const struct errand *e)
{
    if (e->what.kind == GW_ERRAND_RECONCILE)
        return GW_SWEEP;
    return e->what.kind == GW_ERRAND_PULL ? GW_URGENT : GW_ROUTINE;
}

/* A probe proves nothing. */
static void note_reading(struct errand *e, const struct gw_request *request, const struct gw_pull_result *result,
                         const struct gw_error *failure)
{
    struct gw_reading *reading =
        e->what.kind == GW_ERRAND_PROBE
            ? NULL
            : reading_add(&e->arena, &e->readings, &e->reading_capacity, request, result, failure, e->began);

    if (reading)
        reading->part = e->what.kind < GW_ERRAND_RECONCILE && reading->low != GW_NO_DAY &&
                        reading->low > e->subject.low && e->subject.anchored;
}

/* A3 of the fault matrix; without the patient nothing else can be asked for. */
static void note_failure(struct errand *e, const struct gw_pull_result *result, const struct gw_error *failure)
{
    const bool alone = result->trouble == GW_TROUBLE_UNGRANTED && e->link.patient;
    struct gw_error *noted = alone ? &e->lacking : &e->failure;

    if (noted->status == GW_OK)
        *noted = *failure;
}

static void on_asked(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct asked *asked = ctx;
    struct errand *e = asked->errand;

    asked->running = false;
    e->sent += result->requests;
    e->fresh += result->fresh;
    note_reading(e, &e->requests.list[asked - e->asked], result, failure);
    e->repeats += result->repeats;
    e->pages += result->pages;
    e->entries += result->entries;
    if (result->patients == 1 && !e->link.patient)
        e->link.patient = gw_arena_copy(&e->arena, result->patient, strlen(result->patient));
    if (failure)
        note_failure(e, result, failure);
    if (--e->waiting > 0)
        return;
    e->parked = false;
    run_steps(e);
}

static enum step ask(struct errand *e, enum step then)
{
    struct hospital *hospital = e->watch->hospital;

    hospital->settings.delivery = e->delivery;
    for (size_t i = 0; i < e->requests.count && e->failure.status == GW_OK; i++) {
        struct asked *asked = &e->asked[i];

        *asked = (struct asked){.errand = e};
        if (gw_dispatcher_submit(hospital->dispatcher, &e->requests.list[i], urgency_of(e), on_asked, asked,
                                 &asked->ticket, &e->failure) != GW_OK)
            break;
        asked->running = true;
        e->waiting++;
    }
    e->parked = e->waiting > 0;
    return then;
}

static enum step ask_first(struct errand *e)
{
    const bool known = e->link.patient != NULL;

    if (e->what.kind == GW_ERRAND_PROBE && known)
        return ask(e, CLOSE);
    /* Who was looked for by record number is asked about once found. */
    if (!known)
        return ask(e, SPAN);
    return ask(e, e->what.kind == GW_ERRAND_DRUGS ? CLOSE : SPAN);
}

/* ---- span ---- */

static enum gw_status find_span(struct errand *e, struct gw_ledger *ledger, struct gw_error *err)
{
    const struct standing standing = standing_of(e);
    const struct gw_enrolled enrolled = standing_enrolled(&e->subject);
    struct gw_pass pass = standing_pass(&standing, study_of(e), &enrolled, 1);
    struct gw_ledger_subject known;
    enum gw_status rc = gw_ledger_subject(ledger, &e->scratch, e->subject.number, &known, err);

    return rc == GW_OK ? standing_span(&standing, &pass, &e->subject, &known, err) : rc;
}

static enum gw_status span_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct errand *e = ctx;
    const struct standing standing = standing_of(e);
    enum gw_status rc = standing_identify(&standing, &e->subject, err);

    if (rc == GW_OK)
        rc = find_span(e, ledger, err);
    return rc == GW_OK ? plan_stage(e, ledger, GW_STAGE_SPAN, err) : rc;
}

static enum gw_status found_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct errand *e = ctx;
    const struct standing standing = standing_of(e);
    const enum gw_status rc = standing_identify(&standing, &e->subject, err);

    return rc == GW_OK ? plan_stage(e, ledger, GW_STAGE_ANCHOR, err) : rc;
}

static enum step span(struct errand *e)
{
    if (!e->link.patient)
        return CLOSE; /* not found: that is an answer, and the derivation says so */
    if (!e->watch->patient && !e->link.asked) {
        e->link.asked = true;
        return do_job(e, found_job, false, ASK_FIRST);
    }
    return do_job(e, span_job, false, ASK_REST);
}

static enum step ask_rest(struct errand *e)
{
    return ask(e, CLOSE);
}

/* ---- close ---- */

/* On top of what the note says by now: a hint may have come meanwhile. */
static enum gw_status note_success(struct errand *e, struct gw_ledger *ledger, struct gw_error *err)
{
    const char *endpoint = e->link.key;
    enum gw_status rc = agenda_done(ledger, &e->scratch, e->subject.number, endpoint, &e->done, err);

    if (e->what.kind >= GW_ERRAND_RECONCILE && e->subject.anchored) {
        e->what.low = e->subject.low;
        e->what.high = e->subject.high;
    }
    gw_schedule_did(&e->done, &e->what, e->began);
    if (e->what.kind == GW_ERRAND_PROBE && e->fresh > 0) {
        e->done.hint = e->began;
        e->done.hinted_from = e->what.low;
    }
    if (rc == GW_OK)
        rc = agenda_keep_done(ledger, e->subject.number, endpoint, &e->done, err);
    if (rc == GW_OK && whole(e))
        rc = remember_horizon_reached(ledger, &e->scratch, endpoint, e->subject.number, e->subject.as_of, err);
    return rc;
}

static enum gw_status derive_subject(struct errand *e, const struct standing *standing, struct gw_error *err)
{
    const struct gw_enrolled enrolled = standing_enrolled(&e->subject);
    struct gw_pass pass = standing_pass(standing, study_of(e), &enrolled, 1);
    struct gw_pass_result result;

    const enum gw_status rc = gw_pass_run(&pass, &result, err);

    e->batches += rc == GW_OK ? result.batches : 0;
    return rc;
}

/* Whoever was derived by a release that kept no windows is derived once more for them. */
static enum gw_status mark(struct errand *e, const struct standing *standing, struct gw_ledger *ledger,
                           struct gw_error *err)
{
    struct gw_ledger_subject known;
    bool written = false;
    enum gw_status rc = gw_ledger_subject(ledger, &e->scratch, e->subject.number, &known, err);

    if (rc == GW_OK)
        rc = agenda_has_windows(ledger, &e->scratch, e->subject.number, &written, err);
    if (rc == GW_OK && !written)
        rc = gw_ledger_mark(ledger, e->subject.number, err);
    known.dirty |= !written;
    return rc == GW_OK ? standing_mark(standing, &e->subject, &known, err) : rc;
}

static bool same_linked(const struct setup_subject *subject, const struct gw_linked *now, size_t count)
{
    bool same = count == subject->linked_count;

    for (size_t i = 0; same && i < count; i++)
        same = gw_same(now[i].endpoint, subject->linked[i].endpoint) &&
               gw_same(now[i].patient, subject->linked[i].patient);
    return same;
}

/* What the derivation found for the schedule. Where there was none for want of days, these are asked for next. */
static enum gw_status look_again(struct errand *e, struct gw_ledger *ledger, struct gw_error *err)
{
    struct gw_ledger_subject known;
    struct gw_linked *linked = NULL;
    size_t count = 0;
    enum gw_status rc = gw_ledger_subject(ledger, &e->scratch, e->subject.number, &known, err);

    if (rc == GW_OK)
        e->course.next_day = known.next_day;
    if (rc == GW_OK)
        rc = agenda_windows(ledger, &e->arena, e->subject.number, &e->course, err);
    if (e->unread && e->subject.anchored) {
        e->course.low = e->subject.low;
        e->course.high = e->subject.high;
    }
    if (rc == GW_OK)
        rc = agenda_linked(ledger, &e->scratch, e->subject.number, &linked, &count, err);
    e->relinked = rc == GW_OK && !same_linked(e->watch->subject, linked, count);
    return rc;
}

/* A poller would have asked for the whole plan again and again since the last errand. */
static enum gw_status note_savings(struct errand *e, struct gw_ledger *ledger, struct gw_error *err)
{
    const struct watch *watch = e->watch;
    const size_t size = e->planned > 0 ? e->planned : watch->plan_size;

    e->savings.sent = (int64_t)e->sent;
    e->savings.plain =
        gw_schedule_plain(&watch->hospital->generation->config.schedule, watch->plain_since, e->began, (int64_t)size);
    return gw_savings_add(ledger, &e->scratch, endpoint_of(e)->config->id, &e->savings, err);
}

/* How far every endpoint was read, for the span that is needed by now. */
static enum gw_status find_horizon(struct errand *e, struct gw_ledger *ledger, gw_day *out, struct gw_error *err)
{
    const struct standing standing = standing_of(e);
    struct setup_subject all_links = *e->watch->subject;
    enum gw_status rc = find_span(e, ledger, err);

    all_links.as_of = e->subject.as_of;
    all_links.anchored = e->subject.anchored;
    all_links.low = e->subject.low;
    all_links.high = e->subject.high;
    return rc == GW_OK ? standing_horizon(&standing, &all_links, out, err) : rc;
}

/* Also after a failure: what came is derived as far as every endpoint was read. */
static enum gw_status close_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct errand *e = ctx;
    const struct standing standing = standing_of(e);
    gw_day horizon = GW_NO_DAY;
    enum gw_status rc = gw_ledger_begin(ledger, err);

    if (rc == GW_OK)
        rc = note_savings(e, ledger, err);
    if (rc == GW_OK && e->failure.status == GW_OK && e->what.kind != GW_ERRAND_NONE)
        rc = note_success(e, ledger, err);
    if (rc == GW_OK && e->readings.count > 0)
        rc = gw_readings_keep(ledger, &e->scratch, e->subject.number, e->link.key, &e->readings, err);
    if (rc == GW_OK)
        rc = find_horizon(e, ledger, &horizon, err);
    e->subject.as_of = horizon;
    e->unread = horizon == GW_NO_DAY;
    if (rc == GW_OK && horizon != GW_NO_DAY)
        rc = mark(e, &standing, ledger, err);
    if (rc == GW_OK)
        rc = gw_ledger_commit(ledger, err);
    if (rc == GW_OK && horizon != GW_NO_DAY)
        rc = derive_subject(e, &standing, err);
    return rc == GW_OK ? look_again(e, ledger, err) : rc;
}

static enum step close_books(struct errand *e)
{
    return do_job(e, close_job, true, END);
}

/* ---- all of it ---- */

static void end(struct errand *e)
{
    const struct errand_end end = {.what = &e->what,
                                   .batches = e->batches,
                                   .failure = e->failure.status == GW_OK ? NULL : &e->failure,
                                   .done = &e->done,
                                   .patient = e->link.patient,
                                   .course = &e->course,
                                   .savings = e->savings,
                                   .fresh = e->fresh,
                                   .repeats = e->repeats,
                                   .pages = e->pages,
                                   .entries = e->entries,
                                   .planned = e->planned,
                                   .relinked = e->relinked,
                                   .unread = e->unread,
                                   .began = e->began};
    struct watch *watch = e->watch;

    watch_ended(watch, &end);
    gw_arena_release(&e->arena);
    gw_arena_release(&e->scratch);
    free(e);
}

static void run_steps(struct errand *e)
{
    static enum step (*const steps[])(struct errand *) = {plan, ask_first, span, ask_rest, close_books};

    while (!e->parked) {
        if (e->cancelled && e->failure.status == GW_OK)
            gw_fail(&e->failure, GW_ECANCELED, where, "cancelled");
        if (e->failure.status != GW_OK && e->step < CLOSE)
            e->step = e->cancelled || e->failure.status == GW_EIO ? END : CLOSE;
        if (e->step == CLOSE && e->failure.status == GW_OK)
            e->failure = e->lacking;
        if (e->step == END) {
            end(e);
            return;
        }
        e->step = steps[e->step](e);
    }
}

enum gw_status errand_start(struct watch *watch, struct gw_error *err)
{
    const struct hospital *hospital = watch->hospital;
    struct errand *e = calloc(1, sizeof *e);

    if (!e)
        return gw_fail(err, GW_ENOMEM, where, "no memory for what is due");
    e->run = hospital->run;
    e->watch = watch;
    e->what = watch->next;
    e->began = run_now(e->run);
    gw_instant_print(e->began, e->now);
    e->arena = (struct gw_arena)GW_ARENA_INIT(REQUESTS_MEMORY);
    e->scratch = (struct gw_arena)GW_ARENA_INIT(REQUESTS_MEMORY);
    e->subject = *watch->subject;
    e->subject.anchored = watch->course.low != GW_NO_DAY;
    e->subject.low = watch->course.low;
    e->subject.high = watch->course.high;
    setup_date(&e->subject, e->began, GW_NO_DAY);
    e->link = watch->subject->links[watch->link];
    e->link.patient = watch->patient;
    e->subject.links = &e->link;
    e->subject.link_count = 1;
    e->done = watch->done;
    e->course = watch->course;
    e->step = e->what.kind == GW_ERRAND_NONE ? CLOSE : PLAN;
    watch->errand = e;
    run_steps(e);
    return GW_OK;
}

void errand_cancel(struct errand *e)
{
    e->cancelled = true;
    for (size_t i = 0; e->waiting > 0 && i < e->requests.count; i++)
        if (e->asked[i].running)
            gw_dispatcher_cancel(e->watch->hospital->dispatcher, e->asked[i].ticket);
}
