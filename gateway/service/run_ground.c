/*
 * What the service stands on as long as it runs: its state folder, its pseudonym key, where it listens and by which
 * names. A configuration that wants another of these is refused in words: the ledger is open, ids were made, hospitals
 * call an address.
 */
#include <string.h>

#include "gateway/service/pseudonym.h"
#include "service/run_parts.h"

static const char where[] = "service.run";

enum { GROUND_MEMORY = 1 << 20 };

/* The same for the same key, wherever it lies. */
static enum gw_status read_key(const char *path, uint8_t digest[GW_SHA256_BYTES], struct gw_error *err)
{
    struct gw_hmac *key = NULL;
    const enum gw_status rc = gw_pseudonym_open(path, "", &key, err);

    if (rc == GW_OK)
        gw_hmac_digest(key, "", 0, digest);
    gw_hmac_free(key);
    return rc;
}

enum gw_status ground_keep(struct ground *ground, const struct gw_config *config, struct gw_error *err)
{
    ground->arena = (struct gw_arena)GW_ARENA_INIT(GROUND_MEMORY);
    ground->state = gw_arena_copy(&ground->arena, config->state, strlen(config->state));
    ground->listen = config->listen ? gw_arena_copy(&ground->arena, config->listen, strlen(config->listen)) : NULL;
    ground->hosts = gw_door_hosts(&ground->arena, config, &ground->host_count);
    if (!ground->state || (config->listen && !ground->listen) || !ground->hosts)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the service");
    return read_key(config->pseudonym_key, ground->key, err);
}

static bool has_host(const struct ground *ground, const char *host)
{
    for (size_t i = 0; i < ground->host_count; i++)
        if (gw_same(ground->hosts[i], host))
            return true;
    return false;
}

static enum gw_status check_hosts(const struct ground *ground, const struct gw_config *config, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(GROUND_MEMORY);
    size_t count = 0;
    const char *const *hosts = gw_door_hosts(&arena, config, &count);
    enum gw_status rc = hosts ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the names of callbacks");

    for (size_t i = 0; rc == GW_OK && ground->listen && i < count; i++)
        if (!has_host(ground, hosts[i]))
            rc = gw_fail(err, GW_ECONFIG, where,
                         "%s: a callback is at %s, by which name nobody was let in when the service started: stop the "
                         "service and start it again for that",
                         config->path, hosts[i]);
    gw_arena_release(&arena);
    return rc;
}

enum gw_status ground_stays(const struct ground *ground, const struct gw_config *config, struct gw_error *err)
{
    uint8_t key[GW_SHA256_BYTES];
    enum gw_status rc;

    if (!gw_same(config->state, ground->state))
        return gw_fail(err, GW_ECONFIG, where, "%s: another state folder is another ledger: stop the service for that",
                       config->path);
    if (!gw_same(config->listen, ground->listen))
        return gw_fail(err, GW_ECONFIG, where,
                       "%s: \"listen\" is another address than the service started with: stop the service and start it "
                       "again for that",
                       config->path);
    rc = check_hosts(ground, config, err);
    if (rc == GW_OK)
        rc = read_key(config->pseudonym_key, key, err);
    if (rc == GW_OK && memcmp(key, ground->key, sizeof key) != 0)
        rc = gw_fail(err, GW_ECONFIG, where,
                     "%s: this is another pseudonym key than the service started with, every id would change: put the "
                     "old one back",
                     config->pseudonym_key);
    return rc;
}
