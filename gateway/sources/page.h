/*
 * One answer of an endpoint as what the ledger keeps of it. Pure: bytes in, entries out.
 *
 * Privacy comes first: data of another patient than the one asked for mean that the server does not filter, and so does
 * a self link that repeats the search without its patient. Nothing of such a page is kept, and the search ends.
 */
#ifndef SOURCES_PAGE_H
#define SOURCES_PAGE_H

#include "gateway/sources/pull.h"

struct page_asked {
    const struct gw_request *request;
    const struct gw_pull_settings *settings;
    const char *source;     /* "https://fhir.example.org/r4/" */
    const char *broken;     /* "https://fhir.example.org/r4/Observation" */
    const char *query;      /* of the search, on its first page, for the self link; NULL: not compared */
    size_t entries_before;  /* in this walk: entries that cannot be read are counted through */
    const char *medication; /* a Medication read by id, or searched for ("?system|value"); NULL: the request itself */
};

struct page {
    struct gw_keep_entry *entries;
    size_t count;
    const char *next;    /* as given; NULL: the last page */
    size_t notes;        /* OperationOutcomes met, and a self link that lacks parameters */
    const char *note;    /* the last of them, "warning incomplete", "ignored: date" */
    bool incomplete;     /* the record may be incomplete, says one of them */
    bool leak;           /* refused: data of another patient than the one asked for */
    size_t patients;     /* of a request for the Patient */
    const char *patient; /* the last of them */
};

/*
 * tree holds what is parsed and may go afterwards; what the page points to is in the arena or in the body. GW_EPROTO:
 * not acceptable, says why (and out->leak is set where that is it). GW_ENOMEM: more than tree or arena hold.
 */
enum gw_status page_read(struct gw_arena *arena, struct gw_arena *tree, const struct page_asked *asked,
                         struct gw_slice body, struct page *out, struct gw_error *err);

#endif
