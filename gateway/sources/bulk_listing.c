/*
 * An export waited for, and its files listed.
 */
#include <ctype.h>

#include "gateway/core/date.h"
#include "sources/bulk_parts.h"

enum { PAGES_MAX = 1000, AHEAD_MAX_S = 300 };

/* ---- poll ---- */

static void begin_listing(struct gw_bulk *b)
{
    gw_id_set_clear(b->pages);
    b->listed = NULL;
    b->listed_count = b->listed_capacity = 0;
    b->as_of = NULL;
    gw_text_clear(&b->url);
    gw_text_add(&b->url, b->job.status_url);
}

/* The status URL, or in the middle of a listing the manifest's next page. */
enum step bulk_poll(struct gw_bulk *b)
{
    struct gw_session_request request = {.accept = "application/json", .max_bytes = GW_BULK_MANIFEST_BYTES};

    if (!b->as_of)
        begin_listing(b);
    request.url = b->url.at;
    return bulk_ask_web(b, &request, STATUS);
}

/* ---- status ---- */

static void show_progress(struct gw_bulk *b)
{
    size_t length = 0;

    for (const char *at = b->response.x_progress; *at && length < sizeof b->progress - 1; at++)
        b->progress[length++] = isprint((unsigned char)*at) ? *at : '?';
    b->progress[length] = '\0';
}

static enum step wait_for_job(struct gw_bulk *b)
{
    const int64_t age = bulk_now(b) - b->job.asked;
    unsigned wait_s = GW_BULK_POLL_FIRST_S << (b->polls < 7 ? b->polls : 7);

    show_progress(b);
    if (age > GW_BULK_JOB_S)
        return bulk_start_anew(b, "was under way for three days without an end");
    b->tries = 0;
    b->polls++;
    wait_s = wait_s < GW_BULK_POLL_MAX_S ? wait_s : GW_BULK_POLL_MAX_S;
    if (b->response.retry_after_s > 0)
        wait_s = (unsigned)b->response.retry_after_s;
    return bulk_wait_then(b, wait_s * 1000ull, POLL);
}

static enum step job_failed(struct gw_bulk *b, const struct gw_error *failure)
{
    if (b->response.status == 500 && b->tries + 1 >= GW_BULK_TRIES_MAX)
        return bulk_start_anew(b, "failed at the server (status 500)");
    return bulk_try_again(b, failure, POLL);
}

/* With separate-export-status a 200 says that we may ask, and a header how the job stands. */
enum step bulk_status(struct gw_bulk *b)
{
    struct gw_error failure;
    enum gw_status rc;

    if (b->transfer.status != GW_OK)
        return bulk_may_pass(b) ? bulk_try_again(b, &b->transfer, POLL) : bulk_end_with(b, &b->transfer);
    if (b->response.status == 200 && b->response.export_status)
        b->response.status = b->response.export_status;
    if (b->response.status == 202)
        return wait_for_job(b);
    if (b->response.status == 200)
        return LIST;
    if (b->response.status == 404 || b->response.status == 410)
        return bulk_start_anew(b, "was forgotten by the server");
    rc = gw_http_verdict(&b->response, b->url.at, &failure);
    if (rc == GW_ERETRY)
        return job_failed(b, &failure);
    if (rc == GW_EDENIED)
        return bulk_end_with(b, &failure);
    return bulk_give_up(b, &failure);
}

/* ---- list ---- */

/* What was not asked for is not fetched: a server may ignore _type. */
static bool is_wanted(const struct gw_bulk *b, const struct bulk_entry *entry)
{
    return entry->kind != BULK_OUTPUT || !entry->type || b->job.types.of[gw_resource_of(entry->type)];
}

static bool append(struct gw_bulk *b, const struct bulk_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++) {
        struct bulk_entry *slot;

        if (!is_wanted(b, &manifest->entries[i]))
            continue;
        slot = GW_ARENA_PUSH(&b->arena, b->listed, b->listed_count, b->listed_capacity);
        if (!slot)
            return false;
        *slot = manifest->entries[i];
    }
    return true;
}

/* Patients, other data, deletions, remarks; each in the manifest's order. */
static int rank_of(const struct bulk_entry *entry)
{
    if (entry->kind == BULK_OUTPUT)
        return gw_same(entry->type, "Patient") ? 0 : 1;
    return entry->kind == BULK_DELETED ? 2 : 3;
}

static bool make_files(struct gw_bulk *b)
{
    b->files.list = gw_arena_alloc(&b->arena, (b->listed_count + 1) * sizeof *b->files.list);
    b->files.renewed = gw_arena_alloc(&b->arena, b->listed_count + 1);
    b->files.count = 0;
    if (!b->files.list || !b->files.renewed)
        return false;
    for (int rank = 0; rank <= 3; rank++)
        for (size_t i = 0; i < b->listed_count; i++)
            if (rank_of(&b->listed[i]) == rank)
                b->files.list[b->files.count++] = (struct bulk_file){.kind = b->listed[i].kind,
                                                                     .type = b->listed[i].type,
                                                                     .url = b->listed[i].url,
                                                                     .count = b->listed[i].count,
                                                                     .lines = -1};
    return true;
}

static enum step list_first(struct gw_bulk *b)
{
    char name[16];
    bool fine = make_files(b);

    b->job.state = BULK_LOADING;
    b->job.as_of = b->as_of;
    b->job.requires_token = b->requires_token;
    b->job.ahead = b->ahead;
    fine = fine && bulk_change_job(b);
    for (size_t i = 0; fine && i < b->files.count; i++) {
        struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);

        bulk_file_print(&b->files.list[i], &text);
        bulk_file_name(i, name);
        fine = bulk_change(b, FILES, name, &text);
        gw_text_release(&text);
    }
    return bulk_write_notes(b, fine, LOAD);
}

/* The same files under new addresses: anything else is another export than the one we are loading. */
static enum step list_again(struct gw_bulk *b)
{
    const struct bulk_files known = b->files;
    bool same;

    if (!make_files(b))
        return bulk_no_memory(b);
    same = b->files.count == known.count && gw_same(b->as_of, b->job.as_of);
    for (size_t i = 0; same && i < known.count; i++)
        same = b->files.list[i].kind == known.list[i].kind && gw_same(b->files.list[i].type, known.list[i].type) &&
               b->files.list[i].count == known.list[i].count;
    for (size_t i = 0; same && i < known.count; i++)
        known.list[i].url = b->files.list[i].url;
    b->files = known;
    return same ? LOAD : bulk_start_anew(b, "changed its list of files while they were loaded");
}

static enum step next_page(struct gw_bulk *b, const char *link)
{
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    enum gw_status rc = gw_gate_resolve(b->settings->web->gate, b->url.at, link, &url, &b->err);

    gw_text_release(&b->url);
    b->url = url;
    return rc == GW_OK ? POLL : END;
}

/* By the server's own clock, where it tells the time: what comes to be until then would be missed the next day. */
static bool is_ahead(const struct gw_bulk *b, const char *instant)
{
    const int64_t now = b->response.date ? b->response.date : bulk_now(b);
    int64_t nanoseconds;

    return gw_instant_read(instant, &nanoseconds) && nanoseconds / 1000000000 > now + AHEAD_MAX_S;
}

/* One page of the manifest. Pages of one export are as of one instant, and none comes twice. */
static enum step take_page(struct gw_bulk *b, const struct bulk_manifest *manifest)
{
    b->tries = b->polls = 0;
    if (b->as_of && !gw_same(b->as_of, manifest->transaction_time))
        return bulk_start_anew(b, "changed while its list of files was read");
    if (gw_id_set_has(b->pages, b->url.at) || gw_id_set_count(b->pages) >= PAGES_MAX)
        return bulk_start_anew(b, "has a list of files that leads back to itself");
    b->as_of = manifest->transaction_time;
    b->ahead = is_ahead(b, manifest->transaction_time);
    b->requires_token = manifest->requires_token;
    if (!gw_id_set_add(b->pages, b->url.at) || !append(b, manifest))
        return bulk_no_memory(b);
    if (manifest->next)
        return next_page(b, manifest->next);
    if (b->job.state == BULK_WAITING)
        return list_first(b);
    return list_again(b);
}

enum step bulk_list(struct gw_bulk *b)
{
    const struct gw_slice text = {b->response.body.at, b->response.body.length};
    struct bulk_manifest manifest = {0};
    struct gw_error failure;
    const enum gw_status rc = bulk_manifest_read(&b->arena, text, &manifest, &failure);

    if (rc == GW_OK)
        return take_page(b, &manifest);
    if (rc == GW_ENOMEM)
        return bulk_no_memory(b);
    b->as_of = NULL;
    return bulk_try_again(b, &failure, POLL); /* a proxy's page with status 200, or a body cut by it: it may pass */
}
