/*
 * Loading the files of a job.
 */
#include "sources/bulk_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/bulk_fetch.h"
#include "sources/feed.h"

static const char where[] = "sources.bulk";

enum { NOTE_BYTES = 2 * GW_URL_MAX };

struct item { /* one file */
    struct bulk_load *load;
    struct bulk_file *file;
    size_t index;
    struct fetch *fetch;
    bool saving;
    char name[16];
    struct gw_text note;
    struct gw_note_change change;
};

struct bulk_load {
    uv_loop_t *loop;
    uv_timer_t timer; /* carries the start and the end out to the loop */
    const struct gw_bulk_settings *settings;
    const struct bulk_job *job;
    const struct bulk_files *files;
    struct gw_bulk_result *result;
    bulk_load_done done;
    void *ctx;

    struct gw_arena arena;
    const char *space;
    const char *base; /* "https://fhir.example.org/r4/" */
    struct item *items;
    size_t first;  /* all before it are read or lost */
    size_t listed; /* all before it were started or need no download */
    unsigned fetching, saving, unread;
    struct feed *feed;
    struct feed_settings feed_settings;
    bool may_renew, stale, cancelled, closing;
    struct gw_error err;
};

/* What a note calls spooled and somebody took away is listed again. */
static void find_missing(struct bulk_load *load)
{
    char path[BULK_PATH_BYTES];

    for (size_t i = 0; i < load->files->count; i++) {
        struct bulk_file *file = &load->files->list[i];

        bulk_spool_path(load->settings, file, i, path);
        if (file->progress == BULK_SPOOLED && access(path, F_OK) != 0)
            file->progress = BULK_LISTED;
        load->unread += file->progress == BULK_SPOOLED;
    }
}

/* ---- the end ---- */

static void pump(struct bulk_load *load);

static void drop(struct bulk_load *load)
{
    for (size_t i = 0; load->items && i < load->files->count; i++)
        gw_text_release(&load->items[i].note);
    free(load->items);
    gw_arena_release(&load->arena);
    free(load);
}

static void on_closed(uv_handle_t *handle)
{
    struct bulk_load *load = handle->data;

    load->done(load->ctx, load->stale, load->err.status == GW_OK ? NULL : &load->err);
    drop(load);
}

/* The first failure counts. Downloads under way may end well, those that wait end now. */
static void fail(struct bulk_load *load, const struct gw_error *failure)
{
    if (load->err.status == GW_OK)
        load->err = *failure;
    for (size_t i = 0; i < load->files->count; i++)
        if (load->items[i].fetch)
            fetch_hurry(load->items[i].fetch);
}

/* ---- notes ---- */

static void on_saved(void *ctx, const struct gw_error *failure)
{
    struct item *item = ctx;
    struct bulk_load *load = item->load;
    char path[BULK_PATH_BYTES];

    item->saving = false;
    load->saving--;
    gw_text_release(&item->note);
    item->note = (struct gw_text)GW_TEXT_INIT(NOTE_BYTES);
    if (failure) {
        fail(load, failure);
    } else if (item->file->progress >= BULK_READ) {
        bulk_spool_path(load->settings, item->file, item->index, path);
        unlink(path);
    }
    pump(load);
}

static void save(struct item *item)
{
    struct bulk_load *load = item->load;
    struct gw_notebook *notebook = load->settings->notebook;
    struct gw_error err;

    bulk_file_print(item->file, &item->note);
    item->change = (struct gw_note_change){load->space, item->name, item->note.at};
    if (item->note.failed)
        gw_fail(&err, GW_ENOMEM, where, "no memory for notes");
    else if (notebook->save(notebook, &item->change, 1, on_saved, item, &err) == GW_OK) {
        item->saving = true;
        load->saving++;
        return;
    }
    fail(load, &err);
}

static void lose(struct item *item)
{
    struct bulk_file *file = item->file;

    file->progress = BULK_LOST;
    if (file->kind == BULK_OUTPUT && file->type)
        file->flawed.of[gw_resource_of(file->type)] = true;
    else
        file->all = true;
    item->load->result->lost++;
    save(item);
}

/* ---- downloads ---- */

static void on_gone(struct item *item)
{
    struct bulk_load *load = item->load;

    if (load->files->renewed[item->index] || !load->may_renew) {
        lose(item);
        return;
    }
    load->files->renewed[item->index] = true;
    load->stale = true;
}

static void on_fetched(void *ctx, const struct fetch_answer *answer, const struct gw_error *failure)
{
    struct item *item = ctx;
    struct bulk_load *load = item->load;

    item->fetch = NULL;
    load->fetching--;
    load->result->requests += answer->requests;
    load->result->bytes += answer->bytes;
    if (failure) {
        load->result->retry_after_s = answer->retry_after_s;
        fail(load, failure);
    } else if (answer->gone) {
        on_gone(item);
    } else {
        load->unread++;
        item->file->progress = BULK_SPOOLED;
        item->file->lines = answer->lines;
        item->file->cut = answer->cut;
        save(item);
    }
    pump(load);
}

static void start_fetch(struct item *item)
{
    struct bulk_load *load = item->load;
    char path[BULK_PATH_BYTES], described[96];
    struct gw_error err;

    bulk_spool_path(load->settings, item->file, item->index, path);
    snprintf(described, sizeof described, "file %zu of the export (%s)", item->index + 1,
             item->file->type ? item->file->type : "no type given");
    const struct fetch_order order = {.settings = load->settings,
                                      .described = described,
                                      .request = load->job->status_url,
                                      .url = item->file->url,
                                      .with_token = load->job->requires_token,
                                      .count = item->file->count,
                                      .path = path};

    if (fetch_start(load->loop, &order, on_fetched, item, &item->fetch, &err) == GW_OK)
        load->fetching++;
    else
        fail(load, &err);
}

/* ---- reading ---- */

static void weigh(struct item *item, const struct feed_answer *answer)
{
    struct bulk_file *file = item->file;
    const int64_t read = file->kind == BULK_DELETED ? file->count : (int64_t)answer->files.entries;
    const int64_t got = file->lines >= 0 ? file->lines : read; /* packed: its lines were not counted as they came */
    const bool is_short = file->cut || got < file->count;

    file->progress = BULK_READ;
    file->lines = got;
    file->flawed = answer->flawed;
    file->all = answer->all;
    if (!is_short)
        return;
    item->load->result->lost++;
    if (file->kind == BULK_OUTPUT && file->type)
        file->flawed.of[gw_resource_of(file->type)] = true;
    else
        file->all = true;
}

static void add_up(struct gw_bulk_result *result, const struct feed_answer *answer)
{
    result->files += answer->files.files;
    result->entries += answer->files.entries;
    result->fresh += answer->fresh;
    result->repeats += answer->repeats;
    result->conflicts += answer->conflicts;
    result->door += answer->door;
    result->invalid += answer->files.invalid;
    result->mistyped += answer->mistyped;
    result->deletions += answer->deletions;
    result->outcomes += answer->outcomes;
    if (*answer->note)
        memcpy(result->note, answer->note, sizeof result->note);
}

static void on_read(void *ctx, const struct feed_answer *answer, const struct gw_error *failure)
{
    struct item *item = ctx;
    struct bulk_load *load = item->load;

    load->feed = NULL;
    load->unread--;
    add_up(load->result, answer);
    if (failure && answer->files.refused > 0) {
        snprintf(load->result->note, sizeof load->result->note, "%.*s", (int)sizeof load->result->note - 1,
                 failure->text);
        lose(item);
    } else if (failure) {
        fail(load, failure);
    } else {
        weigh(item, answer);
        save(item);
    }
    pump(load);
}

static void start_feed(struct item *item)
{
    struct bulk_load *load = item->load;
    const struct gw_bulk_settings *settings = load->settings;
    char path[BULK_PATH_BYTES];
    struct gw_error err;

    bulk_spool_path(settings, item->file, item->index, path);
    load->feed_settings = (struct feed_settings){
        .store = settings->store,
        .intake = settings->intake,
        .clock = settings->clock,
        .delivery = settings->delivery,
        .base = load->base,
        .type = item->file->kind == BULK_OUTPUT ? item->file->type : NULL,
        .wanted = item->file->kind == BULK_OUTCOME ? &load->job->types : NULL,
    };
    if (feed_start(load->loop, &load->feed_settings, item->file->kind == BULK_DELETED ? FEED_DELETED : FEED_FILES, path,
                   on_read, item, &load->feed, &err) != GW_OK)
        fail(load, &err);
}

/* ---- what to do next ---- */

static bool is_patients(const struct bulk_file *file)
{
    return file->kind == BULK_OUTPUT && gw_same(file->type, "Patient");
}

static bool is_over(const struct item *item)
{
    return item->file->progress >= BULK_READ && !item->saving;
}

/* Patients come first in the list; nothing else is read before the last of them is. */
static struct item *next_to_read(struct bulk_load *load)
{
    bool patients = false;

    for (size_t i = load->first; i < load->files->count; i++) {
        struct item *item = &load->items[i];

        if (is_over(item))
            continue;
        patients = patients || is_patients(item->file);
        if (patients && !is_patients(item->file))
            return NULL;
        if (item->file->progress == BULK_SPOOLED && !item->saving)
            return item;
    }
    return NULL;
}

static void start_fetches(struct bulk_load *load)
{
    const unsigned concurrent = load->settings->concurrent ? load->settings->concurrent : BULK_DEFAULT_CONCURRENT;

    while (load->listed < load->files->count && load->err.status == GW_OK && !load->stale &&
           load->fetching < concurrent && load->fetching + load->unread < 2 * concurrent) {
        struct item *item = &load->items[load->listed++];

        if (item->file->progress == BULK_LISTED)
            start_fetch(item);
    }
}

static void pump(struct bulk_load *load)
{
    struct item *next;

    if (load->cancelled && load->err.status == GW_OK)
        gw_fail(&load->err, GW_ECANCELED, where, "the export was cancelled while its files were loaded");
    while (load->first < load->files->count && is_over(&load->items[load->first]))
        load->first++;
    if (load->err.status == GW_OK)
        start_fetches(load);
    next = load->err.status == GW_OK && !load->feed ? next_to_read(load) : NULL;
    if (next)
        start_feed(next);
    if (load->fetching || load->saving || load->feed || load->closing)
        return;
    load->closing = true;
    uv_close((uv_handle_t *)&load->timer, on_closed);
}

static void on_start(uv_timer_t *timer)
{
    pump(timer->data);
}

/* ---- lifetime ---- */

static enum gw_status prepare(struct bulk_load *load, struct gw_error *err)
{
    load->arena = (struct gw_arena)GW_ARENA_INIT(4 * BULK_PATH_BYTES + GW_URL_MAX);
    load->items = calloc(load->files->count + 1, sizeof *load->items);
    load->space = bulk_space(&load->arena, "file", load->settings->intake->endpoint);
    load->base = gw_arena_print(&load->arena, "%s/", gw_gate_base(load->settings->web->gate));
    if (!load->items || !load->space || !load->base)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the files of an export");
    for (size_t i = 0; i < load->files->count; i++) {
        struct item *item = &load->items[i];

        *item =
            (struct item){.load = load, .file = &load->files->list[i], .index = i, .note = GW_TEXT_INIT(NOTE_BYTES)};
        bulk_file_name(i, item->name);
    }
    return bulk_clean_spool(load->settings, load->files, err);
}

enum gw_status bulk_load_start(uv_loop_t *loop, const struct gw_bulk_settings *settings, const struct bulk_job *job,
                               const struct bulk_files *files, bool may_renew, struct gw_bulk_result *result,
                               bulk_load_done done, void *ctx, struct bulk_load **out, struct gw_error *err)
{
    struct bulk_load *load = calloc(1, sizeof *load);
    enum gw_status rc;

    if (!load)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the files of an export");
    *load = (struct bulk_load){.loop = loop,
                               .settings = settings,
                               .job = job,
                               .files = files,
                               .may_renew = may_renew,
                               .result = result,
                               .done = done,
                               .ctx = ctx};
    rc = prepare(load, err);
    if (rc != GW_OK) {
        drop(load);
        return rc;
    }
    find_missing(load);
    uv_timer_init(loop, &load->timer);
    load->timer.data = load;
    uv_timer_start(&load->timer, on_start, 0, 0);
    *out = load;
    return GW_OK;
}

void bulk_load_cancel(struct bulk_load *load)
{
    load->cancelled = true;
    for (size_t i = 0; i < load->files->count; i++)
        if (load->items[i].fetch)
            fetch_cancel(load->items[i].fetch);
    if (load->feed)
        feed_cancel(load->feed);
}

bool bulk_load_at_work(const struct bulk_load *load)
{
    bool at_work = load->feed != NULL;

    for (size_t i = load->first; i < load->files->count; i++)
        at_work = at_work || (load->items[i].fetch && fetch_at_work(load->items[i].fetch));
    return at_work;
}

uint64_t bulk_load_bytes(const struct bulk_load *load)
{
    uint64_t bytes = 0;

    for (size_t i = load->first; i < load->files->count; i++)
        bytes += load->items[i].fetch ? fetch_bytes(load->items[i].fetch) : 0;
    return bytes;
}
