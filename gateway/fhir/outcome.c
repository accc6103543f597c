/*
 * OperationOutcome in one line: severities and codes, which are FHIR's own words. Diagnostics and details may quote a
 * patient's data and are never printed.
 */
#include "fhir/reading.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/fhir/bundle.h"

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
    const cJSON *issues = gw_json_array(outcome, "issue");
    const char *line = "";

    *worst = 0;
    GW_JSON_EACH (issue, issues) {
        const int severity = severity_of(issue);
        const int code = FIND(codes, gw_json_string(issue, "code"));

        line = gw_arena_print(arena, "%s%s%s %s", line, *line ? ", " : "", severities[severity],
                              code >= 0 ? codes[code] : "of no known code");
        if (!line)
            return "more issues than fit";
        if (severity > *worst)
            *worst = severity;
    }
    return *line ? line : "no issue given";
}
