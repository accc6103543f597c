/*
 * From the words of the configuration to the listener's and the upkeep's.
 */
#include "gateway/service/door.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MAX = 4096, HOSTS_BYTES = 1 << 20 };

/* ---- the listener ----------------------------------------------------------------------------------------------- */

/* "https://casement.example:8443/in" is at casement.example. */
static const char *host_of(struct gw_arena *arena, const char *url)
{
    const char *const scheme = strstr(url, "://"), *const host = scheme ? scheme + 3 : url;
    const size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

    return gw_arena_copy(arena, host, length);
}

const char *const *gw_door_hosts(struct gw_arena *arena, const struct gw_config *config, size_t *count)
{
    const char **const hosts = gw_arena_alloc(arena, (config->endpoint_count + 1) * sizeof *hosts);

    *count = 0;
    for (size_t i = 0; hosts && i < config->endpoint_count; i++) {
        const char *const callback = config->endpoints[i].notifications.callback;

        if (callback && !(hosts[(*count)++] = host_of(arena, callback)))
            return NULL;
    }
    return hosts;
}

enum gw_status gw_door_open(uv_loop_t *loop, const struct gw_config *config, struct gw_health *health,
                            struct gw_doorbell *doorbell, struct gw_listener **out, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(HOSTS_BYTES);
    struct gw_route routes[GW_HEALTH_ROUTES + GW_DOORBELL_ROUTES];
    struct gw_listener_options options = {.address = config->listen,
                                          .routes = routes,
                                          .route_count = GW_HEALTH_ROUTES + GW_DOORBELL_ROUTES,
                                          .clock = health->clock};
    enum gw_status rc;

    *out = NULL;
    if (!config->listen)
        return GW_OK;
    gw_health_routes(health, routes);
    gw_doorbell_routes(doorbell, routes + GW_HEALTH_ROUTES);
    options.hosts = gw_door_hosts(&arena, config, &options.host_count);
    rc = options.hosts ? gw_listener_start(loop, &options, out, err)
                       : gw_fail(err, GW_ENOMEM, "service.door", "no memory for a listener");
    gw_arena_release(&arena);
    return rc;
}

/* ---- the subscriptions ------------------------------------------------------------------------------------------ */

static size_t types_of(const struct gw_profile *profile, const char *types[GW_RESOURCE_COUNT])
{
    size_t count = 0;

    for (int type = 0; type < GW_RESOURCE_COUNT; type++)
        if (profile->reads[type])
            types[count++] = gw_resource_name((enum gw_resource)type);
    return count;
}

enum gw_status gw_door_upkeep(uv_loop_t *loop, const struct gw_config_endpoint *endpoint,
                              const struct gw_profile *profile, const struct gw_upkeep_settings *ports,
                              struct gw_upkeep **out, struct gw_error *err)
{
    const struct gw_config_notifications *const wanted = &endpoint->notifications;
    struct gw_text secret = GW_TEXT_INIT(SECRET_MAX);
    struct gw_upkeep_settings settings = *ports;
    const char *types[GW_RESOURCE_COUNT];
    enum gw_status rc;

    *out = NULL;
    if (!wanted->kind)
        return GW_OK;
    rc = gw_text_read_secret(&secret, wanted->secret, err);
    if (rc == GW_OK) {
        while (secret.length > 0 && strchr("\r\n", secret.at[secret.length - 1]))
            secret.at[--secret.length] = '\0';
        settings.endpoint = endpoint->id;
        settings.topic = gw_same(wanted->kind, "topic") ? wanted->topic : NULL;
        settings.types = types;
        settings.type_count = types_of(profile, types);
        settings.callback = wanted->callback;
        settings.secret = secret.at;
        settings.heartbeat_s = wanted->heartbeat_s;
        rc = gw_upkeep_new(loop, &settings, out, err);
    }
    if (secret.length > 0)
        OPENSSL_cleanse(secret.at, secret.length);
    gw_text_release(&secret);
    return rc;
}

void gw_door_count(struct gw_upkeep *upkeep, struct gw_metrics_endpoint *endpoint)
{
    const struct gw_upkeep_counts *const counts = gw_upkeep_counts(upkeep);

    endpoint->notifications[GW_NOTIFIED_KEPT] = counts->kept;
    endpoint->notifications[GW_NOTIFIED_DENIED] = counts->denied;
    endpoint->notifications[GW_NOTIFIED_MALFORMED] = counts->malformed;
    endpoint->notifications[GW_NOTIFIED_FLOODED] = counts->flooded;
    endpoint->notifications[GW_NOTIFIED_NOT_KEPT] = counts->not_kept;
    endpoint->notification_gaps = counts->gaps;
    endpoint->subscriptions_off = counts->off;
}
