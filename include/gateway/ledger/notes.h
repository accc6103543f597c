/*
 * Durable notes: what the service must know again after a restart beside facts and cursors. The state of a circuit, a
 * bulk job and its files, a subscription, a hint that waits. Small texts by space and name; what they mean is known to
 * those who write them, and each says in its own header which space is its own.
 *
 * On the ledger's thread, as all of the ledger.
 */
#ifndef GATEWAY_LEDGER_NOTES_H
#define GATEWAY_LEDGER_NOTES_H

#include "gateway/ledger/ledger.h"

#define GW_NOTE_MAX_BYTES (1u << 20) /* of one text */

struct gw_ledger_note {
    const char *name;
    const char *text;
};

struct gw_ledger_notes { /* by name */
    struct gw_ledger_note *list;
    size_t count;
};

/* *text: NULL when there is none. */
enum gw_status gw_ledger_note(struct gw_ledger *ledger, struct gw_arena *arena, const char *space, const char *name,
                              const char **text, struct gw_error *err);

/* text NULL: forget it. GW_ENOMEM: longer than GW_NOTE_MAX_BYTES. */
enum gw_status gw_ledger_note_put(struct gw_ledger *ledger, const char *space, const char *name, const char *text,
                                  struct gw_error *err);

enum gw_status gw_ledger_notes(struct gw_ledger *ledger, struct gw_arena *arena, const char *space,
                               struct gw_ledger_notes *out, struct gw_error *err);
/* Those whose names begin so; "" all. */
enum gw_status gw_ledger_notes_under(struct gw_ledger *ledger, struct gw_arena *arena, const char *space,
                                     const char *prefix, struct gw_ledger_notes *out, struct gw_error *err);

#endif
