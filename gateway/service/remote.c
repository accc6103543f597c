/*
 * Study databases that are elsewhere, by kind.
 */
#include "service/remote.h"

enum gw_status remote_open(const struct gw_config_study *study, uv_loop_t *loop, const struct gw_clock *clock,
                           struct gw_remote **out, struct gw_error *err)
{
    return gw_sink_postgres_open(loop, clock, &study->postgres, out, err);
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
