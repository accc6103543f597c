/*
 * `casement exceptions decide`, `approve` and `undo`: a person's answer is appended to the ledger, and the subjects it
 * concerns are derived and delivered at once, by the one pass, as of the day they were derived last.
 *
 * Subjects that wait for something else (records that came since, an endpoint that could not be read) stay marked: the
 * next sync derives them. Of a map, whose ledger remembers what it was made with, the lists of its folder are written
 * again.
 */
#ifndef GATEWAY_SERVICE_DECIDE_H
#define GATEWAY_SERVICE_DECIDE_H

#include "gateway/ledger/decisions.h"
#include "gateway/service/config.h"
#include "gateway/service/pass.h"

struct gw_decide_request {
    struct gw_ledger *ledger;
    const char *ledger_path;
    const struct gw_config *config; /* NULL: the ledger is of a map */

    bool beside; /* a running service holds the ledger: the subjects are marked, and it derives them */

    const char *selector;           /* a cause (fingerprint) or an exception's id, or how it begins; else: */
    int64_t approves;               /* the n of a decision; 0: none */
    int64_t undoes;                 /* the same */
    const char *const *assignments; /* "unit=10*9/L", "ignore" */
    size_t assignment_count;
    const char *kind;  /* NULL: what the class of the exception and the assignments say */
    const char *scope; /* NULL: of a cause its site, else the study */
    const char *by;
    const char *reason;
};

struct gw_decide_result {
    struct gw_decision decision;
    bool waits;          /* it acts when a second person approves it */
    bool left;           /* to the running service, which derives the subjects within a minute */
    size_t values;       /* exceptions it answers: open ones of the cause, or 1; of an approval or undo 0 */
    size_t held_back;    /* subjects that the next sync derives */
    size_t sent;         /* of the exceptions named: rows that leave with the next delivery, which closes them */
    size_t unanswered;   /* of the exceptions named those still open though all of their subjects were derived */
    const char *changed; /* what steers derivations and is another since they were derived last, in words; "" */
    struct gw_pass_result pass;
};

/*
 * GW_EUSAGE: no such exception or decision, an answer that the class of the exception does not know (the text lists
 * those it does), a whole cause where each case is another. Texts and the decision live in the arena.
 */
enum gw_status gw_decide_run(struct gw_arena *arena, const struct gw_decide_request *request,
                             struct gw_decide_result *out, struct gw_error *err);

#endif
