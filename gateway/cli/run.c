/*
 * casement run: the service, until it is told to stop.
 */
#include "gateway/service/run.h"

#include <stdlib.h>

#include "cli/commands.h"
#include "cli/output.h"

struct running {
    bool ended;
    struct gw_error failure; /* status GW_OK: it was told to stop */
};

static void on_ended(void *ctx, const struct gw_error *failure)
{
    struct running *running = ctx;

    running->ended = true;
    if (failure)
        running->failure = *failure;
}

/* What a thread is still at is left as it is: the next start finds what was committed, and does the rest. */
static void on_overdue(void *ctx, const struct gw_error *failure)
{
    (void)ctx;
    _Exit(failure ? output_failed(failure) : 0);
}

static int run_on(uv_loop_t *loop, const char *config)
{
    struct gw_world world;
    struct gw_log log = {.write = gw_log_stderr, .least = GW_LOG_INFO};
    const struct gw_run_options options = {
        .config = config, .world = &world, .log = &log, .signals = true, .notify = true, .overdue = on_overdue};
    struct running running = {0};
    struct gw_run *run;

    gw_world_init(&world, loop);
    gw_log_open(&log, world.clock->utc, world.clock->monotonic_ms, world.clock->ctx);
    if (gw_run_start(&options, on_ended, &running, &run, &running.failure) == GW_OK)
        while (!running.ended)
            uv_run(loop, UV_RUN_ONCE);
    uv_run(loop, UV_RUN_DEFAULT);
    return running.failure.status == GW_OK ? 0 : output_failed(&running.failure);
}

int run_command(const struct arguments *arguments)
{
    uv_loop_t loop;
    int code;

    if (uv_loop_init(&loop) != 0)
        output_no_memory();
    code = run_on(&loop, arguments->values[OPTION_CONFIG]);
    uv_loop_close(&loop);
    return code;
}
