/*
 * Gzip by zlib, with the two things zlib leaves to its caller: that the end was really reached, and how much may come
 * out.
 */
#include "gateway/net/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char where[] = "net.inflate";

enum { GZIP_WINDOW = 15 + 16 /* zlib: gzip only, largest window */, FILE_PIECE = 64 * 1024, STEP_MAX = 1 << 30 };

struct gw_inflate {
    z_stream stream;
    bool begun;  /* a first byte came */
    bool inside; /* a member has begun and not ended */
    uint64_t in;
    uint64_t out;
    uint64_t max;
};

struct gw_inflate *gw_inflate_new(uint64_t max_bytes)
{
    struct gw_inflate *flow = calloc(1, sizeof(*flow));

    if (!flow)
        return NULL;
    flow->max = max_bytes;
    if (inflateInit2(&flow->stream, GZIP_WINDOW) != Z_OK) {
        free(flow);
        return NULL;
    }
    return flow;
}

void gw_inflate_free(struct gw_inflate *flow)
{
    if (!flow)
        return;
    inflateEnd(&flow->stream);
    free(flow);
}

/* One call of zlib: counts what went in and out. */
static int turn(struct gw_inflate *flow, struct gw_slice *in, char *out, size_t room, size_t *made)
{
    z_stream *stream = &flow->stream;
    const uInt offered = (uInt)(in->length < STEP_MAX ? in->length : STEP_MAX);
    const uInt free_room = (uInt)(room - *made < STEP_MAX ? room - *made : STEP_MAX);
    size_t taken, given;
    int rc;

    stream->next_in = (Bytef *)(uintptr_t)in->at; /* zlib does not write there */
    stream->avail_in = offered;
    stream->next_out = (Bytef *)out + *made;
    stream->avail_out = free_room;
    rc = inflate(stream, Z_NO_FLUSH);
    taken = offered - stream->avail_in;
    given = free_room - stream->avail_out;
    in->at += taken;
    in->length -= taken;
    flow->in += taken;
    flow->out += given;
    *made += given;
    return rc;
}

static enum gw_status within_limits(const struct gw_inflate *flow, struct gw_error *err)
{
    if (flow->out > flow->max)
        return gw_fail(err, GW_ENOMEM, where, "inflates to more than the %llu bytes allowed",
                       (unsigned long long)flow->max);
    if (flow->out > GW_INFLATE_RATIO_FROM && flow->out / GW_INFLATE_RATIO > flow->in)
        return gw_fail(err, GW_ENOMEM, where, "inflates to more than %u times its size: looks like a gzip bomb",
                       GW_INFLATE_RATIO);
    return GW_OK;
}

enum gw_status gw_inflate_step(struct gw_inflate *flow, struct gw_slice *in, char *out, size_t room, size_t *made,
                               struct gw_error *err)
{
    *made = 0;
    while (*made < room && (in->length > 0 || flow->inside)) {
        int rc;

        if (!flow->inside && flow->begun)
            inflateReset(&flow->stream); /* another member follows, or junk, which zlib will call a bad header */
        const bool first = !flow->begun;
        const bool opening = !flow->inside;
        flow->begun = flow->inside = true;
        rc = turn(flow, in, out, room, made);
        if (rc == Z_STREAM_END)
            flow->inside = false;
        else if (rc == Z_MEM_ERROR)
            return gw_fail(err, GW_ENOMEM, where, "no memory to inflate");
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return gw_fail(err, GW_EINPUT, where, "%s",
                           !opening || flow->stream.total_out > 0 ? "is damaged gzip (bad data or checksum)"
                           : first                                ? "is not gzip"
                                                                  : "holds something else after its end");
        if (within_limits(flow, err) != GW_OK)
            return GW_ENOMEM;
        if (rc == Z_BUF_ERROR || (rc == Z_OK && in->length == 0 && *made < room))
            break; /* needs more input */
    }
    return GW_OK;
}

enum gw_status gw_inflate_end(struct gw_inflate *flow, struct gw_error *err)
{
    if (!flow->begun || flow->inside)
        return gw_fail(err, GW_EINPUT, where, "ends before its gzip end mark: it was cut");
    return GW_OK;
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

struct gw_gzip {
    char *path;
    int fd;
    struct gw_inflate *inflate; /* NULL: a plain file */
    struct gw_slice pending;    /* read, not yet given out */
    bool at_end;                /* of the bytes on disk */
    uint64_t given;
    uint64_t max;
    char piece[FILE_PIECE];
};

/* Fill the piece when nothing is pending. */
static enum gw_status refill(struct gw_gzip *file, struct gw_error *err)
{
    size_t length = 0;

    if (file->pending.length > 0 || file->at_end)
        return GW_OK;
    while (length < sizeof(file->piece)) {
        const ssize_t got = read(file->fd, file->piece + length, sizeof(file->piece) - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return gw_fail(err, errno == EISDIR ? GW_ENOINPUT : GW_EIO, where, "%s: cannot read: %s", file->path,
                           strerror(errno));
        if (got == 0) {
            file->at_end = true;
            break;
        }
        length += (size_t)got;
    }
    file->pending = (struct gw_slice){file->piece, length};
    return GW_OK;
}

static enum gw_status out_of_memory(const char *path, struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "%s: no memory to read it", path);
}

static enum gw_status look_inside(struct gw_gzip *file, struct gw_error *err)
{
    enum gw_status rc = refill(file, err);

    if (rc != GW_OK || file->pending.length < 2 || memcmp(file->piece, "\x1f\x8b", 2) != 0)
        return rc;
    file->inflate = gw_inflate_new(file->max);
    return file->inflate ? GW_OK : out_of_memory(file->path, err);
}

enum gw_status gw_gzip_open(const char *path, uint64_t max_bytes, struct gw_gzip **out, struct gw_error *err)
{
    struct gw_gzip *file = calloc(1, sizeof(*file));
    enum gw_status rc;

    if (!file)
        return out_of_memory(path, err);
    file->max = max_bytes ? max_bytes : GW_INFLATE_FILE_MAX;
    file->path = strdup(path);
    file->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (!file->path)
        rc = out_of_memory(path, err);
    else if (file->fd < 0)
        rc = gw_fail(err, GW_ENOINPUT, where, "%s: cannot be opened: %s", path, strerror(errno));
    else
        rc = look_inside(file, err);
    if (rc == GW_OK)
        *out = file;
    else
        gw_gzip_close(file);
    return rc;
}

static enum gw_status read_plain(struct gw_gzip *file, char *out, size_t room, size_t *length, struct gw_error *err)
{
    while (*length < room) {
        enum gw_status rc = refill(file, err);
        size_t take = file->pending.length < room - *length ? file->pending.length : room - *length;

        if (rc != GW_OK || take == 0)
            return rc;
        memcpy(out + *length, file->pending.at, take);
        file->pending.at += take;
        file->pending.length -= take;
        *length += take;
        file->given += take;
        if (file->given > file->max)
            return gw_fail(err, GW_ENOMEM, where, "%s: larger than the %llu bytes allowed", file->path,
                           (unsigned long long)file->max);
    }
    return GW_OK;
}

static enum gw_status read_inflated(struct gw_gzip *file, char *out, size_t room, size_t *length, struct gw_error *err)
{
    struct gw_error reason = {0};
    enum gw_status rc = GW_OK;

    while (rc == GW_OK && *length < room) {
        size_t made = 0;

        rc = refill(file, err);
        if (rc != GW_OK)
            return rc;
        rc = gw_inflate_step(file->inflate, &file->pending, out + *length, room - *length, &made, &reason);
        *length += made;
        if (rc == GW_OK && made == 0 && file->pending.length == 0 && file->at_end) {
            rc = gw_inflate_end(file->inflate, &reason);
            break;
        }
    }
    return rc == GW_OK ? GW_OK
                       : gw_fail(err, rc, where, "%s: %s%s", file->path, reason.text,
                                 rc == GW_EINPUT ? "; ask for the file again" : "; unpack it first if it is genuine");
}

enum gw_status gw_gzip_read(struct gw_gzip *file, char *out, size_t room, size_t *length, struct gw_error *err)
{
    *length = 0;
    return file->inflate ? read_inflated(file, out, room, length, err) : read_plain(file, out, room, length, err);
}

void gw_gzip_close(struct gw_gzip *file)
{
    if (!file)
        return;
    if (file->fd > STDIN_FILENO)
        close(file->fd);
    gw_inflate_free(file->inflate);
    free(file->path);
    free(file);
}
