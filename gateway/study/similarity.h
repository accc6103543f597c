/*
 * How alike two names of a test are, for suggestions only: 0 nothing in common, 100 the same. Private to the study
 * room.
 *
 * Case and accents do not count. Of two measures the higher one: words in common, and runs of three letters in common,
 * both as Dice's coefficient in whole percent (2 * common / sum of both). Words catch another order and additions, runs
 * of letters another language or spelling: Hemoglobina is like Hemoglobin, NEUTROFILOS like Neutrophils.
 */
#ifndef STUDY_SIMILARITY_H
#define STUDY_SIMILARITY_H

/* Only the first 60 letters and digits of each count. NULL is like nothing. */
int name_similarity(const char *a, const char *b);

#endif
