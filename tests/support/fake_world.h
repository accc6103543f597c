/*
 * A world of made-up hospitals on a clock that stands still: each answers from memory, after as long as it takes, and
 * misbehaves as a test says. No socket, no thread: a day of 200 hospitals passes in seconds.
 *
 * A hospital is found by its base: "https://fhir-17.example.org/r4" is number 17.
 */
#ifndef SUPPORT_FAKE_WORLD_H
#define SUPPORT_FAKE_WORLD_H

#include "gateway/service/world.h"
#include "support/fake_time.h"

struct fake_resource {
    char *json; /* "id", "resourceType", and "Patient/<id>" of whom it is about in it */
    char type[40];
    char id[65];
    char patient[65];
    uint64_t from_ms; /* it can be found from then on */
};

struct fake_answer { /* what a fault makes of an answer */
    int status;      /* 0: the failure */
    enum gw_status failure;
    bool incomplete;
    const char *type; /* NULL: application/fhir+json */
    const char *body;
    int32_t retry_after_s;
    enum gw_trouble trouble; /* of a failure; GW_TROUBLE_NONE: what the status says */
};

struct fake_place {
    struct fake_world *world;
    unsigned number;
    struct fake_resource *resources;
    size_t count, capacity;
    uint64_t latency_ms;

    bool exports; /* Patient/$export, Group/<id>/$export and $export are offered */

    /* A fault for this request, or NULL: the answer as it should be. Called once for each request. May be NULL. */
    const struct fake_answer *(*fault)(struct fake_place *place, const char *url);
    void *ctx;

    /* what it saw */
    size_t requests, searches, exported, most_at_once, at_once;
    uint64_t last_ms;    /* of the last request */
    struct gw_text urls; /* below the base, one a line, "POST /..." where it is no GET, when `listen` */
    bool listen;
};

struct fake_world {
    struct gw_world world; /* hand this one on */
    uv_loop_t loop;
    struct fake_time time;
    struct fake_place *places;
    size_t place_count;
    size_t open; /* ways to endpoints that were not closed */
};

void fake_world_open(struct fake_world *world, size_t places);
/* Everything of the world must have been closed. */
void fake_world_close(struct fake_world *world);

/* json is printf's. The type, id and patient are read from it. */
void fake_place_add(struct fake_place *place, uint64_t from_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Another version under the same id: what was there before is no longer found from then on. */
void fake_place_replace(struct fake_place *place, const char *id, uint64_t from_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
