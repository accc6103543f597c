/*
 * A search page's self link against the search that was asked: which parameters the server says it did not use. Pure.
 *
 * FHIR has servers name in the self link what they applied; one that ignores a parameter answers with status 200 as if
 * nothing were wrong. Many write the link in a way that says nothing (no query at all, a paging session): only a link
 * that repeats some of what was asked is taken at its word.
 *
 * Source: HL7 FHIR R4 search, "Server Conformance"; mappings/RULES.md 18.
 */
#ifndef SOURCES_SELF_LINK_H
#define SOURCES_SELF_LINK_H

#include <stddef.h>

enum self_verdict {
    SELF_FINE,          /* all there, or the link says nothing */
    SELF_DROPS,         /* some are not there */
    SELF_DROPS_PATIENT, /* whose data were asked for is among them */
};

/*
 * self: the link, may be NULL. query: as gw_search_query wrote it. dropped: the names not there, "category, date"; ""
 * when there are none. What shapes an answer only (_count, _sort, _include) may be missing.
 */
enum self_verdict self_compare(const char *self, const char *query, char *dropped, size_t size);

#endif
