/*
 * The study database of a study, where that is elsewhere: is it reached, is it the study's own, could it take the rows.
 * The same is asked of every kind of it; nothing is written.
 *
 *      open ──> examine (identity, layout, rights) ──> where subjects stand (whose they are)
 */
#include "gateway/study/windows.h"
#include "service/check_parts.h"
#include "service/remote.h"

static const struct advice waits = {
    .means = "nothing is delivered; what is for this study database waits in the ledger",
};

struct examining {
    struct gw_remote *remote;
    const char **windows;
    size_t window_count;
    struct gw_arena arena; /* of the stands */
    struct gw_stands stands;
    bool done;
    struct gw_error failure;
};

/* Of a subject who stays the whole course, and ends it behind the last window. */
static enum gw_status list_windows(struct check *c, const struct gw_study *study, struct examining *e,
                                   struct gw_error *err)
{
    const gw_day d1 = gw_day_of(2024, 1, 1), cap = gw_anchors_cap(study, d1);
    const struct gw_anchors course = {.d1 = d1, .eot = cap, .death = GW_NO_DAY, .withdrawn = GW_NO_DAY, .cap = cap};
    struct gw_windows windows = {0};
    enum gw_status rc = gw_windows_build(&c->arena, study, &course, &windows, err);

    e->windows = gw_arena_alloc(&c->arena, (windows.count + 1) * sizeof *e->windows);
    if (rc == GW_OK && !e->windows)
        return gw_fail(err, GW_ENOMEM, "service.check", "no memory for the windows of study %s", study->id);
    for (size_t i = 0; rc == GW_OK && i < windows.count; i++)
        e->windows[e->window_count++] = windows.list[i].id;
    return rc;
}

static void on_stands(void *ctx, const struct gw_error *failure)
{
    struct examining *e = ctx;

    e->done = true;
    e->failure = failure ? *failure : (struct gw_error){0};
}

static void on_examined(void *ctx, const struct gw_error *failure)
{
    struct examining *e = ctx;

    if (failure)
        on_stands(e, failure);
    else
        e->remote->stand(e->remote, &e->arena, &e->stands, on_stands, e);
}

static void say(struct check *c, const struct gw_config_study *study, const struct examining *e)
{
    if (e->failure.status != GW_OK)
        check_fail(c, "database", &waits, &e->failure);
    else
        check_say(c, "database", GW_CHECK_OK, NULL,
                  "%s: its study database (%s) is reached, is the study's own and can take its rows; %zu subjects are "
                  "there",
                  study->id, study->sink_kind, e->stands.count);
}

static void examine(const struct gw_config_study *study, uv_loop_t *loop, struct examining *e)
{
    if (remote_open(study, loop, &gw_system_clock, &e->remote, &e->failure) != GW_OK)
        return;
    e->remote->examine(e->remote, e->windows, e->window_count, on_examined, e);
    while (!e->done)
        uv_run(loop, UV_RUN_ONCE);
    e->remote->close(e->remote, NULL, NULL);
}

void check_delivery(struct check *c, const struct check_study *study)
{
    struct examining e = {.arena = GW_ARENA_INIT(CHECK_MEMORY)};
    uv_loop_t loop;

    if (!remote_is_kind(study->config->sink_kind) || uv_loop_init(&loop) != 0)
        return;
    if (list_windows(c, study->protocol.study, &e, &e.failure) == GW_OK)
        examine(study->config, &loop, &e);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    say(c, study->config, &e);
    gw_arena_release(&e.arena);
}
