/*
 * What to ask an endpoint about one subject: a pure function from profile, wishes and span to requests.
 *
 *      stage 1   Patient                       by id, or by record number while the id is not known
 *                MedicationAdministration,     without bounds: D1 is found from them, and their cursors stay the same
 *                Statement, Dispense, Request  when D1 comes or moves
 *      stage 2   Encounter, Observation        bounded to the span (gw_search_url asks one day wider on both sides);
 *                                              Observations from the days of a baseline on that has no window
 *                Condition, Procedure          all: comorbidity, earlier thromboses and transplants came before
 *                weight                        so many days before the span
 *                AdverseEvent                  all; this and the next two where the study has a use for them
 *                QuestionnaireResponse,        bounded to the span
 *                DiagnosticReport
 *
 * Stage 2 exists only once D1 is known: without D1 nothing is asked but what can show it. Without a patient id there is
 * the search for the Patient and nothing else. Types the endpoint does not read are left out.
 *
 * A request names its cursor: (endpoint, subject, query, low, high). A cursor that was never moved is pulled in full; a
 * known one with _lastUpdated=ge(watermark - 10 min), where the profile says that this works. The query is the search
 * without subject, dates and page size ("Observation?category=laboratory"); of a list of codes it has a hash, so that a
 * changed list is a new query.
 *
 * What is asked of one endpoint or another differs by its profile alone:
 *
 *      _lastUpdated   what changed since the watermark, of known spans; by days where it knows no finer
 *      date           else the span whole, each time; the ledger meets what it knows by its bytes
 *      neither        else all of the type; derivation takes what lies in the span
 *      one range      a known span by _lastUpdated without dates: a change of any date may concern it
 *      codes          lists of at most codes_max, and, by GET, of at most query_max bytes of URL
 *      POST           where the query is too long or has a record number in it, or for all
 *
 * A request without bounds has a cursor without bounds.
 *
 * A slice asks again for a part of the plan, as if nothing had been asked yet: requests of other types are left out,
 * those whose type has a date that the endpoint knows end where the slice does (Patient, Condition, Procedure and
 * AdverseEvent are asked for whole), and what lies outside the slice is not asked for. Their cursors stay where they
 * are.
 *
 * Source: HL7 FHIR R4 search; mappings/RULES.md 18.
 */
#ifndef GATEWAY_SOURCES_PLAN_H
#define GATEWAY_SOURCES_PLAN_H

#include "gateway/core/arena.h"
#include "gateway/fhir/search.h"
#include "gateway/ledger/ledger.h"
#include "gateway/sources/profile.h"

#define GW_PLAN_OVERLAP_S 600  /* a server's stamps need not rise in the order in which its searches show them */
#define GW_PLAN_CODES_MAX 30   /* codes in one search */
#define GW_PLAN_QUERY_MAX 2000 /* bytes of a query in a URL: some servers refuse more than 2048 */

enum gw_stage {
    GW_STAGE_ANCHOR = 1, /* what D1 is found from */
    GW_STAGE_SPAN = 2,   /* the rest */
};

struct gw_wanted { /* the same for all subjects of a study at an endpoint */
    const char *endpoint;
    unsigned page_size; /* of the endpoint's settings; 0: 100. The profile's, when it has one, is the upper bound */
    const char *const *codes; /* "http://loinc.org|751-8", used where Observations are asked by code */
    size_t code_count;
    bool types[GW_RESOURCE_COUNT]; /* of AdverseEvent, QuestionnaireResponse, DiagnosticReport those to be asked for */
    struct {                       /* Observations from before the span */
        const char *const *codes;
        size_t count;
        int days; /* 0: none */
    } before;
    int baseline_days; /* all Observations so many days before the span too; 0: none */
};

struct gw_plan_slice {
    gw_day from, to;   /* GW_NO_DAY: no bound of its own */
    const bool *types; /* of GW_RESOURCE_COUNT; NULL: all. A patient who was not found yet is looked for nevertheless */
};

struct gw_span { /* one subject */
    int64_t subject;
    const char *patient;             /* logical id at the endpoint; NULL: not found yet */
    struct gw_identifier identifier; /* the roster's record number; value NULL: none */
    const char *chart;               /* of a patient merged with the roster's: its searches have cursors of their own,
                                        which bear this name. NULL: the roster's patient */
    bool anchored;                   /* D1 is known, and low and high with it */
    gw_day low;
    gw_day high; /* keep it the same from sync to sync (the planned end, not today): it is part of the cursor */
    const struct gw_plan_slice *slice; /* NULL: all of it */
};

struct gw_request {
    enum gw_stage stage;
    bool read;                       /* Patient/<id> instead of a search */
    bool resolve;                    /* read Medications that were referred to and did not come along */
    bool again;                      /* of a slice: its end moves no cursor */
    struct gw_search search;         /* last_updated is NULL until gw_request_since */
    struct gw_identifier identifier; /* the roster's: references by identifier only are recognised by it */
    struct gw_cursor cursor;
    const char *watermark; /* of the cursor; NULL: never read, "": read, but without a usable stamp */
};

struct gw_requests {
    struct gw_request *list;
    size_t count;
};

/* How a type's known spans are asked for again: the first that the endpoint knows. */
enum gw_strategy {
    GW_STRATEGY_CHANGES, /* by _lastUpdated */
    GW_STRATEGY_DATES,   /* by date */
    GW_STRATEGY_ALL,     /* the whole patient */
};
enum gw_strategy gw_plan_strategy(const struct gw_profile *profile, enum gw_resource type);

/* Is a type ever asked for by itself? */
bool gw_plan_asks(enum gw_resource type);

/*
 * stages: GW_STAGE_ANCHOR, GW_STAGE_SPAN or both by |. Texts of wanted and span are borrowed, the rest is the arena's.
 * GW_OK or GW_ENOMEM.
 */
enum gw_status gw_plan_requests(struct gw_arena *arena, const struct gw_profile *profile,
                                const struct gw_wanted *wanted, const struct gw_span *span, unsigned stages,
                                struct gw_requests *out, struct gw_error *err);

/*
 * Go on from a watermark (as the ledger had it, NULL: never read), once for a planned request: sets watermark and,
 * where the profile allows and the watermark is an instant, search.last_updated, and takes the dates off where both
 * cannot stand together. GW_OK or GW_ENOMEM.
 */
enum gw_status gw_request_since(struct gw_arena *arena, const struct gw_profile *profile, const char *watermark,
                                struct gw_request *request, struct gw_error *err);

/* The same for each of a list, with what the ledger knows. On the ledger's thread. */
enum gw_status gw_requests_resume(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_profile *profile,
                                  struct gw_requests *requests, struct gw_error *err);

/* "Observation?category=laboratory" for an operator: the cursor's query. Never a patient's id. */
const char *gw_request_name(const struct gw_request *request);

#endif
