/*
 * Where one subject stands between its pulls: what its patient's id is, which days its windows may take, up to which
 * day every endpoint of its site was read, and whether a derivation would now give another answer. `sync` asks for all
 * subjects of a stage together, `run` for one at a time. On the ledger's thread, in the caller's transaction. Private
 * to the service room.
 */
#ifndef SERVICE_STANDING_H
#define SERVICE_STANDING_H

#include "gateway/service/pass.h"
#include "service/setup.h"

struct standing {
    const struct setup *setup;
    struct gw_arena *scratch; /* cleared by the caller */
    const char *now;          /* stamp of what is delivered */
};

/* A pass over subjects of one study, by number; the list is borrowed. */
struct gw_pass standing_pass(const struct standing *standing, const struct setup_study *study,
                             const struct gw_enrolled *subjects, size_t count);
struct gw_enrolled standing_enrolled(const struct setup_subject *subject);

/* The ids of a patient who was looked for by record number belong to the subject from here on. */
enum gw_status standing_identify(const struct standing *standing, struct setup_subject *subject, struct gw_error *err);

/*
 * Sets anchored, low and high: the days that its windows may take as all that is known now has it. The pass must hold
 * the subject. Derives only if the answer of last time may have changed.
 */
enum gw_status standing_span(const struct standing *standing, struct gw_pass *pass, struct setup_subject *subject,
                             const struct gw_ledger_subject *known, struct gw_error *err);

/*
 * Whoever was read before is not asked about from the day of withdrawal on; who never was is read once, up to that day.
 * Sets stopped, and with it the day: as before where all was read up to the withdrawal (nothing later is needed), else
 * the day up to which it was.
 */
enum gw_status standing_stop(const struct standing *standing, struct setup_subject *subject, struct gw_error *err);

/* The last day to be asked for: none after a withdrawal. */
gw_day standing_last_day(const struct setup_subject *subject);

/*
 * What was read moves to the subject's day; sets ready: all its endpoints stand at that day, for the span that
 * standing_span set.
 */
enum gw_status standing_close(const struct standing *standing, struct setup_subject *subject, struct gw_error *err);

/* Would a derivation up to the subject's day give another answer, facts that came since apart? */
enum gw_status standing_is_due(const struct standing *standing, const struct setup_subject *subject,
                               const struct gw_ledger_subject *known, bool *due, struct gw_error *err);

/*
 * The last day up to which every endpoint of its site was read, for the span that standing_span set; GW_NO_DAY: one of
 * them never was, or not for days that are needed now (reach.h).
 */
enum gw_status standing_horizon(const struct standing *standing, const struct setup_subject *subject, gw_day *out,
                                struct gw_error *err);

/* Facts that came have marked their subject already; a day that passed and a changed rule do it here. */
enum gw_status standing_mark(const struct standing *standing, const struct setup_subject *subject,
                             const struct gw_ledger_subject *known, struct gw_error *err);

#endif
