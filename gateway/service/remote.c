/*
 * Study databases that are elsewhere, by kind.
 */
#include "service/remote.h"

#include "gateway/core/text.h"

static enum gw_status open_postgres(const struct gw_config_study *study, uv_loop_t *loop, const struct gw_clock *clock,
                                    struct gw_remote **out, struct gw_error *err)
{
    return gw_sink_postgres_open(loop, clock, &study->postgres, out, err);
}

static enum gw_status open_redcap(const struct gw_config_study *study, uv_loop_t *loop, const struct gw_clock *clock,
                                  struct gw_remote **out, struct gw_error *err)
{
    (void)clock; /* libcurl has one of its own */
    return gw_sink_redcap_open(loop, &study->redcap, out, err);
}

static const struct kind {
    const char *name;
    enum gw_status (*open)(const struct gw_config_study *study, uv_loop_t *loop, const struct gw_clock *clock,
                           struct gw_remote **out, struct gw_error *err);
} kinds[] = {{"postgres", open_postgres}, {"redcap", open_redcap}};

static const struct kind *kind_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
        if (gw_same(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

bool remote_is_kind(const char *sink_kind)
{
    return kind_named(sink_kind) != NULL;
}

enum gw_status remote_open(const struct gw_config_study *study, uv_loop_t *loop, const struct gw_clock *clock,
                           struct gw_remote **out, struct gw_error *err)
{
    return kind_named(study->sink_kind)->open(study, loop, clock, out, err);
}

enum gw_status remote_start_courier(const struct gw_config_study *study, struct courier_settings *settings,
                                    struct courier **out, struct gw_error *err)
{
    enum gw_status rc = remote_open(study, settings->loop, settings->clock, &settings->remote, err);

    if (rc != GW_OK)
        return rc;
    settings->study = study->id;
    rc = courier_start(settings, out, err);
    if (rc != GW_OK)
        settings->remote->close(settings->remote, NULL, NULL);
    return rc;
}
