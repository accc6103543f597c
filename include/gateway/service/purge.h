/*
 * `casement purge`: what the next purge would take of which subjects and what it leaves, before anything goes; and an
 * order carried out from a command.
 */
#ifndef GATEWAY_SERVICE_PURGE_H
#define GATEWAY_SERVICE_PURGE_H

#include "gateway/service/order.h"
#include "gateway/service/pass.h"

struct gw_purge_subject {
    const struct gw_config_study *study;
    const char *site;
    const char *subject;
    const struct gw_tombstone *stone; /* it was purged, or is being purged: the rest is 0; NULL: it is kept */
    struct gw_purge_view view;
    int64_t revision; /* the latest */
    int64_t rows;     /* of its data tables, lineage and exceptions aside: these stay in the study database */
};

struct gw_purge_list {
    struct gw_purge_subject *list; /* by study as the settings have them, then by the ledger's number */
    size_t count;
    struct gw_tombstones stones;
    size_t waiting; /* orders that a running service is to take up */
};

/*
 * The subjects of studies that have a last day; of all studies where one subject is named. study, subject: NULL is any.
 * Nothing is changed. GW_EUSAGE: there is none of this name.
 */
enum gw_status gw_purge_list(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_config *config,
                             const char *study, const char *subject, struct gw_purge_list *out, struct gw_error *err);

struct gw_purge_applied {
    struct gw_purge_order order;
    enum gw_order_answer answer;
    bool left;                  /* to a running service, which holds the ledger */
    struct gw_pass_result pass; /* what was delivered of it at once */
};

/*
 * Hand an order in and carry it out to its end: purge, file written anew, withdrawals delivered to a study database
 * that is a file (to others with the next sync). beside: only noted, or left to
 * the service where it was begun before. See gw_order_hand_in for the failures.
 */
enum gw_status gw_purge_apply(struct gw_ledger *ledger, const char *ledger_path, struct gw_arena *arena,
                              const struct gw_config *config, const struct gw_text *line, int64_t now, bool beside,
                              const char *by, struct gw_purge_applied *out, struct gw_error *err);

#endif
