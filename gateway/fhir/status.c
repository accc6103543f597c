/*
 * The status policy as one table per resource type.
 *
 * Source: mappings/RULES.md 11. R5 statuses stand beside R4's, since no word means two things.
 * What a table does not hold, `unknown` included, is left to a person.
 */
#include "fhir/status.h"

#include <string.h>

struct word {
    const char *word;
    enum gw_standing standing;
};

static const struct word observation[] = {
    {"final", GW_ACCEPTED},          {"amended", GW_ACCEPTED},           {"corrected", GW_ACCEPTED},
    {"preliminary", GW_PROVISIONAL}, {"registered", GW_PROVISIONAL}, /* GW_WAITING without a value: fact.c */
    {"cancelled", GW_WITHDRAWN},     {"entered-in-error", GW_WITHDRAWN}, {NULL, 0},
};

static const struct word administration[] = {
    {"completed", GW_ACCEPTED},  {"in-progress", GW_ACCEPTED}, {"stopped", GW_PROVISIONAL}, /* some servers say so of a
                                                                                               dose that was never
                                                                                               given: cerner PR 169 */
    {"on-hold", GW_PROVISIONAL}, {"not-done", GW_NEGATIVE},    {"entered-in-error", GW_WITHDRAWN}, {NULL, 0},
};

static const struct word request[] = {
    {"active", GW_ACCEPTED},   {"completed", GW_ACCEPTED}, {"stopped", GW_ACCEPTED},           {"on-hold", GW_ACCEPTED},
    {"ended", GW_PROVISIONAL}, /* R5 */
    {"draft", GW_REFUSED},     {"cancelled", GW_REFUSED},  {"entered-in-error", GW_WITHDRAWN}, {NULL, 0},
};

static const struct word dispense[] = {
    {"completed", GW_ACCEPTED}, {"in-progress", GW_PROVISIONAL},    {"preparation", GW_REFUSED},
    {"cancelled", GW_REFUSED},  {"declined", GW_REFUSED},           {"on-hold", GW_REFUSED},
    {"stopped", GW_REFUSED},    {"entered-in-error", GW_WITHDRAWN}, {NULL, 0},
};

static const struct word statement[] = {
    {"active", GW_ACCEPTED},
    {"completed", GW_ACCEPTED},
    {"stopped", GW_ACCEPTED},
    {"on-hold", GW_ACCEPTED},
    {"recorded", GW_ACCEPTED}, /* R5 */
    {"intended", GW_PROVISIONAL},
    {"not-taken", GW_NEGATIVE},
    {"draft", GW_REFUSED}, /* R5 */
    {"entered-in-error", GW_WITHDRAWN},
    {NULL, 0},
};

static const struct word encounter[] = {
    {"finished", GW_ACCEPTED},
    {"in-progress", GW_ACCEPTED},
    {"arrived", GW_ACCEPTED},
    {"triaged", GW_ACCEPTED},
    {"onleave", GW_ACCEPTED},
    {"discharged", GW_PROVISIONAL}, /* R5, as the next two */
    {"completed", GW_PROVISIONAL},
    {"on-hold", GW_PROVISIONAL},
    {"planned", GW_REFUSED},
    {"cancelled", GW_REFUSED},
    {"discontinued", GW_REFUSED}, /* R5 */
    {"entered-in-error", GW_WITHDRAWN},
    {NULL, 0},
};

static const struct word verification[] = {
    {"confirmed", GW_ACCEPTED},
    {"provisional", GW_PROVISIONAL},
    {"differential", GW_PROVISIONAL},
    {"unconfirmed", GW_PROVISIONAL},
    {"refuted", GW_REFUSED},
    {"entered-in-error", GW_WITHDRAWN},
    {NULL, 0},
};

static const struct word procedure[] = {
    {"completed", GW_ACCEPTED},
    {"in-progress", GW_PROVISIONAL},
    {"preparation", GW_REFUSED},
    {"not-done", GW_REFUSED},
    {"on-hold", GW_REFUSED},
    {"stopped", GW_REFUSED},
    {"entered-in-error", GW_WITHDRAWN},
    {NULL, 0},
};

static const struct word adverse_event[] = {
    /* R5 */
    {"completed", GW_ACCEPTED},
    {"in-progress", GW_PROVISIONAL},
    {"entered-in-error", GW_WITHDRAWN},
    {NULL, 0},
};

static const struct word questionnaire_response[] = {
    {"completed", GW_ACCEPTED}, {"amended", GW_ACCEPTED},           {"in-progress", GW_REFUSED},
    {"stopped", GW_REFUSED},    {"entered-in-error", GW_WITHDRAWN}, {NULL, 0},
};

static const struct word diagnostic_report[] = {
    {"final", GW_ACCEPTED},      {"amended", GW_ACCEPTED},           {"corrected", GW_ACCEPTED},
    {"appended", GW_ACCEPTED},   {"modified", GW_ACCEPTED}, /* R5 */
    {"partial", GW_PROVISIONAL}, {"preliminary", GW_PROVISIONAL},    {"registered", GW_WAITING},
    {"cancelled", GW_WITHDRAWN}, {"entered-in-error", GW_WITHDRAWN}, {NULL, 0},
};

static const struct word intents[] = {
    {"order", GW_ACCEPTED},        {"original-order", GW_ACCEPTED}, {"reflex-order", GW_ACCEPTED},
    {"filler-order", GW_ACCEPTED}, {"instance-order", GW_ACCEPTED}, {"proposal", GW_REFUSED},
    {"plan", GW_REFUSED},          {"option", GW_REFUSED},          {NULL, 0},
};

static const struct word adherences[] = {
    {"not-taking", GW_NEGATIVE},
    {"not-taking-as-directed", GW_NEGATIVE},
    {"not-taking-not-as-directed", GW_NEGATIVE},
    {"unknown", GW_UNDECIDED},
    {NULL, 0},
};

static const struct word actualities[] = {
    {"actual", GW_ACCEPTED},
    {"potential", GW_REFUSED},
    {NULL, 0},
};

static const struct word *const policies[GW_RESOURCE_COUNT] = {
    [GW_OBSERVATION] = observation,
    [GW_MEDICATION_ADMINISTRATION] = administration,
    [GW_MEDICATION_REQUEST] = request,
    [GW_MEDICATION_DISPENSE] = dispense,
    [GW_MEDICATION_STATEMENT] = statement,
    [GW_ENCOUNTER] = encounter,
    [GW_CONDITION] = verification,
    [GW_PROCEDURE] = procedure,
    [GW_ADVERSE_EVENT] = adverse_event,
    [GW_QUESTIONNAIRE_RESPONSE] = questionnaire_response,
    [GW_DIAGNOSTIC_REPORT] = diagnostic_report,
};

static enum gw_standing look_up(const struct word *words, const char *word, enum gw_standing otherwise)
{
    for (; word && words->word; words++) {
        if (strcmp(words->word, word) == 0)
            return words->standing;
    }
    return otherwise;
}

/* What a second element leaves of a standing: it can only take away. */
static enum gw_standing lessened(enum gw_standing standing, enum gw_standing by)
{
    return standing == GW_WITHDRAWN || standing == GW_REFUSED || by == GW_ACCEPTED ? standing : by;
}

enum gw_standing status_standing(enum gw_resource type, const char *status)
{
    if ((type == GW_CONDITION || type == GW_ADVERSE_EVENT) && !status)
        return GW_ACCEPTED;
    if (policies[type])
        return look_up(policies[type], status, GW_UNDECIDED);
    return status && strcmp(status, "entered-in-error") == 0 ? GW_WITHDRAWN : GW_ACCEPTED;
}

enum gw_standing status_with_intent(enum gw_standing standing, const char *intent, bool do_not_perform)
{
    return lessened(standing, do_not_perform ? GW_REFUSED : look_up(intents, intent, GW_UNDECIDED));
}

enum gw_standing status_with_actuality(enum gw_standing standing, const char *actuality)
{
    return lessened(standing, look_up(actualities, actuality, GW_UNDECIDED));
}

enum gw_standing status_with_adherence(enum gw_standing standing, const struct gw_concept *adherence)
{
    for (size_t i = 0; standing == GW_ACCEPTED && i < adherence->count; i++)
        standing = look_up(adherences, adherence->codings[i].code, GW_ACCEPTED);
    return standing;
}
