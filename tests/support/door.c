/*
 * A text through the JSON door.
 */
#include "support/door.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum gw_status door_parse_with(struct door *d, const char *text, size_t length, size_t limit,
                               const struct gw_json_options *options)
{
    char *exact = malloc(length ? length : 1);
    enum gw_status rc;

    memset(d, 0, sizeof *d);
    d->arena.limit = limit;
    if (length)
        memcpy(exact, text, length);
    rc = gw_json_parse(&d->arena, length ? exact : NULL, length, options, &d->root, &d->offset, &d->err);
    free(exact);
    return rc;
}

enum gw_status door_parse(struct door *d, const char *text, size_t length)
{
    return door_parse_with(d, text, length, SIZE_MAX, NULL);
}
