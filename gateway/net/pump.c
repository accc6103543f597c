/*
 * After curl's docs/examples/multi-uv.c, with the descriptor closed by us.
 */
#include "net/pump.h"

#include <stdlib.h>
#include <unistd.h>

struct poll {
    uv_poll_t handle;
    struct pump *pump;
    curl_socket_t fd;
    int events; /* wanted */
    struct poll *next;
};

static void handle_gone(struct pump *pump)
{
    if (--pump->open == 0 && pump->closing)
        pump->closed(pump);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct poll *poll = handle->data;
    struct pump *pump = poll->pump;

    free(poll);
    handle_gone(pump);
}

/* The poll of a descriptor, with the place it hangs from; NULL when there is none. */
static struct poll **find(struct pump *pump, curl_socket_t fd)
{
    for (struct poll **at = &pump->polls; *at; at = &(*at)->next)
        if ((*at)->fd == fd)
            return at;
    return NULL;
}

static void forget(struct pump *pump, curl_socket_t fd)
{
    struct poll **at = find(pump, fd);
    struct poll *poll = at ? *at : NULL;

    if (!poll)
        return;
    *at = poll->next;
    uv_close((uv_handle_t *)&poll->handle, on_poll_closed); /* leaves epoll at once, the memory later */
}

static void on_readiness(uv_poll_t *handle, int status, int events);

/* A reset stops libuv's poll although bytes may still be there to read. */
static void resume(struct pump *pump, const struct poll *poll, curl_socket_t fd)
{
    struct poll **at = find(pump, fd);

    if (at && *at == poll)
        uv_poll_start(&(*at)->handle, (*at)->events, on_readiness);
}

static void on_readiness(uv_poll_t *handle, int status, int events)
{
    struct poll *poll = handle->data;
    struct pump *pump = poll->pump;
    const curl_socket_t fd = poll->fd;
    int flags = 0, running;
    CURLMcode code;

    /* Told of an error, libcurl would end the transfer as failed sending; let it read, and see whether a kept
     * connection was merely closed meanwhile: then it sends once more over a new one. */
    if (status < 0)
        flags |= CURL_CSELECT_IN | CURL_CSELECT_OUT;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    code = curl_multi_socket_action(pump->multi, fd, flags, &running); /* poll may be closing after this */
    if (status < 0)
        resume(pump, poll, fd);
    pump->turned(pump, code == CURLM_OK);
}

static struct poll *watch(struct pump *pump, curl_socket_t fd)
{
    struct poll *poll = calloc(1, sizeof(*poll));

    if (!poll || uv_poll_init_socket(pump->loop, &poll->handle, fd) != 0) {
        free(poll);
        return NULL;
    }
    poll->handle.data = poll;
    poll->pump = pump;
    poll->fd = fd;
    poll->next = pump->polls;
    pump->polls = poll;
    pump->open++;
    return poll;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct pump *pump = ctx;
    struct poll **at = find(pump, fd);
    struct poll *poll = at ? *at : NULL;
    int events = 0;

    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        forget(pump, fd);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    if (!poll)
        poll = watch(pump, fd);
    if (poll)
        poll->events = events;
    /* -1: libcurl gives up all that is under way, and turned hears of it */
    return poll && uv_poll_start(&poll->handle, events, on_readiness) == 0 ? 0 : -1;
}

static int on_close_socket(void *ctx, curl_socket_t fd)
{
    forget(ctx, fd);
    return close(fd);
}

static void on_timer(uv_timer_t *timer)
{
    struct pump *pump = timer->data;
    int running;
    const CURLMcode code = curl_multi_socket_action(pump->multi, CURL_SOCKET_TIMEOUT, 0, &running);

    pump->turned(pump, code == CURLM_OK);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *ctx)
{
    struct pump *pump = ctx;

    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&pump->timer);
    else
        uv_timer_start(&pump->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

bool pump_init(struct pump *pump, uv_loop_t *loop, void (*turned)(struct pump *pump, bool healthy))
{
    *pump = (struct pump){.multi = curl_multi_init(), .loop = loop, .turned = turned};
    if (!pump->multi)
        return false;
    uv_timer_init(loop, &pump->timer);
    pump->timer.data = pump;
    pump->open = 1;
    curl_multi_setopt(pump->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(pump->multi, CURLMOPT_SOCKETDATA, pump);
    curl_multi_setopt(pump->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(pump->multi, CURLMOPT_TIMERDATA, pump);
    return true;
}

void pump_adopt(struct pump *pump, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, pump);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void pump_close(struct pump *pump, void (*closed)(struct pump *pump))
{
    pump->closing = true;
    pump->closed = closed;
    curl_multi_cleanup(pump->multi); /* closes the idle connections, through on_close_socket */
    while (pump->polls)
        forget(pump, pump->polls->fd);
    uv_close((uv_handle_t *)&pump->timer, on_timer_closed);
}
