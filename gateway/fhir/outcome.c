/*
 * OperationOutcome in one line: severities and codes, which are FHIR's own words. Diagnostics and details may quote a
 * patient's data and are never printed.
 */
#include "fhir/reading.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/fhir/bundle.h"

enum { PRINTED_ISSUES = 8 }; /* a server may send thousands: the line is for a person */

static const char *const severities[] = {"information", "warning", "error", "fatal"};

/* http://hl7.org/fhir/issue-type, R4 and R5 */
static const char *const codes[] = {
    "invalid",          "structure", "required",      "value",      "invariant",      "security",      "login",
    "unknown",          "expired",   "forbidden",     "suppressed", "processing",     "not-supported", "duplicate",
    "multiple-matches", "not-found", "deleted",       "too-long",   "code-invalid",   "extension",     "too-costly",
    "business-rule",    "conflict",  "transient",     "lock-error", "no-store",       "exception",     "timeout",
    "incomplete",       "throttled", "informational", "success",    "limited-filter",
};

static int find_word(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (gw_same(words[i], word))
            return (int)i;
    }
    return -1;
}

#define FIND(words, word) find_word(words, sizeof(words) / sizeof(*(words)), word)

/* A severity that is none of FHIR's counts as an error: R5's success apart, no server has a milder word. */
static int severity_of(const cJSON *issue)
{
    const char *word = gw_json_string(issue, "severity");
    const int found = FIND(severities, word);

    if (found >= 0)
        return found;
    return gw_same(word, "success") ? 0 : 2;
}

const char *gw_outcome_print(struct gw_arena *arena, const cJSON *outcome, int *worst)
{
    const char *line = "";
    size_t count = 0;

    *worst = 0;
    GW_JSON_EACH (issue, gw_json_array(outcome, "issue")) {
        const int severity = severity_of(issue);
        const int code = FIND(codes, gw_json_string(issue, "code"));

        if (count++ < PRINTED_ISSUES && line)
            line = gw_arena_print(arena, "%s%s%s %s", line, *line ? ", " : "", severities[severity],
                                  code >= 0 ? codes[code] : "of no known code");
        if (severity > *worst)
            *worst = severity;
    }
    if (line && count > PRINTED_ISSUES)
        line = gw_arena_print(arena, "%s and %zu more", line, count - PRINTED_ISSUES);
    return !line ? "more issues than fit" : *line ? line : "no issue given";
}
