/*
 * What people decided about adverse events. Private to the study room.
 */
#ifndef STUDY_EVENT_DECISIONS_H
#define STUDY_EVENT_DECISIONS_H

#include "study/decided.h"
#include "study/episode.h"

/* A merge names evidence of the episode. */
bool decision_names(const struct engine *e, const struct gw_decision *decision, const struct episode *episode);

/* The decisions about an episode's evidence, the latest of each kind; and what follows for its grade and outcome. */
void decide_episode(struct engine *e, struct episode *episode);

/* Episodes that a person said are one: the named evidence's keeps its course and takes the other's evidence. */
void decide_merges(struct engine *e, struct episodes *episodes);

/* Seriousness, relatedness, action taken: into the row of the episode. */
void decide_episode_row(const struct episode *episode, struct gw_row_ae_episodes *row);

/* An item about an episode, named by its first evidence, is answered by the decision; NULL: nothing. */
void decide_episode_item(struct engine *e, const struct episode *episode, const struct gw_decision *decision,
                         const char *code);

/* The same; but where there is no decision the item is raised. */
void ask_about_episode(struct engine *e, const struct episode *episode, const struct gw_decision *decision,
                       const char *code, const char *note);

#endif
