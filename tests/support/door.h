/*
 * A text through the JSON door, as tests need it: moved to a block of exactly its length first, so that the sanitizer
 * sees a read past its end.
 */
#ifndef SUPPORT_DOOR_H
#define SUPPORT_DOOR_H

#include "gateway/core/json.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct door {
    struct gw_arena arena; /* the caller's to release, whatever the parser said */
    const cJSON *root;
    size_t offset;
    struct gw_error err;
};

enum gw_status door_parse(struct door *d, const char *text, size_t length);
enum gw_status door_parse_with(struct door *d, const char *text, size_t length, size_t limit,
                               const struct gw_json_options *options);

#endif
