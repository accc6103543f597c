/*
 * What provenance says of the version of a resource that a row came from. Private to the study room.
 *
 * All that is the source's own and not the protocol's leaves under the study's key, or as a day: a plain digest, a
 * versionId that is unique at its server, an instant to the millisecond would each join what two studies have of one
 * patient. Source: mappings/RULES.md 18 and 19.
 */
#ifndef STUDY_LINEAGE_H
#define STUDY_LINEAGE_H

#include "study/engine.h"

/* b + 20 hex: the bytes of a fact as the study may see them; made when first asked for. NULL fails the engine. */
const char *lineage_content(struct engine *e, size_t fact);

/* A line's content_sha256 is that of a fact, whichever release wrote it. */
bool lineage_is_of(struct engine *e, size_t fact, const char *content);

/* Written by a release that gave the plain SHA-256. */
bool lineage_is_plain(const struct gw_row_provenance *line);

/* A plain line made as this release makes it; others are left as they are. */
void lineage_mend(struct engine *e, struct gw_row_provenance *line);

#endif
