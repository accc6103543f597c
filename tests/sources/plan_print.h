/*
 * A plan as lines, one a request.
 */
#ifndef TESTS_SOURCES_PLAN_PRINT_H
#define TESTS_SOURCES_PLAN_PRINT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/sources/plan.h"

enum { BOTH = GW_STAGE_ANCHOR | GW_STAGE_SPAN };

static struct gw_arena arena = GW_ARENA_INIT(1 << 20);

static const struct gw_wanted wanted = {.endpoint = "hm-ehr"};

/* "/Observation?patient=p1", or "/Observation/_search {patient=p1}" where it goes by POST. */
static inline void print_request(const struct gw_request *r, struct gw_text *out)
{
    if (r->read)
        gw_read_url("", "Patient", r->search.patient, out);
    else
        gw_search_url(&r->search, "", out);
    if (r->search.post) {
        gw_text_add(out, " {");
        gw_search_query(&r->search, out);
        gw_text_add(out, "}");
    }
}

/* One line a request: "stage url [cursor query|low|high]". */
static inline const char *print_plan(const struct gw_profile *profile, const struct gw_wanted *by,
                                     const struct gw_span *span, unsigned stages)
{
    static char lines[16384];
    struct gw_requests requests;
    struct gw_error err = {0};
    size_t length = 0;

    lines[0] = '\0';
    cr_assert(gw_plan_requests(&arena, profile, by, span, stages, &requests, &err) == GW_OK, "%s", err.text);
    for (size_t i = 0; i < requests.count; i++) {
        const struct gw_request *r = &requests.list[i];
        struct gw_text url = GW_TEXT_INIT(8192);

        print_request(r, &url);
        length += (size_t)snprintf(lines + length, sizeof(lines) - length, "%d %s [%s|%s|%s]\n", r->stage, url.at,
                                   r->cursor.query, r->cursor.low, r->cursor.high);
        cr_expect(r->cursor.subject == span->subject && strcmp(r->cursor.endpoint, "hm-ehr") == 0);
        gw_text_release(&url);
    }
    return lines;
}

static inline struct gw_span span_of(const char *patient, bool anchored)
{
    return (struct gw_span){.subject = 17,
                            .patient = patient,
                            .identifier = {"urn:mrn", "0815"},
                            .anchored = anchored,
                            .low = anchored ? gw_day_of(2024, 1, 1) : GW_NO_DAY,
                            .high = anchored ? gw_day_of(2027, 4, 1) : GW_NO_DAY};
}

#endif
