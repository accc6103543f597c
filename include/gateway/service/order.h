/*
 * Signed orders: what is kept of one subject goes before its study is due, because consent was withdrawn, or
 * because the wrong patient was enrolled. Nothing is deleted without one. Revisions stay as in any purge, though their
 * rows are withdrawn: they are what was sent.
 *
 *      make ──> a file, signed ──> hand in ──> take up: rows, tombstone ──> the purge of purge.h, piece by piece
 *
 * An order is one line of JSON. It names the installation, study and subject, what becomes of the rows, who orders it
 * and why, until when it may be carried out, and what it was made against: a row of the audit trail (so that it fits no
 * other ledger, and no older copy of this one) and the subject's revision, counts and digest (so that nothing goes that
 * its signer did not see). It ends with an Ed25519 signature; retain.order_key of the settings is the public half.
 *
 * A line is taken up once. It is known again by what is signed of it.
 */
#ifndef GATEWAY_SERVICE_ORDER_H
#define GATEWAY_SERVICE_ORDER_H

#include "gateway/core/signature.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/purge.h"
#include "gateway/service/config.h"

#define GW_ORDER_DAYS       14   /* an order may be carried out for so long */
#define GW_ORDER_TEXT_MAX   300  /* bytes of a reason or a name */
#define GW_ORDER_LINE_MAX   4096 /* of the whole */
#define GW_ORDER_HASH_BYTES (2 * GW_SHA256_BYTES + 1)

/* ---- the line: pure ---- */

struct gw_purge_order {
    const char *installation;
    const char *study;
    const char *subject;
    bool withdraw; /* its rows leave the study database too; else what was delivered stays */
    const char *reason;
    const char *by;
    const char *at;    /* UTC */
    const char *until; /* UTC */
    int64_t trail;     /* a row of the audit trail, and its hash */
    const char *head;
    int64_t revision; /* of the subject, and what a purge takes of it */
    int64_t versions;
    int64_t parts;
    int64_t door_parts;
    int64_t items;
    const char *facts; /* gw_purge_view.facts */
};

/* GW_ECONFIG: the key is a public half alone. GW_EUSAGE: a text that is empty or too long. */
enum gw_status gw_order_print(struct gw_text *out, const struct gw_purge_order *order,
                              const struct gw_signature_key *key, struct gw_error *err);
/* Texts are in the arena; hash: of what is signed. GW_EDENIED: not signed with this key; GW_EINPUT: no order. */
enum gw_status gw_order_read(struct gw_arena *arena, const char *line, size_t length,
                             const struct gw_signature_key *key, struct gw_purge_order *out,
                             char hash[GW_ORDER_HASH_BYTES], struct gw_error *err);
/* The line of a file, without its end. GW_EINPUT: more than a line. */
enum gw_status gw_order_load(const char *path, struct gw_text *out, struct gw_error *err);

/* ---- against a ledger ---- */

struct gw_order_request {
    const struct gw_config *config;
    const char *study;
    const char *subject;
    bool withdraw;
    const char *reason;
    const char *by;
    const char *key; /* file with the private half, mode 0400 or 0600 */
    int64_t now;     /* seconds UTC */
};

/* The line, for the subject as it is now; the ledger stays as it is. GW_EUSAGE: no such subject, or purged already. */
enum gw_status gw_order_make(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_order_request *request,
                             struct gw_text *out, struct gw_purge_order *order, struct gw_error *err);

enum gw_order_answer { GW_ORDER_BEGUN, GW_ORDER_NOTED, GW_ORDER_GOES_ON };

/*
 * Look at an order and begin what it says: its row in the trail, the withdrawal of the rows as a revision with its
 * place in the outbox, the beginning of the purge; one transaction. What follows is gw_ledger_purge_piece's. beside: a
 * running service holds the ledger; the order is noted for it (gw_orders_take_up) if it would be carried out now. An
 * order that was begun and is not at its end goes on. by: who hands it in; NULL: nobody is named.
 *
 * GW_EDENIED: signed with another key, or altered. GW_EINPUT: expired, used, of another ledger, study or subject, or
 * the subject changed since. GW_ECONFIG: the settings name no key, or one that others may put in its place.
 */
enum gw_status gw_order_hand_in(struct gw_ledger *ledger, const struct gw_config *config, const char *line,
                                size_t length, int64_t now, bool beside, const char *by, struct gw_arena *arena,
                                struct gw_purge_order *order, enum gw_order_answer *answer, struct gw_error *err);

/* Orders that were noted: begin each, or say in the trail why it was not carried out. *begun counts the first. */
enum gw_status gw_orders_take_up(struct gw_ledger *ledger, const struct gw_config *config, int64_t now, size_t *begun,
                                 struct gw_error *err);
enum gw_status gw_orders_waiting(struct gw_ledger *ledger, size_t *count, struct gw_error *err);

/* The name of the key that orders are held against, where the settings name one: "" else. GW_ECONFIG as above. */
enum gw_status gw_order_key_name(const struct gw_config *config, char out[GW_KEY_NAME_DIGITS + 1],
                                 struct gw_error *err);

#endif
