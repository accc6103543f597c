/*
 * What the schedule must know of a subject after a restart, kept as notes of the ledger. Private to the service room.
 *
 *      space "windows", name "17"            of subject 17, as its last derivation had them: span, then a line a
 * window: low, high, target, whether a contact is needed, the contact: "2024-01-01 2025-04-24\n2024-02-09 2024-02-19
 * 2024-02-14 c 2024-02-12\n" space "schedule", name "17 hm-ehr"    what was asked of an endpoint: whole, full, drugs,
 * probe, hint, its day, and the days asked for; "-": never
 *      space "linked", name "17"             patients whom a person linked, a line each: "hm-ehr pat-99\n"
 *
 * On the ledger's thread, in the caller's transaction. A note that cannot be read counts as none: what it stood for is
 * asked again.
 */
#ifndef SERVICE_AGENDA_H
#define SERVICE_AGENDA_H

#include "gateway/ledger/notes.h"
#include "gateway/service/schedule.h"

/* Of notes; all are named after a subject's number. */
#define AGENDA_WINDOWS_SPACE  "windows"
#define AGENDA_SCHEDULE_SPACE "schedule"
#define AGENDA_LINKED_SPACE   "linked"

/* Written when it changed. */
enum gw_status agenda_keep_windows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                   const struct gw_derived *derived, struct gw_error *err);

/* Fills windows, low and high of the schedule's subject, in the arena; all other members stay. */
enum gw_status agenda_windows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                              struct gw_schedule_subject *out, struct gw_error *err);

/* Was it ever derived by a release that keeps windows? */
enum gw_status agenda_has_windows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, bool *out,
                                  struct gw_error *err);

/* Written when they changed. */
enum gw_status agenda_keep_linked(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                  const struct gw_derived *derived, struct gw_error *err);
enum gw_status agenda_linked(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, struct gw_linked **out,
                             size_t *count, struct gw_error *err);

enum gw_status agenda_done(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, const char *endpoint,
                           struct gw_schedule_done *out, struct gw_error *err);
/* Was every endpoint that was ever asked about the subject asked for all that was open since this instant? One that no
 * endpoint is asked about was. */
enum gw_status agenda_asked_since(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t instant,
                                  bool *out, struct gw_error *err);
enum gw_status agenda_keep_done(struct gw_ledger *ledger, int64_t subject, const char *endpoint,
                                const struct gw_schedule_done *done, struct gw_error *err);

#endif
