/*
 * A digest of all that steers a derivation beside the facts: release, package, shared tables, site profile, roster
 * line. Where it changed the subject is derived again. Private to the service room.
 */
#ifndef SERVICE_STEERING_H
#define SERVICE_STEERING_H

#include "gateway/core/digest.h"
#include "gateway/study/roster.h"
#include "service/remembered.h"

/* Each takes what came before it (NULL: nothing) and the bytes of a text or file into a new digest. */
void steering_text(const char *before, const char *text, char out[DERIVED_DIGITS + 1]);
enum gw_status steering_file(const char *before, const char *path, char out[DERIVED_DIGITS + 1], struct gw_error *err);
/* Every file of a folder, by name; folders in it are left out. */
enum gw_status steering_folder(struct gw_arena *arena, const char *before, const char *folder,
                               char out[DERIVED_DIGITS + 1], struct gw_error *err);

/* Of release, package and shared tables; rule_set is gw_protocol's. A site's profile goes behind it by steering_file.
 */
enum gw_status steering_study(struct gw_arena *arena, const char *package, const char *rule_set,
                              char out[DERIVED_DIGITS + 1], struct gw_error *err);
/* Of a site's digest and the subject's line of the roster. */
void steering_subject(const char *site_digest, const struct gw_roster_line *line, char out[DERIVED_DIGITS + 1]);

#endif
