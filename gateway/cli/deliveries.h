/*
 * How the deliveries to study databases stand, in a status.
 */
#ifndef CLI_DELIVERIES_H
#define CLI_DELIVERIES_H

#include "cli/output.h"
#include "gateway/service/config.h"
#include "gateway/service/delivery_state.h"

/* One for each study of the configuration; out is in the arena. */
enum gw_status deliveries_read(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_config *config,
                               struct gw_delivery_state **out, struct gw_error *err);
void deliveries_print(const struct gw_config *config, const struct gw_delivery_state *states,
                      const struct output *output);
cJSON *deliveries_json(const struct gw_config *config, const struct gw_delivery_state *states);

#endif
