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
#include "gateway/core/digest.h"
#include "gateway/core/error.h"
#include "gateway/core/json.h"

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

struct gw_roster_source { /* where ResearchSubjects or a Group were read */
    const char *site;
    const char *study;
    const char *system;         /* of the identifier that is a ResearchSubject's number; NULL: the first */
    const struct gw_zone *zone; /* the site's */
    struct gw_hmac *key;        /* the study's pseudonym key */
    gw_day today;               /* at the site: for who left on a day that nobody wrote down */
};

/*
 * Enrolment as FHIR has it: ResearchSubjects (all of one study) or one Group, as roster lines in their order; resources
 * of other types are passed over and counted as ignored. Pure; texts are borrowed from the resources.
 *
 *      ResearchSubject   its identifier is the subject's number, `individual` the patient, period.start the
 *                        recruitment. on-study and follow-up are enrolled; withdrawn and off-study are withdrawn on
 *                        period.end (else the day of lastUpdated, else today); any other status is no subject yet, and
 *                        ignored. Where some name a consent, who names none has none
 *      Group             its members are patients and have no number: it is `s` and 20 hex digits of an HMAC under the
 *                        study's key, the same as long as key and patient are. inactive, or a period with an end:
 *                        withdrawn
 *
 * GW_ECONFIG: one that names no patient or has no number, a subject or patient twice; the former roster stays in use.
 */
enum gw_status gw_roster_read(struct gw_arena *arena, const struct gw_roster_source *source,
                              const cJSON *const *resources, size_t count, struct gw_roster *out, struct gw_error *err);

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
