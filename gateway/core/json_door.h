/*
 * The strict reader itself, with its refusal as data: gw_json_parse words it by byte, gw_json_load by line.
 */
#ifndef CORE_JSON_DOOR_H
#define CORE_JSON_DOOR_H

#include "gateway/core/json.h"

struct json_refusal {
    const char *reason; /* static; NULL when the memory limit stopped the reader, not the text */
    size_t offset;
};

/* GW_OK, GW_EINPUT or GW_ENOMEM. *out changes only on success, *refusal only on failure. */
enum gw_status json_read(struct gw_arena *arena, struct gw_slice text, const struct gw_json_options *options,
                         const cJSON **out, struct json_refusal *refusal);

#endif
