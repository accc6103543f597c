/*
 * The steering tables in parts: each larger one is read by its own file, rules.c puts them together.
 */
#ifndef STUDY_RULES_PARTS_H
#define STUDY_RULES_PARTS_H

#include "gateway/core/findings.h"
#include "gateway/study/rules.h"

/* All of them, as gw_rules_load does. */
void rules_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);

/* Each reads its file of `dir`; what is wrong becomes findings, and the rows that are right are kept. */
void compositions_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);
void evidence_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);
void scales_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);
void answers_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);
void stay_codes_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);
void causality_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);

#endif
