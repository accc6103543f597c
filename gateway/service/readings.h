/*
 * What a search proves of a subject's completeness. Private to the service room.
 */
#ifndef SERVICE_READINGS_H
#define SERVICE_READINGS_H

#include "gateway/service/certificate.h"
#include "gateway/sources/pull.h"

#define READINGS_SPACE "readings" /* of notes, named after a subject's number and an endpoint */

/*
 * A request that ended, as one more of an errand's readings; failure: why it proves nothing. NULL: it was cancelled, or
 * there is no memory: then it is as if it had not been asked, and is told after the next errand.
 */
struct gw_reading *reading_add(struct gw_arena *arena, struct gw_readings *into, size_t *capacity,
                               const struct gw_request *request, const struct gw_pull_result *result,
                               const struct gw_error *failure, int64_t began);

#endif
