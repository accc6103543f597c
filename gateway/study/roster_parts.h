/*
 * What all ways to a roster share.
 */
#ifndef STUDY_ROSTER_PARTS_H
#define STUDY_ROSTER_PARTS_H

#include "gateway/study/roster.h"

/* The last line is no other's subject, and no other's patient; `path` is what the failure names. */
enum gw_status roster_check_last(const struct gw_roster *roster, const char *path, struct gw_error *err);

#endif
