/*
 * Enrolment: which patient of which hospital is which subject of the study, with what the site knows of the anchors.
 *
 *      site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn[,consented]
 *
 * A roster with the column `consented` tells of consent: a subject whose day is empty there has given none.
 */
#ifndef GATEWAY_STUDY_ROSTER_H
#define GATEWAY_STUDY_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/date.h"
#include "gateway/core/error.h"

struct gw_roster_line {
    unsigned line;
    const char *site;
    const char *study;
    const char *patient; /* logical id at the site's endpoint; NULL when empty */
    const char *subject; /* the study's own number */
    gw_day recruited;    /* GW_NO_DAY when empty, as the next three */
    gw_day end_of_treatment;
    gw_day first_dose;
    gw_day withdrawn;
    const char *mrn_system;
    const char *mrn;
    bool consent_missing; /* the roster tells of consent, and of none of this subject */
};

struct gw_roster {
    struct gw_roster_line *lines;
    size_t count;
    size_t ignored; /* lines of other sites or studies */
};

/*
 * The lines of one study and (unless NULL) one site, in file order. GW_ECONFIG "path:line: ..." for a date that is
 * none, an end before the first dose, a missing subject, neither patient nor mrn, a subject or patient twice, and for
 * blanks around a field or control characters in it, in a line of any site.
 */
enum gw_status gw_roster_load(struct gw_arena *arena, const char *path, const char *study, const char *site,
                              struct gw_roster *out, struct gw_error *err);

enum gw_roster_change_kind {
    GW_ROSTER_ADDED,
    GW_ROSTER_REMOVED,   /* nothing is asked or derived any more; nothing is deleted */
    GW_ROSTER_WITHDRAWN, /* a day of withdrawal came, whatever else changed */
    GW_ROSTER_MOVED,     /* another patient, record number or site: what was read of the former is not its */
    GW_ROSTER_CHANGED,   /* days or consent */
    GW_ROSTER_CHANGES,   /* how many kinds there are */
};

struct gw_roster_change {
    enum gw_roster_change_kind kind;
    const struct gw_roster_line *before; /* NULL: added */
    const struct gw_roster_line *after;  /* NULL: removed */
};

struct gw_roster_difference {
    struct gw_roster_change *list; /* by subject */
    size_t count;
    size_t kinds[GW_ROSTER_CHANGES]; /* how many of each */
};

/* What a new roster of a study changes. Where its lines stand in the file does not count. GW_OK or GW_ENOMEM. */
enum gw_status gw_roster_difference(struct gw_arena *arena, const struct gw_roster *before,
                                    const struct gw_roster *after, struct gw_roster_difference *out,
                                    struct gw_error *err);

/* "2 added, 1 withdrawn" for a log; "unchanged". Numbers alone: no subject is named. */
#define GW_ROSTER_WORDS 160
const char *gw_roster_words(const struct gw_roster_difference *difference, char out[GW_ROSTER_WORDS]);

#endif
