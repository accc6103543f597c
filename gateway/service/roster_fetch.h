/*
 * A roster that a hospital keeps as a FHIR Group or as ResearchSubjects: asked for, read, and written as the roster
 * file that everything else goes by. A changed roster is a changed file; one that cannot be had or read leaves the
 * former.
 *
 *      ask ──> page ──> ask ──> ... ──> lines ──> state/rosters/<study>.csv, in one step, when it says something else
 *
 * Private to the service room.
 */
#ifndef SERVICE_ROSTER_FETCH_H
#define SERVICE_ROSTER_FETCH_H

#include "service/setup.h"

#define ROSTER_FETCH_S 300 /* between looks, while the service runs */

struct roster_fetch;

/* failure NULL: it was read. changed: the file says something else now. */
typedef void (*roster_fetch_done)(void *ctx, bool changed, const struct gw_error *failure);

/* Is this study's roster kept by a hospital? */
bool roster_is_fetched(const struct gw_config_study *study);

/* A roster file that was never fetched is one without lines. GW_OK also where nothing is to be done. */
enum gw_status roster_ensure(const struct gw_config_study *study, const char *state, struct gw_error *err);

/* The index of the endpoint that keeps it. GW_ECONFIG: there is none of this id. */
enum gw_status roster_endpoint(const struct setup *setup, const struct gw_config_study *study, size_t *out,
                               struct gw_error *err);

/*
 * web: the way to that endpoint. The setup is borrowed until done. Refused with a status and no callback: no memory, no
 * key. It cannot be cancelled but by the web's closing.
 */
enum gw_status roster_fetch_start(const struct setup *setup, size_t study, struct gw_web *web, roster_fetch_done done,
                                  void *ctx, struct gw_error *err);

#endif
