/*
 * Hints that wait: where a hospital said that something happened, kept until somebody has looked again.
 *
 * A note each, space "hint", named by what it is about, so that a thousand repeats are one. Whoever looks reads the list,
 * asks the hospital, keeps what came, and then says which hints are done, in the same transaction if it can: one that
 * was rung again meanwhile stays. On the ledger's thread.
 */
#ifndef GATEWAY_SOURCES_HINTS_H
#define GATEWAY_SOURCES_HINTS_H

#include "gateway/ledger/notes.h"
#include "gateway/sources/notify.h"

#define GW_HINT_SPACE "hint"

struct gw_waiting_hint {
    const char *name; /* of the note */
    const char *text; /* of the note as it was read */
    const char *endpoint;
    const char *patient; /* NULL: not told, as the two below; all three NULL: search since the last watermark */
    const char *type;
    const char *id;
    int64_t at; /* UTC seconds, when it was rung first */
};

struct gw_waiting_hints {
    struct gw_waiting_hint *list;
    size_t count;
};

enum gw_status gw_hint_put(struct gw_ledger *ledger, const char *endpoint, const struct gw_hint *hint, int64_t utc,
                           struct gw_error *err);
enum gw_status gw_hints(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_waiting_hints *out,
                        struct gw_error *err);
enum gw_status gw_hint_done(struct gw_ledger *ledger, const struct gw_waiting_hint *hint, struct gw_error *err);

#endif
