/*
 * Downloading one file.
 */
#include "sources/bulk_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/json.h"
#include "gateway/net/inflate.h"
#include "gateway/sources/files.h"
#include "sources/bulk_wait.h"

static const char where[] = "sources.bulk";

enum { REDIRECTS_MAX = 3, TREE_MAX_BYTES = 128 << 20, PATH_BYTES = 4096 };

enum step { ASK, JUDGE, SETTLE, WEIGH, END };

struct fetch {
    uv_timer_t timer; /* of waits, and carries the start and the end out to the loop */
    uv_work_t work;
    struct fetch_order order;
    struct gw_arena arena; /* of the order's texts */
    fetch_done done;
    void *ctx;

    enum step step;
    unsigned waiting;
    bool pausing, in_flight, settling;
    bool cancelled, hurried;
    uint64_t call;
    unsigned tries, redirects;
    struct gw_text url; /* being asked */
    struct gw_http_response response;
    struct gw_error transfer; /* of the transfer; status GW_OK: an answer came */
    struct gw_error err;

    int fd;
    char part[PATH_BYTES];
    bool packed, has_text; /* the bytes are gzip; the last line has something in it */
    struct fetch_answer answer;
};

/* ---- what arrives ---- */

static void count_lines(struct fetch *f, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            f->answer.lines += f->has_text;
            f->has_text = false;
        } else {
            f->has_text = f->has_text || !strchr(" \t\r", bytes[i]) || !bytes[i];
        }
    }
}

static enum gw_status disk_failed(struct fetch *f, const char *what, struct gw_error *err)
{
    return gw_fail(err, GW_EIO, where, "%s: %s: %s", f->part, what, strerror(errno));
}

static enum gw_status take(void *ctx, const char *bytes, size_t length, struct gw_error *err)
{
    struct fetch *f = ctx;

    if (f->answer.bytes == 0)
        f->packed = (unsigned char)bytes[0] == 0x1f;
    if (!f->packed)
        count_lines(f, bytes, length);
    for (size_t at = 0; at < length;) {
        const ssize_t wrote = write(f->fd, bytes + at, length - at);

        if (wrote < 0 && errno != EINTR)
            return disk_failed(f, "cannot write", err);
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    f->answer.bytes += length;
    return GW_OK;
}

/* Each try writes the file from its beginning. */
static enum gw_status open_part(struct fetch *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = open(f->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    f->answer.bytes = 0;
    f->answer.lines = 0;
    f->answer.cut = false;
    f->packed = f->has_text = false;
    return f->fd < 0 ? disk_failed(f, "cannot be made", &f->err) : GW_OK;
}

/* ---- waiting ---- */

static void run(struct fetch *f);

static void on_timer(uv_timer_t *timer)
{
    struct fetch *f = timer->data;

    f->pausing = false;
    f->waiting--;
    run(f);
}

static enum step end_with(struct fetch *f, const struct gw_error *failure)
{
    f->err = *failure;
    return END;
}

/* Another try, or none: the server had enough of them. */
static enum step try_again(struct fetch *f, const struct gw_error *failure)
{
    const bool throttled = f->response.status == 429 || f->response.status == 503;

    f->answer.retry_after_s = f->response.retry_after_s;
    f->redirects = 0;
    if (f->hurried || ++f->tries >= GW_BULK_TRIES_MAX)
        return end_with(f, failure);
    f->transfer = *failure;
    f->pausing = true;
    f->waiting++;
    gw_clock_start(f->order.settings->clock, &f->timer, on_timer,
                   bulk_wait_ms(f->tries, throttled, f->response.retry_after_s));
    return ASK;
}

/* ---- ask ---- */

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct fetch *f = ctx;

    f->in_flight = false;
    f->waiting--;
    if (failure)
        f->transfer = *failure;
    run(f);
}

static enum step ask(struct fetch *f)
{
    struct gw_web *web = f->order.settings->web;
    struct gw_session_request request = {
        .accept = "application/fhir+ndjson, application/ndjson, application/x-ndjson",
        .max_bytes = GW_INFLATE_FILE_MAX,
        .total_ms = GW_BULK_FILE_TOTAL_MS,
        .sink = take,
        .sink_ctx = f,
        .without_token = !f->order.with_token,
    };

    if (f->hurried && f->tries)
        return end_with(f, &f->transfer);
    if (f->redirects == 0 && gw_gate_resolve(web->gate, f->order.request, f->order.url, &f->url, &f->err) != GW_OK)
        return END;
    if (open_part(f) != GW_OK)
        return END;
    gw_http_response_clear(&f->response);
    f->transfer = (struct gw_error){.status = GW_OK};
    request.url = f->url.at;
    if (web->ask(web, &request, &f->response, on_answer, f, &f->call, &f->err) != GW_OK)
        return END;
    f->in_flight = true;
    f->waiting++;
    f->answer.requests++;
    return JUDGE;
}

/* ---- judge ---- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* To storage, as Cerner does: through the gate like any link; the token stays with the endpoint's own origin. */
static enum step follow(struct fetch *f)
{
    struct gw_text from = f->url;
    enum gw_status rc;

    f->url = (struct gw_text)GW_TEXT_INIT(GW_URL_MAX);
    if (f->redirects++ == REDIRECTS_MAX)
        rc = gw_fail(&f->err, GW_EPROTO, where, "%s: its download was redirected more than %d times",
                     f->order.described, REDIRECTS_MAX);
    else
        rc = gw_gate_resolve(f->order.settings->web->gate, from.at, f->response.location.at, &f->url, &f->err);
    gw_text_release(&from);
    return rc == GW_OK ? ASK : END;
}

static bool is_no_data(const char *content_type)
{
    return strncasecmp(content_type, "text/html", 9) == 0 || strstr(content_type, "xml");
}

static enum step judge_page(struct fetch *f)
{
    struct gw_error failure;

    if (!is_no_data(f->response.content_type))
        return SETTLE;
    gw_fail(&failure, GW_EPROTO, where,
            "%s: came as \"%s\", not as NDJSON: is a login page or a proxy between us and the files?",
            f->order.described, f->response.content_type);
    return try_again(f, &failure);
}

static enum step judge(struct fetch *f)
{
    const int status = f->response.status;
    struct gw_error failure;

    if (f->transfer.status == GW_ERETRY || (f->transfer.status == GW_EPROTO && f->response.incomplete))
        return try_again(f, &f->transfer);
    if (f->transfer.status != GW_OK)
        return end_with(f, &f->transfer);
    if (status >= 200 && status < 300)
        return judge_page(f);
    if (is_redirect(status))
        return follow(f);
    if (status == 404 || status == 410 || status == 403) { /* storage says 403 of a link whose time is over */
        f->answer.gone = true;
        return END;
    }
    if (gw_http_verdict(&f->response, f->url.at, &failure) == GW_ERETRY)
        return try_again(f, &failure);
    return end_with(f, &failure);
}

/* ---- settle ---- */

static enum gw_status read_tail(struct fetch *f, struct gw_text *tail)
{
    const off_t size = lseek(f->fd, 0, SEEK_END);
    const off_t from = size > (off_t)GW_FILES_LINE_MAX ? size - (off_t)GW_FILES_LINE_MAX : 0;
    char piece[65536];
    ssize_t got;

    for (off_t at = from; (got = pread(f->fd, piece, sizeof piece, at)) > 0; at += got)
        gw_text_append(tail, piece, (size_t)got);
    return got < 0 ? disk_failed(f, "cannot be read", &f->err) : GW_OK;
}

/* Without a line break at its end, a file may have lost the rest of its last line. */
static enum gw_status look_at_tail(struct fetch *f)
{
    struct gw_text tail = GW_TEXT_INIT(2 * (size_t)GW_FILES_LINE_MAX);
    struct gw_arena arena = GW_ARENA_INIT(TREE_MAX_BYTES);
    const cJSON *ignored;
    const char *line;
    enum gw_status rc;

    if (f->packed || !f->has_text)
        return GW_OK;
    rc = read_tail(f, &tail);
    line = memrchr(tail.at, '\n', tail.length);
    line = line ? line + 1 : tail.at;
    f->answer.cut =
        gw_json_parse(&arena, line, tail.length - (size_t)(line - tail.at), NULL, &ignored, NULL, NULL) != GW_OK;
    f->answer.lines++;
    gw_arena_release(&arena);
    gw_text_release(&tail);
    return rc;
}

static enum gw_status sync_folder(struct fetch *f)
{
    char copy[PATH_BYTES];
    int fd, failed;

    memcpy(copy, f->part, sizeof copy);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    failed = fd < 0 || fsync(fd) != 0;
    if (fd >= 0)
        close(fd);
    return failed ? disk_failed(f, "its folder cannot be synced", &f->err) : GW_OK;
}

static void settle_on_thread(uv_work_t *work)
{
    struct fetch *f = work->data;

    if (look_at_tail(f) != GW_OK)
        return;
    if (fsync(f->fd) != 0) {
        disk_failed(f, "cannot be synced", &f->err);
        return;
    }
    close(f->fd);
    f->fd = -1;
    if (rename(f->part, f->order.path) != 0)
        disk_failed(f, "cannot be renamed", &f->err);
    else
        sync_folder(f);
}

static void on_settled(uv_work_t *work, int status)
{
    struct fetch *f = work->data;

    (void)status;
    f->settling = false;
    f->waiting--;
    run(f);
}

static enum step settle(struct fetch *f)
{
    f->work.data = f;
    if (uv_queue_work(f->timer.loop, &f->work, settle_on_thread, on_settled) != 0) {
        gw_fail(&f->err, GW_ENOMEM, where, "no thread to finish a download with");
        return END;
    }
    f->settling = true;
    f->waiting++;
    return WEIGH;
}

/* ---- weigh ---- */

/* Less than was promised is worth another try; when the tries are over it is taken, and told. */
static enum step weigh(struct fetch *f)
{
    const bool few = f->order.count >= 0 && !f->packed && f->answer.lines < f->order.count;
    struct gw_error failure;

    if (f->packed)
        f->answer.lines = -1;
    if ((!few && !f->answer.cut) || f->hurried || f->cancelled || f->tries + 1 >= GW_BULK_TRIES_MAX)
        return END;
    gw_fail(&failure, GW_EPROTO, where, "%s: shorter than promised", f->order.described);
    return try_again(f, &failure);
}

/* ---- the loop of steps ---- */

static void drop(struct fetch *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        unlink(f->part);
    }
    gw_text_release(&f->url);
    gw_http_response_release(&f->response);
    gw_arena_release(&f->arena);
    free(f);
}

static void on_closed(uv_handle_t *handle)
{
    struct fetch *f = handle->data;

    f->done(f->ctx, &f->answer, f->err.status == GW_OK ? NULL : &f->err);
    drop(f);
}

static void run(struct fetch *f)
{
    static enum step (*const steps[])(struct fetch *) = {ask, judge, settle, weigh};

    while (f->waiting == 0) {
        if (f->cancelled && f->step < WEIGH && f->err.status == GW_OK)
            gw_fail(&f->err, GW_ECANCELED, where, "%s: the download was cancelled", f->order.described);
        if (f->step == END || f->err.status != GW_OK) {
            uv_close((uv_handle_t *)&f->timer, on_closed);
            return;
        }
        f->step = steps[f->step](f);
    }
}

/* ---- lifetime ---- */

static bool copy_order(struct fetch *f, const struct fetch_order *order)
{
    const char **const texts[] = {&f->order.described, &f->order.request, &f->order.url, &f->order.path};
    bool fine = true;

    f->order = *order;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = gw_arena_copy(&f->arena, *texts[i], strlen(*texts[i]));
        fine = fine && *texts[i];
    }
    return fine && snprintf(f->part, sizeof f->part, "%s.part", order->path) < (int)sizeof f->part;
}

enum gw_status fetch_start(uv_loop_t *loop, const struct fetch_order *order, fetch_done done, void *ctx,
                           struct fetch **out, struct gw_error *err)
{
    struct fetch *f = calloc(1, sizeof *f);

    if (!f)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a download");
    f->arena = (struct gw_arena)GW_ARENA_INIT(4 * GW_URL_MAX + PATH_BYTES);
    f->url = (struct gw_text)GW_TEXT_INIT(GW_URL_MAX);
    f->response = (struct gw_http_response)GW_HTTP_RESPONSE_INIT;
    f->fd = -1;
    f->done = done;
    f->ctx = ctx;
    if (!copy_order(f, order)) {
        drop(f);
        return gw_fail(err, GW_ENOMEM, where, "no memory for a download");
    }
    uv_timer_init(loop, &f->timer);
    f->timer.data = f;
    f->waiting = 1;
    uv_timer_start(&f->timer, on_timer, 0, 0);
    *out = f;
    return GW_OK;
}

static void cut_wait(struct fetch *f)
{
    if (!f->pausing)
        return;
    gw_clock_stop(f->order.settings->clock, &f->timer);
    uv_timer_start(&f->timer, on_timer, 0, 0);
}

void fetch_cancel(struct fetch *fetch)
{
    fetch->cancelled = true;
    cut_wait(fetch);
    if (fetch->in_flight)
        fetch->order.settings->web->cancel(fetch->order.settings->web, fetch->call);
}

void fetch_hurry(struct fetch *fetch)
{
    fetch->hurried = true;
    cut_wait(fetch);
}

bool fetch_at_work(const struct fetch *fetch)
{
    return fetch->settling;
}

uint64_t fetch_bytes(const struct fetch *fetch)
{
    return fetch->answer.bytes;
}
