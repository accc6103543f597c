/*
 * Since when each window of a subject was known to be over: what came after that came late. Private to the ledger.
 */
#ifndef LEDGER_CLOSINGS_H
#define LEDGER_CLOSINGS_H

#include "gateway/ledger/settle.h"

#define CLOSINGS_SPACE "closed" /* of notes, by subject */

struct closing {
    const char *window;
    int64_t at; /* when the newest fact was fetched that the first derivation knew which found it over; seconds UTC */
};

struct closings {
    struct closing *list;
    size_t count, capacity;
    const char *text; /* the note; NULL: none */
};

/* As the settlements before left them; in the arena. */
enum gw_status closings_read(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, struct closings *out,
                             struct gw_error *err);

/* The window was over when this was fetched. */
bool closings_late(const struct closings *closings, const char *window, int64_t fetched_at);

/* What this settlement finds: those that are over now, by their former times or else `at`. Written where it changes. */
enum gw_status closings_keep(struct gw_ledger *ledger, const struct closings *before,
                             const struct gw_settlement *settlement, int64_t at, struct gw_error *err);

#endif
