/*
 * The link of a connection: its descriptor on the loop, and the call that is under way.
 *
 * libpq closes its socket whenever it likes, and libuv ends the process when a descriptor it polls is closed first. So
 * the loop polls a duplicate of its own, which is closed in the close callback and nowhere else; a new one is made
 * after each step of the dialling, in which libpq may have moved on to another socket.
 */
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/postgres_link.h"

static void on_wire_closed(uv_handle_t *handle)
{
    struct wire *wire = (struct wire *)handle;

    close(wire->fd);
    free(wire);
}

static void hang_up(struct gw_postgres *p)
{
    if (p->wire)
        uv_close((uv_handle_t *)&p->wire->poll, on_wire_closed);
    p->wire = NULL;
}

bool link_pick_up(struct gw_postgres *p)
{
    struct wire *wire = calloc(1, sizeof *wire);

    hang_up(p);
    if (!wire)
        return false;
    wire->fd = dup(PQsocket(p->conn));
    if (wire->fd < 0 || uv_poll_init(p->loop, &wire->poll, wire->fd) != 0) {
        if (wire->fd >= 0)
            close(wire->fd);
        free(wire);
        return false;
    }
    wire->poll.data = p;
    p->wire = wire;
    return true;
}

/* ---- a call ---------------------------------------------------------------------------------------------------- */

void link_drop(struct gw_postgres *p)
{
    hang_up(p);
    if (p->conn)
        PQfinish(p->conn);
    p->conn = NULL;
    p->state = AWAY;
}

void link_finish(struct gw_postgres *p)
{
    const gw_postgres_done done = p->done;
    const struct gw_error failure = p->failure;

    gw_clock_stop(p->clock, &p->deadline);
    p->done = NULL;
    p->statements = NULL;
    if (p->state == RUNNING)
        p->state = READY;
    if (done)
        done(p->ctx, failure.status == GW_OK ? NULL : &failure);
}

void link_lose(struct gw_postgres *p, const char *what)
{
    link_note_away(p, what);
    link_drop(p);
    link_finish(p);
}

static void on_deadline(uv_timer_t *timer)
{
    struct gw_postgres *p = timer->data;

    if (p->state == RESOLVING)
        uv_cancel((uv_req_t *)&p->resolving);
    link_lose(p, p->state == RUNNING ? "does not answer in time" : "cannot be reached in time");
}

void link_limit(struct gw_postgres *p, uint64_t limit_ms)
{
    gw_clock_start(p->clock, &p->deadline, on_deadline, limit_ms);
}

void link_begin(struct gw_postgres *p, gw_postgres_done done, void *ctx, uint64_t limit_ms)
{
    assert(!p->done);
    p->done = done;
    p->ctx = ctx;
    p->failure = (struct gw_error){0};
    p->sqlstate[0] = '\0';
    link_limit(p, limit_ms);
}

void link_watch(struct gw_postgres *p, int events, uv_poll_cb on_wire)
{
    if (uv_poll_start(&p->wire->poll, events, on_wire) != 0)
        link_lose(p, "cannot be polled");
}
