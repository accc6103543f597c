/*
 * One endpoint of the made-up world: opened, asked and closed again.
 */
#ifndef SOURCES_ONE_ENDPOINT_H
#define SOURCES_ONE_ENDPOINT_H

#include "sources/fake_endpoints.h"

static struct world world;
static struct world_endpoint endpoint;

enum { MINUTE = 60000, HOUR = 3600000 };

static inline void begin(world_script script, unsigned concurrent)
{
    world_init(&world, NULL);
    endpoint.circuit = NULL;
    world_open(&world, &endpoint, script, concurrent, 0);
}

static inline void end(void)
{
    world_close(&endpoint);
    world_release(&world);
}

static inline struct world_answer after_100_ms(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.after_ms = 100, .status = 200};
}

static inline struct world_answer refuses_client(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.trouble = GW_TROUBLE_DENIED};
}

#endif
