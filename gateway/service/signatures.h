/*
 * What a derivation is given of the signatures of a subject: of those that hold, the rows they are under. Private to
 * the service.
 */
#ifndef SERVICE_SIGNATURES_H
#define SERVICE_SIGNATURES_H

#include "gateway/ledger/decisions.h"
#include "gateway/service/pass.h"

/* Of a revision that the ledger has not the signature holds nothing, and a person is told. */
enum gw_status signatures_read(struct gw_pass *pass, struct gw_arena *arena, const struct gw_enrolled *subject,
                               const struct gw_decisions *decisions, struct gw_subject_input *input,
                               struct gw_error *err);

#endif
