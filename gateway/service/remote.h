/*
 * The study database of a study, where that is elsewhere: the one place that knows which kinds of it there are.
 * Private to the service room.
 */
#ifndef SERVICE_REMOTE_H
#define SERVICE_REMOTE_H

#include "gateway/service/config.h"
#include "service/courier.h"

bool remote_is_kind(const char *sink_kind); /* of the kinds that are elsewhere; NULL is none */

/* As the settings of a study of such a kind name it; nothing is asked yet. GW_ECONFIG: a secret cannot be read, an
 * address is none. */
enum gw_status remote_open(const struct gw_config_study *study, uv_loop_t *loop, const struct gw_clock *clock,
                           struct gw_remote **out, struct gw_error *err);

/* A courier to it. Of the settings its study and its remote are filled in. */
enum gw_status remote_start_courier(const struct gw_config_study *study, struct courier_settings *settings,
                                    struct courier **out, struct gw_error *err);

#endif
