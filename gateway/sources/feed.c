/*
 * A file read beside the loop.
 *
 * The thread owns all of the reading but the page at hand, which is the loop's from uv_async_send to uv_sem_post.
 */
#include "sources/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/bulk_ask.h"

static const char where[] = "sources.feed";

enum { NOTE_MAX_BYTES = 1 << 20, SEVERITY_ERROR = 2 };

struct feed {
    uv_async_t async; /* data: the feed */
    uv_thread_t thread;
    uv_sem_t answered;
    uv_mutex_t lock;
    const struct feed_settings *settings;
    enum feed_form form;
    char *path;
    feed_done done;
    void *ctx;

    /* Under the lock. */
    bool waiting; /* a page is there to be kept */
    bool ended;   /* the thread has nothing more to do */
    bool cancelled;

    struct gw_keep_page page;
    struct gw_keep_answer kept;
    struct gw_error page_failure; /* of the page at hand */

    struct feed_answer answer;
    struct gw_error failure; /* status GW_OK: none */
};

/* ---- the thread ---- */

static bool is_of_nobody(const struct gw_keep_entry *entry)
{
    return entry->mode == GW_KEEP_DOOR && !entry->item && entry->type &&
           (gw_same(entry->reason, "NOT_ENROLLED") || gw_same(entry->reason, "TYPE_NOT_READ"));
}

static struct gw_keep_entry *find_like(struct gw_keep_entry *entries, size_t count, const struct gw_keep_entry *like)
{
    for (size_t i = 0; i < count; i++)
        if (is_of_nobody(&entries[i]) && gw_same(entries[i].type, like->type) &&
            gw_same(entries[i].reason, like->reason))
            return &entries[i];
    return NULL;
}

/* How many there were of each type, and nothing else of them. */
static size_t put_together(struct gw_keep_entry *entries, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct gw_keep_entry *entry = &entries[i], *like;

        if (!is_of_nobody(entry)) {
            entries[kept++] = *entry;
            continue;
        }
        like = find_like(entries, kept, entry);
        if (like) {
            like->part_count += entry->part_count;
            continue;
        }
        entry->id = entry->version_id = entry->last_updated = NULL;
        entry->line = 0;
        entry->components_only = false;
        entries[kept++] = *entry;
    }
    return kept;
}

static void count_types(struct feed *f, const struct gw_keep_entry *entries, size_t count)
{
    for (size_t i = 0; f->settings->type && i < count; i++)
        f->answer.mistyped += entries[i].type && strcmp(entries[i].type, f->settings->type) != 0;
}

/* Hand the page to the loop and wait for what became of it. */
static enum gw_status hand_over(struct feed *f, struct gw_error *err)
{
    uv_mutex_lock(&f->lock);
    const bool cancelled = f->cancelled;
    f->waiting = !cancelled && !f->settings->skim;
    uv_mutex_unlock(&f->lock);
    if (cancelled)
        return gw_fail(err, GW_ECANCELED, where, "cancelled while a file was read");
    if (f->settings->skim)
        return GW_OK;
    uv_async_send(&f->async);
    uv_sem_wait(&f->answered);
    if (f->page_failure.status == GW_OK)
        return GW_OK;
    *err = f->page_failure;
    return err->status;
}

static enum gw_status take_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *err)
{
    struct feed *f = ctx;

    count_types(f, entries, count);
    f->page.entries = entries;
    f->page.count = put_together(entries, count);
    return hand_over(f, err);
}

/* What the server says of its export: of which types something may be missing. One that names none is about all. */
static void weigh_outcome(struct feed *f, const struct gw_entry *entry)
{
    struct gw_arena arena = GW_ARENA_INIT(NOTE_MAX_BYTES);
    struct feed_answer *answer = &f->answer;
    int worst = 0;
    const char *note = entry->resource ? gw_outcome_print(&arena, entry->resource, &worst) : NULL;
    const bool serious = !note || worst >= SEVERITY_ERROR || strstr(note, "incomplete");

    snprintf(answer->note, sizeof answer->note, "%s", note ? note : "unreadable");
    if (serious && f->settings->wanted) {
        const struct bulk_types about = bulk_named_types(f->settings->wanted, entry->raw);

        answer->all = answer->all || !bulk_has_type(&about);
        for (int i = 0; i < GW_RESOURCE_COUNT; i++)
            answer->flawed.of[i] = answer->flawed.of[i] || about.of[i];
    }
    gw_arena_release(&arena);
}

static void meet(void *ctx, const struct gw_entry *entry)
{
    struct feed *f = ctx;

    f->answer.deletions += entry->mode == GW_ENTRY_DELETED;
    f->answer.outcomes += entry->mode == GW_ENTRY_OUTCOME;
    if (entry->mode == GW_ENTRY_OUTCOME)
        weigh_outcome(f, entry);
}

static void read_it(struct feed *f)
{
    const struct gw_files files = {.intake = f->settings->intake,
                                   .page = take_page,
                                   .ctx = f,
                                   .base = f->settings->base,
                                   .bundles = f->form == FEED_DELETED,
                                   .met = meet};

    if (gw_files_read(&files, f->path, &f->answer.files, &f->failure) == GW_OK)
        f->failure = f->answer.files.first;
}

static void run_thread(void *ctx)
{
    struct feed *f = ctx;

    read_it(f);
    uv_mutex_lock(&f->lock);
    f->ended = true;
    uv_mutex_unlock(&f->lock);
    uv_async_send(&f->async);
}

/* ---- the loop ---- */

static void drop(struct feed *f)
{
    uv_sem_destroy(&f->answered);
    uv_mutex_destroy(&f->lock);
    free(f->path);
    free(f);
}

static void on_closed(uv_handle_t *handle)
{
    struct feed *f = handle->data;

    f->done(f->ctx, &f->answer, f->failure.status == GW_OK ? NULL : &f->failure);
    drop(f);
}

/* No thread: it was refused at the door, and nobody is told. */
static void on_refused(uv_handle_t *handle)
{
    drop(handle->data);
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct feed *f = ctx;

    if (failure) {
        f->page_failure = *failure;
    } else {
        f->answer.fresh += f->kept.fresh;
        f->answer.repeats += f->kept.repeats;
        f->answer.conflicts += f->kept.conflicts;
        f->answer.door += f->kept.door;
    }
    uv_sem_post(&f->answered);
}

static void keep(struct feed *f)
{
    const struct gw_clock *clock = f->settings->clock ? f->settings->clock : &gw_system_clock;
    struct gw_store *store = f->settings->store;

    f->page.delivery = f->settings->delivery;
    f->page.fetched_at = clock->utc(clock->ctx);
    f->kept = (struct gw_keep_answer){0};
    if (store->keep(store, &f->page, &f->kept, on_kept, f, &f->page_failure) != GW_OK)
        uv_sem_post(&f->answered);
}

static void on_async(uv_async_t *async)
{
    struct feed *f = async->data;

    uv_mutex_lock(&f->lock);
    const bool waiting = f->waiting, ended = f->ended;
    f->waiting = false;
    uv_mutex_unlock(&f->lock);
    if (waiting)
        keep(f);
    if (!ended || uv_is_closing((uv_handle_t *)async))
        return;
    uv_thread_join(&f->thread);
    uv_close((uv_handle_t *)async, on_closed);
}

/* ---- lifetime ---- */

enum gw_status feed_start(uv_loop_t *loop, const struct feed_settings *settings, enum feed_form form, const char *path,
                          feed_done done, void *ctx, struct feed **out, struct gw_error *err)
{
    struct feed *f = calloc(1, sizeof *f);

    if (!f || !(f->path = strdup(path))) {
        free(f);
        return gw_fail(err, GW_ENOMEM, where, "no memory to read a file");
    }
    f->settings = settings;
    f->form = form;
    f->done = done;
    f->ctx = ctx;
    uv_sem_init(&f->answered, 0);
    uv_mutex_init(&f->lock);
    if (uv_async_init(loop, &f->async, on_async) != 0) {
        drop(f);
        return gw_fail(err, GW_ENOMEM, where, "no memory to read a file");
    }
    f->async.data = f;
    if (uv_thread_create(&f->thread, run_thread, f) != 0) {
        uv_close((uv_handle_t *)&f->async, on_refused);
        return gw_fail(err, GW_ENOMEM, where, "no thread to read a file with");
    }
    *out = f;
    return GW_OK;
}

void feed_cancel(struct feed *feed)
{
    uv_mutex_lock(&feed->lock);
    feed->cancelled = true;
    uv_mutex_unlock(&feed->lock);
}
