/*
 * What hospitals tell by themselves becomes due work.
 *
 *      hinted ──> read the hints ──> whose? ──> into the schedule's notes, hints done (one transaction) ──> the watches
 *
 * A hint that names no patient is a catch-up: everybody at the endpoint is looked at, and the subscription hears when
 * the last of them was.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/service/door.h"
#include "gateway/sources/hints.h"
#include "service/run_parts.h"

enum { HINTS_MEMORY = 64 * 1024 * 1024 };

struct looking { /* a round over the hints that wait */
    struct gw_run *run;
    struct generation *generation;
    struct gw_arena arena;
    struct gw_waiting_hints hints;
    struct watch **watches; /* each once */
    size_t count, capacity;
    int64_t now;
};

static void end(struct looking *l, const struct gw_error *failure)
{
    struct generation *generation = l->generation;
    struct gw_run *run = l->run;
    const bool again = run->hints_again && !generation->closing;

    run_fail(run, failure);
    gw_arena_release(&l->arena);
    free(l);
    run->hints_busy = run->hints_again = false;
    if (again)
        hints_look(run);
    generation_part_closed(generation);
}

/* ---- caught up ---- */

/* Nobody is left to be looked at; where nobody was, that is so at once. */
static void tell_caught_up(struct hospital *hospital)
{
    if (hospital->catching_up == 0 && hospital->upkeep)
        gw_upkeep_looked(hospital->upkeep, NULL, true);
}

void hints_caught_up(struct watch *watch)
{
    if (!watch->catching_up)
        return;
    watch->catching_up = false;
    watch->hospital->catching_up--;
    tell_caught_up(watch->hospital);
}

/* ---- into the schedule ---- */

static enum gw_status hint_watch(const struct looking *l, struct gw_ledger *ledger, const struct watch *watch,
                                 struct gw_error *err)
{
    const char *key = watch->subject->links[watch->link].key;
    struct gw_arena scratch = GW_ARENA_INIT(HINTS_MEMORY);
    struct gw_schedule_done done;
    enum gw_status rc = agenda_done(ledger, &scratch, watch->subject->number, key, &done, err);

    done.hint = l->now;
    done.hinted_from = GW_NO_DAY;
    if (rc == GW_OK)
        rc = agenda_keep_done(ledger, watch->subject->number, key, &done, err);
    gw_arena_release(&scratch);
    return rc;
}

static enum gw_status apply_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct looking *l = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < l->count; i++)
        rc = hint_watch(l, ledger, l->watches[i], err);
    for (size_t i = 0; rc == GW_OK && i < l->hints.count; i++)
        rc = gw_hint_done(ledger, &l->hints.list[i], err);
    return rc;
}

static void on_applied(void *ctx, const struct gw_error *failure)
{
    struct looking *l = ctx;

    for (size_t i = 0; !failure && !l->generation->closing && i < l->count; i++) {
        l->watches[i]->done.hint = l->now;
        l->watches[i]->done.hinted_from = GW_NO_DAY;
        watch_start(l->watches[i]);
    }
    for (size_t i = 0; !failure && !l->generation->closing && i < l->generation->hospital_count; i++)
        tell_caught_up(&l->generation->hospitals[i]);
    end(l, failure);
}

/* ---- whose ---- */

static bool is_catch_up(const struct gw_waiting_hint *hint)
{
    return !hint->patient && !hint->id;
}

/* A resource that is named without its patient may be anybody's here. */
static bool concerns(const struct gw_waiting_hint *hint, const struct watch *watch)
{
    return gw_same(hint->endpoint, watch->hospital->endpoint->config->id) &&
           (!hint->patient || gw_same(hint->patient, watch->patient));
}

static bool add(struct looking *l, struct watch *watch)
{
    struct watch **slot;

    if (watch->hinted_at == l->now)
        return true;
    slot = GW_ARENA_PUSH(&l->arena, l->watches, l->count, l->capacity);
    if (!slot)
        return false;
    *slot = watch;
    watch->hinted_at = l->now;
    return true;
}

/* All that the endpoint is owed: also what came while an earlier catch-up is under way, whose watches are hinted at
 * anew. */
static void begin_catch_up(const struct looking *l, const char *endpoint)
{
    for (size_t i = 0; i < l->generation->hospital_count; i++) {
        struct hospital *hospital = &l->generation->hospitals[i];

        if (hospital->upkeep && gw_same(hospital->endpoint->config->id, endpoint))
            gw_upkeep_looking(hospital->upkeep, NULL);
    }
}

static bool take(struct looking *l, const struct gw_waiting_hint *hint)
{
    bool fine = true;

    if (is_catch_up(hint))
        begin_catch_up(l, hint->endpoint);
    for (size_t i = 0; fine && i < l->generation->watch_count; i++) {
        struct watch *watch = &l->generation->watches[i];

        if (!concerns(hint, watch))
            continue;
        fine = add(l, watch);
        if (is_catch_up(hint) && !watch->catching_up) {
            watch->catching_up = true;
            watch->hospital->catching_up++;
        }
    }
    return fine;
}

static void on_read(void *ctx, const struct gw_error *failure)
{
    struct looking *l = ctx;
    struct gw_error refused;
    bool fine = !failure && !l->generation->closing && l->hints.count > 0;

    l->now = run_now(l->run);
    for (size_t i = 0; fine && i < l->hints.count; i++)
        fine = take(l, &l->hints.list[i]);
    if (!fine || gw_writer_submit(l->run->writer, 1, apply_job, on_applied, l, &refused) != GW_OK)
        end(l, failure);
}

static enum gw_status read_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct looking *l = ctx;

    return gw_hints(ledger, &l->arena, &l->hints, err);
}

void hints_look(struct gw_run *run)
{
    struct generation *generation = run->generation;
    struct looking *l;
    struct gw_error failure;

    run->hints_again = run->hints_busy;
    if (run->hints_busy || !run->writer || run->writer_stopping || generation->closing)
        return;
    l = calloc(1, sizeof *l);
    if (!l)
        return; /* the hints wait in the ledger */
    *l = (struct looking){.run = run, .generation = generation, .arena = GW_ARENA_INIT(HINTS_MEMORY)};
    if (gw_writer_submit(run->writer, 1, read_job, on_read, l, &failure) != GW_OK) {
        free(l);
        return;
    }
    run->hints_busy = true;
    generation->open++;
}

/* ---- subscriptions ---- */

static void on_hinted(void *ctx, const char *endpoint)
{
    (void)endpoint;
    hints_look(ctx);
}

static void on_alert(void *ctx, const char *endpoint, const char *why)
{
    const struct gw_run *run = ctx;

    gw_log(run->log, GW_LOG_ERROR, "alert", GW_LOG_TEXT("endpoint", endpoint), GW_LOG_TEXT("alert", why));
}

static void on_removed(void *ctx, const char *endpoint, const char *type)
{
    const struct gw_run *run = ctx;

    gw_log(run->log, GW_LOG_INFO, "subscription.removed", GW_LOG_TEXT("endpoint", endpoint), GW_LOG_TEXT("type", type));
}

/* Nobody knows any more how that hospital is reached. */
static void tell_left(const struct gw_run *run, const struct gw_ledger_note *note)
{
    struct gw_subscription left;

    gw_subscription_init(&left, true, 0, 0);
    if (gw_subscription_read(&left, note->text, NULL) == GW_OK && left.id[0])
        gw_log(run->log, GW_LOG_WARNING, "subscription.left", GW_LOG_TEXT("of", note->name),
               GW_LOG_TEXT("subscription", left.id),
               GW_LOG_TEXT("reason",
                           "its endpoint is not configured any more: have it deleted there, or name the endpoint "
                           "again, without \"notifications\", until it is removed"));
}

static bool recall(struct generation *generation, const char *name)
{
    const char *type;

    for (size_t i = 0; i < generation->hospital_count; i++) {
        struct hospital *hospital = &generation->hospitals[i];

        if (!hospital->endpoint->folder && gw_upkeep_is_note_of(name, hospital->endpoint->config->id, &type)) {
            hospital->subscribed = true;
            return true;
        }
    }
    return false;
}

enum gw_status subscriptions_recall(struct generation *generation, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(HINTS_MEMORY);
    struct gw_ledger_notes notes = {0};
    const enum gw_status rc = gw_ledger_notes(generation->run->ledger, &arena, GW_SUBSCRIPTION_SPACE, &notes, err);

    for (size_t i = 0; rc == GW_OK && i < notes.count; i++)
        if (!recall(generation, notes.list[i].name))
            tell_left(generation->run, &notes.list[i]);
    gw_arena_release(&arena);
    return rc;
}

/* Where none are wanted, those that were made before are taken away. */
enum gw_status upkeep_open(struct hospital *hospital, struct gw_error *err)
{
    const struct gw_config_endpoint *config = hospital->endpoint->config;
    struct gw_run *run = hospital->run;
    const struct gw_upkeep_settings ports = {.endpoint = config->id,
                                             .web = gw_dispatcher_web(hospital->dispatcher),
                                             .writer = run->writer,
                                             .clock = run->world->clock,
                                             .hinted = on_hinted,
                                             .alert = on_alert,
                                             .removed = on_removed,
                                             .ctx = run};
    enum gw_status rc;

    if (config->notifications.kind)
        rc = gw_door_upkeep(run->world->loop, config, &hospital->endpoint->profile, &ports, &hospital->upkeep, err);
    else
        rc = gw_upkeep_new(run->world->loop, &ports, &hospital->upkeep, err);
    return rc == GW_OK ? gw_upkeep_start(hospital->upkeep, err) : rc;
}

enum gw_status upkeep_ring(struct gw_run *run, struct gw_error *err)
{
    const struct generation *generation = run->generation;
    struct gw_upkeep **upkeeps = calloc(generation->hospital_count + 1, sizeof(*upkeeps));
    size_t count = 0;
    enum gw_status rc;

    if (!upkeeps)
        return gw_fail(err, GW_ENOMEM, "service.run", "no memory for the subscriptions");
    for (size_t i = 0; i < generation->hospital_count; i++)
        if (generation->hospitals[i].upkeep && gw_upkeep_secret(generation->hospitals[i].upkeep))
            upkeeps[count++] = generation->hospitals[i].upkeep;
    rc = gw_doorbell_set(run->door.bell, upkeeps, count, err);
    free(upkeeps);
    return rc;
}
