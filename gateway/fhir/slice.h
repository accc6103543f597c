/*
 * The bytes of one item of a parsed text.
 */
#ifndef FHIR_SLICE_H
#define FHIR_SLICE_H

#include <cjson/cJSON.h>

#include "gateway/core/text.h"

/* text is what gw_json_parse read, item any item of its tree. Costs the depth of the item's last member, not its
 * length. */
struct gw_slice slice_of(struct gw_slice text, const cJSON *item);

const char *slice_skip_blanks(const char *at, const char *end);
const char *slice_skip_string(const char *at,
                              const char *end); /* at: behind the opening quote; answers behind the closing */

#endif
