/*
 * The two lists of decision.def as tables. Private to the study room.
 */
#ifndef STUDY_DECISION_PARTS_H
#define STUDY_DECISION_PARTS_H

#include "gateway/study/decision.h"

enum member_form {
    FORM_TEXT,
    FORM_YES,
    FORM_SWITCH,
    FORM_DAY,
    FORM_DECIMAL,
    FORM_GRADE,
    FORM_COUNT,
    FORM_CHOICE,
    FORM_CHOICES,
    FORM_EVIDENCE,
};

struct member_rule {
    const char *name;
    enum member_form form;
    const char *choices; /* joined by "|" */
};

struct kind_rule {
    const char *name;
    const char *matches; /* of F E S N */
    const char *one_of;  /* joined by "|" */
    const char *needs;
    const char *takes;
};

extern const struct member_rule member_rules[GW_SET_COUNT];
extern const struct kind_rule kind_rules[GW_DECIDE_COUNT];

enum gw_decision_member member_of(const char *name); /* GW_SET_COUNT: none */

/* Whether a text has the form of a member; GW_EINPUT says what to write. */
enum gw_status member_check(enum gw_decision_member member, const char *text, struct gw_error *err);

#endif
