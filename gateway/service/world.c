/*
 * The world in earnest.
 */
#include "gateway/service/world.h"

#include <stdlib.h>

static enum gw_status open_session(const struct gw_world *world, const struct gw_endpoint *endpoint,
                                   struct gw_web **out, struct gw_error *err)
{
    struct gw_web_session *web = malloc(sizeof *web);
    struct gw_session *session;
    enum gw_status rc;

    if (!web)
        return gw_fail(err, GW_ENOMEM, "service.world", "no memory for an endpoint");
    rc = gw_session_new(world->loop, endpoint, NULL, world->clock, &session, err);
    if (rc != GW_OK) {
        free(web);
        return rc;
    }
    gw_web_session_init(web, session);
    *out = &web->web;
    return GW_OK;
}

static void close_session(const struct gw_world *world, struct gw_web *web)
{
    (void)world;
    gw_session_free(((struct gw_web_session *)web)->session);
    free(web);
}

void gw_world_init(struct gw_world *world, uv_loop_t *loop)
{
    *world = (struct gw_world){.loop = loop, .clock = &gw_system_clock, .open = open_session, .close = close_session};
}
