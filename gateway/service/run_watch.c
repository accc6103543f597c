/*
 * A subject at one endpoint: when to ask next, and what came of it.
 */
#include <string.h>

#include "service/retention.h"
#include "service/run_parts.h"
#include "service/standing.h"

enum {
    WATCH_MEMORY = 4 * 1024 * 1024,
    RETRY_FIRST_S =
        900, /* after an errand that did not get all: what passes was waited out by the dispatcher already */
    RETRY_LAST_S = 6 * 3600,
    DERIVE_AGAIN_S = 600, /* one that has no horizon yet stays marked */
    WAIT_MAX_S = 86400,   /* then it is asked again whether it is due: the clock may have been set */
    AHEAD_S = 86400,      /* so far it may go back before it matters */
};

/* Numbers follow each other; times must not. Two to the 32 by the golden ratio (Knuth 6.4): few are as far apart as
 * many. */
#define SCATTER 2654435761u

/* ---- when ---- */

static void ask_later(struct watch *watch, int64_t now)
{
    const int64_t wait = (int64_t)RETRY_FIRST_S << (watch->failures < 5 ? watch->failures : 5);

    watch->failures++;
    watch->retry_at = now + (wait < RETRY_LAST_S ? wait : RETRY_LAST_S);
}

/* A clock that went back keeps nobody waiting. */
static int64_t not_before(int64_t at, int64_t most_s, int64_t now)
{
    return at > now && at <= now + most_s ? at : now;
}

/* What was done tomorrow was done by a clock that was wrong, and keeps nobody waiting: all is read again. */
static bool is_ahead(const struct gw_schedule_done *done, int64_t now)
{
    const int64_t latest = now + AHEAD_S;

    return done->whole > latest || done->full > latest || done->drugs > latest || done->probe > latest;
}

/* What to ask next; false: nothing, and of a folder nobody is asked at all. */
static bool find_asked(struct watch *watch, int64_t now)
{
    const struct gw_schedule_policy *policy = &watch->hospital->generation->config.schedule;
    const struct gw_schedule_done none = GW_SCHEDULE_NOTHING_DONE;
    const int64_t earliest = not_before(watch->retry_at, RETRY_LAST_S, now);

    if (watch->hospital->endpoint->folder)
        return false;
    if (watch->course.enrolled > now)
        watch->course.enrolled = now;
    gw_schedule_next(policy, &watch->course, is_ahead(&watch->done, now) ? &none : &watch->done, now, &watch->next);
    if (watch->next.due < earliest)
        watch->next.due = earliest;
    return watch->next.kind != GW_ERRAND_NONE;
}

/* To derive waits for nobody; where it could not be done it is tried again, unless an errand does it before. */
static bool find_next(struct watch *watch, int64_t now)
{
    const bool asked = find_asked(watch, now);
    const int64_t earliest = not_before(watch->in_vain_at + DERIVE_AGAIN_S, DERIVE_AGAIN_S, now);

    if (!asked)
        hints_caught_up(watch); /* nothing is left to catch up with */
    if (!watch->derive || (asked && earliest > now && watch->next.due < earliest))
        return asked;
    watch->next = (struct gw_errand){.kind = GW_ERRAND_NONE, .due = earliest, .low = GW_NO_DAY, .high = GW_NO_DAY};
    return true;
}

/* What was foreseen when the wait began is looked at again: a target came nearer, the day of a withdrawal came. */
static bool is_due(struct watch *watch)
{
    const int64_t now = run_now(watch->hospital->run), waited_for = watch->next.due;

    if (now < waited_for || watch->derive) /* else it was further away than one wait */
        return now >= waited_for;
    find_next(watch, now);
    if (watch->next.due < waited_for)
        watch->next.due = waited_for;
    return watch->next.kind != GW_ERRAND_NONE && watch->next.due <= now;
}

static void on_due(uv_timer_t *timer)
{
    struct watch *watch = timer->data;

    if (!is_due(watch)) {
        watch_start(watch);
        return;
    }
    hospital_queue(watch->hospital, watch);
    hospital_pump(watch->hospital);
}

void watch_start(struct watch *watch)
{
    const struct gw_run *run = watch->hospital->run;
    const int64_t now = run_now(run);
    int64_t wait;

    if (watch->errand || watch->ready || watch->hospital->generation->closing)
        return;
    if (!find_next(watch, now)) {
        gw_clock_stop(run->world->clock, &watch->timer);
        return;
    }
    wait = watch->next.due > now ? watch->next.due - now : 0;
    if (wait > WAIT_MAX_S)
        wait = WAIT_MAX_S;
    gw_clock_start(run->world->clock, &watch->timer, on_due, (uint64_t)wait * 1000);
}

/* ---- what came of it ---- */

/* The errand's memory goes: what is kept is copied. */
static bool keep_end(struct watch *watch, const struct errand_end *end)
{
    struct gw_arena memory = GW_ARENA_INIT(WATCH_MEMORY);
    struct gw_schedule_subject course = *end->course;
    struct gw_schedule_window *windows = gw_arena_alloc(&memory, (course.window_count + 1) * sizeof *windows);
    const char *patient = end->patient ? gw_arena_copy(&memory, end->patient, strlen(end->patient)) : NULL;

    if (!windows || (!patient && end->patient)) {
        gw_arena_release(&memory);
        return false;
    }
    if (course.window_count > 0)
        memcpy(windows, course.windows, course.window_count * sizeof *windows);
    course.windows = windows;
    gw_arena_release(&watch->memory);
    watch->memory = memory;
    watch->course = course;
    watch->patient = patient;
    return true;
}

static void count(struct watch *watch, const struct errand_end *end)
{
    struct gw_run *run = watch->hospital->run;
    struct gw_metrics_endpoint *numbers =
        gw_metrics_endpoint(&run->door.metrics, watch->hospital->endpoint->config->id);

    run->door.metrics.delivered_batches += end->batches;
    run->counts.under_way--;
    run->counts.sent += (uint64_t)end->savings.sent;
    run->counts.plain += (uint64_t)end->savings.plain;
    if (numbers && end->savings.plain > end->savings.sent)
        numbers->requests_saved += (uint64_t)(end->savings.plain - end->savings.sent);
    if (numbers) {
        numbers->pages += end->pages;
        numbers->entries += end->entries;
        numbers->facts[GW_FACTS_NEW] += end->fresh;
        numbers->facts[GW_FACTS_KNOWN] += end->repeats;
    }
    if (end->planned > 0 && !end->failure)
        watch->plan_size = end->planned;
    watch->plain_since = end->began;
    if (end->failure)
        run->counts.failed += end->failure->status != GW_ECANCELED;
    else
        run->counts.errands[end->what->kind]++;
}

static void tell(const struct watch *watch, const struct errand_end *end)
{
    struct gw_run *run = watch->hospital->run;
    const struct gw_error *failure = end->failure;

    if (failure && failure->status == GW_ECANCELED)
        return;
    gw_log(run->log, failure ? GW_LOG_WARNING : GW_LOG_DEBUG, failure ? "errand.failed" : "errand.done",
           GW_LOG_TEXT("endpoint", watch->hospital->endpoint->config->id),
           GW_LOG_TEXT("subject", watch->subject->line->subject),
           GW_LOG_TEXT("errand", gw_errand_name(end->what->kind)), GW_LOG_NUMBER("requests", end->savings.sent),
           GW_LOG_NUMBER("new", (int64_t)end->fresh), GW_LOG_NUMBER("seconds", run_now(run) - end->began),
           GW_LOG_TEXT("reason", failure ? failure->text : NULL));
}

/*
 * Its other endpoints have the same windows. One that has an errand under way keeps what that errand holds on to; it
 * learns the windows from the ledger at its end.
 */
static void share(const struct watch *watch)
{
    struct generation *generation = watch->hospital->generation;

    for (size_t i = 0; i < generation->watch_count; i++) {
        struct watch *other = &generation->watches[i];

        if (other != watch && other->subject == watch->subject && !other->errand) {
            const struct errand_end end = {.patient = other->patient, .course = &watch->course};

            if (keep_end(other, &end))
                watch_start(other);
        }
    }
}

void watch_derive(struct watch *watch)
{
    watch->derive = true;
    watch_start(watch);
}

void watch_failed(struct watch *watch)
{
    const int64_t now = run_now(watch->hospital->run);

    if (watch->next.kind == GW_ERRAND_NONE)
        watch->in_vain_at = now;
    else
        ask_later(watch, now);
    watch_start(watch);
}

static void note_end(struct watch *watch, const struct errand_end *end)
{
    const bool asked = end->what->kind != GW_ERRAND_NONE;
    const bool failed = end->failure && end->failure->status != GW_ECANCELED;
    const int64_t now = run_now(watch->hospital->run);

    watch->derive = failed && !asked;
    watch->in_vain_at = watch->derive || end->unread ? now : 0;
    if (asked && failed) {
        ask_later(watch, now);
    } else if (asked) {
        watch->failures = 0;
        watch->retry_at = 0;
    }
}

void watch_ended(struct watch *watch, const struct errand_end *end)
{
    struct hospital *hospital = watch->hospital;
    struct generation *generation = hospital->generation;

    watch->errand = NULL;
    note_end(watch, end);
    hospital->under_way--;
    count(watch, end);
    tell(watch, end);
    run_fail(hospital->run, end->failure);
    if (end->relinked)
        run_relink(hospital->run);
    if (keep_end(watch, end) && !end->failure && end->what->kind != GW_ERRAND_NONE) {
        watch->done = *end->done;
        if (end->what->kind >= GW_ERRAND_SWEEP && end->began >= watch->hinted_at)
            hints_caught_up(watch);
    }
    if (!end->failure)
        hospital->last_success = run_now(hospital->run);
    couriers_wake(generation);
    if (!generation->closing) {
        watch_start(watch);
        if (watch->subject->link_count > 1)
            share(watch);
        hospital_pump(hospital);
    }
    generation_part_closed(generation);
}

/* ---- read otherwise ---- */

struct read_mark watch_mark(struct watch *watch)
{
    return (struct read_mark){watch, watch->course.low, watch->course.high};
}

static void note_read(const struct read_mark *mark, int64_t as_of, struct gw_schedule_done *done)
{
    const struct gw_errand all = {.kind = GW_ERRAND_RECONCILE, .due = as_of, .low = mark->low, .high = mark->high};

    gw_schedule_did(done, &all, as_of);
}

/* On top of what the note says by now, which the watch may not know yet. */
enum gw_status watch_mark_read(const struct read_mark *mark, struct gw_ledger *ledger, int64_t as_of,
                               struct gw_error *err)
{
    const struct setup_subject *subject = mark->watch->subject;
    const char *key = subject->links[mark->watch->link].key;
    const gw_day day = gw_zone_day_at(gw_site_zone(subject->site->site), as_of);
    struct gw_arena scratch = GW_ARENA_INIT(WATCH_MEMORY);
    struct gw_schedule_done done;
    enum gw_status rc = remember_horizon_reached(ledger, &scratch, key, subject->number, day, err);

    if (rc == GW_OK)
        rc = agenda_done(ledger, &scratch, subject->number, key, &done, err);
    if (rc == GW_OK) {
        note_read(mark, as_of, &done);
        rc = agenda_keep_done(ledger, subject->number, key, &done, err);
    }
    gw_arena_release(&scratch);
    return rc;
}

void watch_was_read(const struct read_mark *mark, int64_t as_of)
{
    note_read(mark, as_of, &mark->watch->done);
    mark->watch->in_vain_at = 0;
    watch_derive(mark->watch);
}

/* ---- its life ---- */

/* What was withdrawn is flagged, what a person decided acts, though nothing is asked. */
static enum gw_status find_derive(struct watch *watch, const struct gw_ledger_subject *known, struct gw_error *err)
{
    const struct standing standing = {&watch->hospital->generation->setup, &watch->memory, ""};
    struct setup_subject subject = *watch->subject;
    gw_day horizon = GW_NO_DAY;
    bool due = false;
    enum gw_status rc;

    subject.low = watch->course.low;
    subject.high = watch->course.high;
    subject.anchored = subject.low != GW_NO_DAY;
    setup_date(&subject, run_now(watch->hospital->run), GW_NO_DAY);
    rc = standing_horizon(&standing, &subject, &horizon, err);
    subject.as_of = horizon;
    if (rc == GW_OK && horizon != GW_NO_DAY)
        rc = standing_is_due(&standing, &subject, known, &due, err);
    watch->derive = rc == GW_OK && horizon != GW_NO_DAY && (due || known->dirty);
    return rc;
}

/* From this day on nothing is asked: consent was withdrawn, or the study's last day has passed. */
static gw_day last_day(const struct setup_subject *subject)
{
    const gw_day closed = retention_closed(subject->study->config);

    return gw_day_earlier(subject->line->withdrawn, closed == GW_NO_DAY ? GW_NO_DAY : closed + 1);
}

enum gw_status watch_open(struct watch *watch, struct gw_error *err)
{
    struct gw_ledger *ledger = watch->hospital->generation->setup.ledger;
    const struct setup_subject *subject = watch->subject;
    const int64_t now = run_now(watch->hospital->run);
    const int64_t hurry =
        watch->link > 0 ? (int64_t)watch->hospital->generation->config.schedule.spread_minutes * 60 : 0;
    struct gw_ledger_subject known = {.next_day = GW_NO_DAY};
    enum gw_status rc;

    watch->memory = (struct gw_arena)GW_ARENA_INIT(WATCH_MEMORY);
    watch->patient = subject->links[watch->link].patient;
    watch->plain_since = now;
    rc = gw_ledger_subject(ledger, &watch->memory, subject->number, &known, err);
    watch->course =
        (struct gw_schedule_subject){.zone = gw_site_zone(subject->site->site),
                                     .low = GW_NO_DAY,
                                     .high = GW_NO_DAY,
                                     .withdrawn = last_day(subject),
                                     .next_day = known.next_day,
                                     .enrolled = now - hurry, /* whom a person linked is asked about at once */
                                     .spread = (uint32_t)subject->number * SCATTER};
    if (rc == GW_OK)
        rc = agenda_windows(ledger, &watch->memory, subject->number, &watch->course, err);
    if (rc == GW_OK && watch->link == 0)
        rc = find_derive(watch, &known, err);
    if (rc == GW_OK)
        rc = agenda_done(ledger, &watch->memory, subject->number, subject->links[watch->link].key, &watch->done, err);
    return rc;
}

void watch_close(struct watch *watch)
{
    gw_clock_stop(watch->hospital->run->world->clock, &watch->timer);
    if (watch->errand)
        errand_cancel(watch->errand);
}
