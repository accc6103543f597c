/*
 * What CRS and ICANS have in common: they follow a dose of the study drug, a person confirms every one of them, and a
 * coded diagnosis joins what the signs show. Private to the study room.
 */
#ifndef STUDY_SYNDROME_H
#define STUDY_SYNDROME_H

#include "gateway/core/text.h"
#include "study/decided.h"
#include "study/episode.h"
#include "study/timeline.h"

struct syndrome {
    const char *category;
    const char *term;
    const char *item;  /* code of the question that a person is asked */
    const char *rule;  /* id of the rule of its evidence */
    const char *scale; /* of every grade */
    const char *note;
    const struct gw_texts *treatments; /* ATC codes, or how they begin */
};

/* A candidate of the syndrome, without evidence yet. NULL: out of memory. */
struct candidate *syndrome_propose(struct engine *e, struct episodes *episodes, const struct syndrome *syndrome,
                                   gw_day onset);

/* What was given against it from its onset on, and not before a later dose in preparation for that: cited, and listed
 * as a member "treatment". */
void syndrome_tell_treatment(struct engine *e, struct episode *episode, const struct syndrome *syndrome,
                             const struct givens *givens, const struct doses_given *doses, struct moment span,
                             const char *also, struct gw_text *json);

/* The dose that it follows, into the episode and as members. */
void syndrome_tell_dose(struct engine *e, struct episode *episode, const struct doses_given *doses, struct moment onset,
                        struct gw_text *json);

/*
 * Scale, course and death as members, and of ICANS whether CRS was there too; closes the text and gives it to the
 * candidate.
 */
void syndrome_tell_course(struct engine *e, const struct episodes *episodes, struct candidate *candidate,
                          struct gw_text *json);

/*
 * Coded diagnoses of the category among the candidates: those near a candidate of the syndrome join it, a code of the
 * syndrome itself makes one, a sign stays what it is.
 */
void syndrome_join_coded(struct engine *e, struct episodes *episodes, const struct syndrome *syndrome,
                         const struct givens *givens, const struct doses_given *doses);

/* Its end; where that is not known and it does not go on, the day of its last evidence. */
gw_day syndrome_last_day(const struct episode *episode);

/* ICANS belongs to the CRS that was present in it; what a person dated otherwise follows another dose. */
void syndromes_finish(struct engine *e, struct episodes *episodes);

#endif
