/*
 * Watching a folder as a chain of steps.
 *
 *      look ──> pick ──> take ──> learn ──> deliver ──> read ──> note ──> put ──> tell
 *       ↑         └ none whole: wait ┐                                             │
 *       └────────────────────────────┴─────────────────────────────────────────────┘
 *
 * look, take and put are the file system's and run on a thread of libuv's, one at a time; the rest is the loop's.
 */
#include "gateway/sources/folder.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"
#include "sources/feed.h"
#include "sources/folder_files.h"

static const char where[] = "sources.folder";

enum { DEFAULT_S = 5, PURGE_EVERY_MS = 3600000, DAY_S = 86400 };

enum step { LOOK, PICK, TAKE, LEARN, DELIVER, READ, NOTE, PUT, TELL, END };

struct gw_folder {
    uv_loop_t *loop;
    uv_timer_t timer; /* of waits, and carries the start and the end out to the loop */
    uv_work_t work;
    const struct gw_folder_settings *settings;
    const struct gw_clock *clock;
    gw_folder_done done;
    void *ctx;

    enum step step;
    unsigned waiting;
    bool pausing, working, stopped;
    struct gw_error err;     /* ends the watching */
    struct gw_error trouble; /* of this look alone: waited for */

    int64_t purge_before; /* by the look under way; 0: it does not */
    uint64_t purge_ms;    /* when the next one does; 0: at once */
    struct folder_purge purged;

    struct sightings before, now;
    bool left;  /* the file at hand was in work/ already */
    char *name; /* of the file at hand; NULL: none */
    char day[11];
    int64_t delivery;
    struct feed *feed;
    struct feed_settings feed_settings;
    struct feed_answer answer;
    struct gw_error failure; /* of the file at hand; status GW_OK: it was read to its end */
};

static void run(struct gw_folder *f);

/* ---- the file system, on a thread ---- */

/* What an earlier process left in work/ comes first, and by itself. */
static void look_on_thread(uv_work_t *work)
{
    struct gw_folder *f = work->data;
    const char *path = f->settings->path;

    if (folder_make(path, &f->trouble) != GW_OK || folder_list(path, "work", &f->now, &f->trouble) != GW_OK)
        return;
    if (f->purge_before)
        folder_purge(path, f->purge_before, &f->purged);
    f->left = f->now.count > 0;
    if (!f->left)
        folder_list(path, "incoming", &f->now, &f->trouble);
}

static void take_on_thread(uv_work_t *work)
{
    struct gw_folder *f = work->data;

    folder_take(f->settings->path, f->name, &f->trouble);
}

static void put_on_thread(uv_work_t *work)
{
    struct gw_folder *f = work->data;

    folder_put(f->settings->path, f->name, f->failure.status == GW_OK ? NULL : &f->failure, &f->trouble);
}

static void on_worked(uv_work_t *work, int status)
{
    struct gw_folder *f = work->data;

    (void)status;
    f->working = false;
    f->waiting--;
    run(f);
}

static enum step start_work(struct gw_folder *f, uv_work_cb job, enum step then)
{
    f->work.data = f;
    if (uv_queue_work(f->loop, &f->work, job, on_worked) != 0) {
        gw_fail(&f->err, GW_ENOMEM, where, "no thread to look at %s with", f->settings->path);
        return END;
    }
    f->working = true;
    f->waiting++;
    return then;
}

/* ---- look ---- */

/* Once an hour: nobody waits for it, and done/ may be long. */
static void plan_purge(struct gw_folder *f)
{
    const uint64_t now_ms = f->clock->monotonic_ms(f->clock->ctx);

    f->purge_before = 0;
    f->purged = (struct folder_purge){0, 0};
    if (f->settings->done_days == 0 || now_ms < f->purge_ms)
        return;
    f->purge_before = f->clock->utc(f->clock->ctx) - (int64_t)f->settings->done_days * DAY_S;
    f->purge_ms = now_ms + PURGE_EVERY_MS;
}

static enum step look(struct gw_folder *f)
{
    f->trouble = (struct gw_error){.status = GW_OK};
    sightings_clear(&f->now);
    plan_purge(f);
    return start_work(f, look_on_thread, PICK);
}

/* ---- pick ---- */

static void on_timer(uv_timer_t *timer)
{
    struct gw_folder *f = timer->data;

    f->pausing = false;
    f->waiting--;
    run(f);
}

static enum step rest(struct gw_folder *f)
{
    const unsigned look_s = f->settings->look_s ? f->settings->look_s : DEFAULT_S;

    if (f->stopped)
        return LOOK;
    f->pausing = true;
    f->waiting++;
    gw_clock_start(f->clock, &f->timer, on_timer, look_s * 1000ull);
    return LOOK;
}

/* What was seen is what the next look is compared with. */
static void remember(struct gw_folder *f)
{
    struct sightings old = f->before;

    f->before = f->now;
    f->now = old;
}

static enum step pick_file(struct gw_folder *f, const struct sighting *sighting)
{
    free(f->name);
    f->name = strdup(sighting->name);
    f->failure = (struct gw_error){.status = GW_OK};
    memset(&f->answer, 0, sizeof f->answer);
    if (f->name)
        return f->left ? LEARN : TAKE;
    gw_fail(&f->err, GW_ENOMEM, where, "no memory for the name of a file");
    return END;
}

/* What the file system refuses ends the watching: whoever supervises it tells an operator, and starts it again. */
static bool in_trouble(struct gw_folder *f)
{
    if (f->trouble.status == GW_OK || f->trouble.status == GW_ERETRY)
        return false;
    f->err = f->trouble;
    return true;
}

/* The oldest one that is whole, of those with that word in their names. */
static const struct sighting *next_file(const struct sightings *seen, const char *word)
{
    for (size_t i = 0; i < seen->count; i++)
        if (seen->list[i].whole && strcasestr(seen->list[i].name, word))
            return &seen->list[i];
    return NULL;
}

/* One file a look: what came meanwhile is seen before the next is taken. */
static enum step pick(struct gw_folder *f)
{
    const unsigned quiet_s = f->settings->quiet_s ? f->settings->quiet_s : DEFAULT_S;
    const struct sighting *next;

    if (in_trouble(f))
        return END;
    if (f->settings->purged && (f->purged.removed || f->purged.left))
        f->settings->purged(f->settings->ctx, f->purged.removed, f->purged.left);
    if (f->left)
        return pick_file(f, &f->now.list[0]);
    sightings_update(&f->now, &f->before, f->clock->monotonic_ms(f->clock->ctx), quiet_s * 1000ull);
    remember(f);
    next = next_file(&f->before, "patient");
    if (!next)
        next = next_file(&f->before, "");
    return next ? pick_file(f, next) : rest(f);
}

/* ---- take, learn, deliver ---- */

static enum step take(struct gw_folder *f)
{
    return start_work(f, take_on_thread, LEARN);
}

static enum step start_feed(struct gw_folder *f, bool skim, feed_done on_end, enum step then)
{
    char path[FOLDER_PATH_BYTES];

    folder_path(f->settings->path, "work", f->name, path);
    f->feed_settings = (struct feed_settings){.store = f->settings->store,
                                              .intake = f->settings->intake,
                                              .clock = f->clock,
                                              .delivery = f->delivery,
                                              .skim = skim};
    if (feed_start(f->loop, &f->feed_settings, FEED_FILES, path, on_end, f, &f->feed, &f->err) != GW_OK)
        return END;
    f->waiting++;
    return then;
}

/* What is wrong with the file is found again when it is read. */
static void on_learnt(void *ctx, const struct feed_answer *answer, const struct gw_error *ignored)
{
    struct gw_folder *f = ctx;

    (void)answer, (void)ignored;
    f->feed = NULL;
    f->waiting--;
    run(f);
}

/* The Patients of a file may stand behind what needs their ids. */
static enum step learn(struct gw_folder *f)
{
    if (in_trouble(f))
        return END;
    if (f->trouble.status == GW_ERETRY)
        return rest(f); /* somebody took it back */
    return f->settings->by_record_number ? start_feed(f, true, on_learnt, DELIVER) : DELIVER;
}

static void on_delivery(void *ctx, const struct gw_error *failure)
{
    struct gw_folder *f = ctx;

    f->waiting--;
    if (failure)
        f->err = *failure;
    run(f);
}

static enum step deliver(struct gw_folder *f)
{
    struct gw_deliveries *deliveries = f->settings->deliveries;
    char now[GW_INSTANT_BYTES];

    gw_instant_print(f->clock->utc(f->clock->ctx), now);
    snprintf(f->day, sizeof f->day, "%.10s", now);
    if (deliveries->open(deliveries, f->name, f->day, &f->delivery, on_delivery, f, &f->err) != GW_OK)
        return END;
    f->waiting++;
    return READ;
}

/* ---- read ---- */

/* A file that cannot be read has failed; that we cannot keep what is in it is no fault of the file. */
static void on_read(void *ctx, const struct feed_answer *answer, const struct gw_error *failure)
{
    struct gw_folder *f = ctx;

    f->feed = NULL;
    f->waiting--;
    f->answer = *answer;
    if (failure && answer->files.refused > 0)
        f->failure = *failure;
    else if (failure && failure->status != GW_ECANCELED)
        f->err = *failure;
    run(f);
}

static enum step read_file(struct gw_folder *f)
{
    return start_feed(f, false, on_read, NOTE);
}

/* ---- note, put, tell ---- */

static void on_noted(void *ctx, const struct gw_error *failure)
{
    struct gw_folder *f = ctx;

    f->waiting--;
    if (failure)
        f->err = *failure;
    run(f);
}

/* While it is in work/: whoever is killed before the note is durable reads the file, and notes it, again. */
static enum step note(struct gw_folder *f)
{
    if (!f->settings->read || f->failure.status != GW_OK)
        return PUT;
    if (f->settings->read(f->settings->ctx, on_noted, f, &f->err) != GW_OK)
        return END;
    f->waiting++;
    return PUT;
}

static enum step put(struct gw_folder *f)
{
    return start_work(f, put_on_thread, TELL);
}

static enum step tell(struct gw_folder *f)
{
    const struct gw_folder_file file = {.name = f->name,
                                        .failed = f->failure.status != GW_OK,
                                        .failure = f->failure.status != GW_OK ? &f->failure : NULL,
                                        .entries = f->answer.files.entries,
                                        .invalid = f->answer.files.invalid,
                                        .fresh = f->answer.fresh,
                                        .repeats = f->answer.repeats,
                                        .conflicts = f->answer.conflicts,
                                        .door = f->answer.door};

    if (in_trouble(f))
        return END; /* it is in work/ still, and will be read again */
    if (f->settings->ended)
        f->settings->ended(f->settings->ctx, &file);
    return LOOK;
}

/* ---- the loop of steps ---- */

static void drop(struct gw_folder *f)
{
    sightings_release(&f->before);
    sightings_release(&f->now);
    free(f->name);
    free(f);
}

static void on_closed(uv_handle_t *handle)
{
    struct gw_folder *f = handle->data;

    f->done(f->ctx, f->err.status == GW_OK ? NULL : &f->err);
    drop(f);
}

/* A file that was read is noted and put away before we stop: another process would read it again. */
static void run(struct gw_folder *f)
{
    static enum step (*const steps[])(struct gw_folder *) = {look,      pick, take, learn, deliver,
                                                             read_file, note, put,  tell};

    while (f->waiting == 0) {
        const bool was_read =
            (f->step == NOTE || f->step == PUT) && f->answer.files.files + f->answer.files.refused > 0;

        if (f->step == END || f->err.status != GW_OK || (f->stopped && f->step != TELL && !was_read)) {
            uv_close((uv_handle_t *)&f->timer, on_closed);
            return;
        }
        f->step = steps[f->step](f);
    }
}

/* ---- lifetime ---- */

enum gw_status gw_folder_start(uv_loop_t *loop, const struct gw_folder_settings *settings, gw_folder_done done,
                               void *ctx, struct gw_folder **out, struct gw_error *err)
{
    struct gw_folder *f;

    if (!folder_fits(settings->path))
        return gw_fail(err, GW_ECONFIG, where, "\"folder\" is a path of more than %d bytes; give a shorter one",
                       FOLDER_PATH_MOST);
    f = calloc(1, sizeof *f);
    if (!f)
        return gw_fail(err, GW_ENOMEM, where, "no memory to watch %s", settings->path);
    f->loop = loop;
    f->settings = settings;
    f->clock = settings->clock ? settings->clock : &gw_system_clock;
    f->done = done;
    f->ctx = ctx;
    uv_timer_init(loop, &f->timer);
    f->timer.data = f;
    f->waiting = 1;
    uv_timer_start(&f->timer, on_timer, 0, 0);
    *out = f;
    return GW_OK;
}

static void cut_wait(struct gw_folder *f)
{
    if (!f->pausing)
        return;
    gw_clock_stop(f->clock, &f->timer);
    uv_timer_start(&f->timer, on_timer, 0, 0);
}

void gw_folder_stop(struct gw_folder *folder)
{
    folder->stopped = true;
    if (folder->feed)
        feed_cancel(folder->feed);
    cut_wait(folder);
}

bool gw_folder_at_work(const struct gw_folder *folder)
{
    return folder->working || folder->feed;
}
