/*
 * What a person finds in a PostgreSQL study database beside the rows: comments on all of it, views, and who may do
 * what. Each is appended as sentences that end ";\n".
 */
#ifndef SINKS_POSTGRES_CATALOGUE_H
#define SINKS_POSTGRES_CATALOGUE_H

#include "gateway/core/text.h"

void catalogue_comments(struct gw_text *out);
void catalogue_views(struct gw_text *out);
/* What a role needs that delivers and does nothing else; names are written with their schema. */
void catalogue_grants(struct gw_text *out, const char *schema, const char *user);

#endif
