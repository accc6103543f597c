/*
 * Items that a person has answered: they are not raised again. What else follows from the answer is the business of
 * the stage that would have asked; here only parts end that a person said to leave alone.
 */
#include <string.h>

#include "study/decided.h"

struct answer {
    const char *code; /* the item's; with "_" at its end all that begin so */
    enum gw_decision_kind kind;
    enum gw_decision_member member;
    const char *reason; /* the part ends not in scope with it; NULL: it goes on */
};

static const struct answer answers[] = {
    {"CODE_", GW_DECIDE_CODE, GW_SET_IGNORE, "IGNORED"},
    {"MEDICATION_UNRESOLVED", GW_DECIDE_CODE, GW_SET_IGNORE, "IGNORED"},
    {"UNIT_", GW_DECIDE_UNIT, GW_SET_IGNORE, "IGNORED"},
    {"VALUE_", GW_DECIDE_VALUE, GW_SET_REJECT, "REJECTED"},
    {"INTERPRETATION_CONFLICT", GW_DECIDE_VALUE, GW_SET_ACCEPT, NULL},
    {"DATE_FROM_ISSUED", GW_DECIDE_PLACE, GW_SET_ACCEPT, NULL},
    {"DATE_", GW_DECIDE_PLACE, GW_SET_DROP, "DROPPED"},
    {"PARTIAL_DATE", GW_DECIDE_PLACE, GW_SET_DROP, "DROPPED"},
    {"TIME_WITHOUT_OFFSET", GW_DECIDE_PLACE, GW_SET_DROP, "DROPPED"},
    {"FUTURE_DATE", GW_DECIDE_PLACE, GW_SET_DROP, "DROPPED"},
    {"AFTER_DEATH", GW_DECIDE_PLACE, GW_SET_DROP, "DROPPED"},
    {"NO_CONTACT", GW_DECIDE_CONTACT, GW_SET_MISSED, NULL},
    {"DOSE_", GW_DECIDE_DOSE, GW_SET_ACCEPT, NULL},
};

static bool is_about(const char *pattern, const char *code)
{
    const size_t length = strlen(pattern);

    return strncmp(pattern, code, length) == 0 && (pattern[length - 1] == '_' || code[length] == '\0');
}

/* Items of the subject itself, and what answers them. */
static const struct gw_decision *of_subject(struct engine *e, const char *code, const struct item_about *about)
{
    const struct gw_decision *found = NULL;

    if (strcmp(code, "RECRUITMENT_OUT_OF_WINDOW") == 0)
        return decided_subject(e, GW_DECIDE_RECRUITMENT, "");
    if (strncmp(code, "SUBJECT_", 8) == 0 || strcmp(code, "CONSENT_MISSING") == 0)
        return decided_subject(e, GW_DECIDE_PATIENT, "");
    if (strcmp(code, "RESPONSE_UNCONFIRMED") == 0 || strcmp(code, "CR_NOT_ASSESSABLE") == 0)
        return decided_subject(e, GW_DECIDE_RESPONSE, decided_assessment(e, about->windows, about->rule));
    if (strcmp(code, "ANCHOR_MISSING") == 0) {
        found = decided_subject(e, GW_DECIDE_ANCHOR, "D1");
        return decided_says(found, GW_SET_DATE) ? found : NULL;
    }
    if (strcmp(code, "ANCHOR_CONFLICT") == 0) /* ANCHOR_MOVED: see history.c */
        return decided_subject(e, GW_DECIDE_ANCHOR, "D1");
    if (strncmp(code, "EOT_", 4) == 0 || strcmp(code, "RESTART_AFTER_EOT") == 0 || strcmp(code, "REGIMEN_OVERLAP") == 0)
        return decided_anchor(e, "EOT", about);
    return NULL;
}

bool decided_answers(struct engine *e, const char *code, const struct item_about *about)
{
    const struct gw_decision *decision = e->decided_count > 0 ? of_subject(e, code, about) : NULL;

    for (size_t i = 0; e->decided_count > 0 && !decision && i < sizeof answers / sizeof *answers; i++) {
        if (!is_about(answers[i].code, code))
            continue;
        decision = decided_find(e, answers[i].kind, code, about);
        if (!decided_says(decision, answers[i].member))
            decision = NULL;
        else if (answers[i].reason)
            engine_end_part(e, engine_part(e, about->fact, about->part), GW_STATE_NOT_IN_SCOPE, answers[i].reason);
    }
    decided_note(e, decision, code, about);
    return decision != NULL;
}
