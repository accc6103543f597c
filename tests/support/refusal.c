#include "support/refusal.h"

#include <criterion/criterion.h>

#define MOST ((size_t)256 << 20)

size_t refusal_sweep(refusal_work *work, void *context, size_t step, size_t share)
{
    enum gw_status rc = GW_ENOMEM;
    size_t refused = 0;

    for (size_t limit = 0; rc != GW_OK && limit < MOST; limit += step + (share ? limit / share : 0)) {
        struct gw_arena arena = GW_ARENA_INIT(limit);
        struct gw_error err = {.status = GW_OK};

        rc = work(&arena, context, &err);
        cr_assert(rc == GW_OK || (rc == GW_ENOMEM && *err.text), "%zu bytes: %d: %s", limit, rc, err.text);
        refused += rc != GW_OK;
        gw_arena_release(&arena);
    }
    cr_assert(rc == GW_OK, "it is never enough");
    return refused;
}

enum gw_status refusal_derive(struct gw_arena *arena, void *context, struct gw_error *err)
{
    struct subject *s = context;
    const struct gw_subject_input input = subject_input(s);

    return gw_derive(arena, &input, &s->derived, err);
}
