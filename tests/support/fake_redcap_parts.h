/*
 * A fake REDCap in parts: what is asked (fake_redcap_form.c), how the project is laid out (fake_redcap_layout.c), what
 * is there (fake_redcap_places.c). Private to fake_redcap*.c.
 */
#ifndef SUPPORT_FAKE_REDCAP_PARTS_H
#define SUPPORT_FAKE_REDCAP_PARTS_H

#include "support/fake_redcap.h"

enum { FAKE_FORM_PAIRS = 64 };

struct fake_form {
    char *names[FAKE_FORM_PAIRS], *values[FAKE_FORM_PAIRS];
    size_t count;
};

/* Decoded where it stands. What was said twice; NULL: nothing. */
const char *fake_form_read(struct fake_form *form, char *body);
const char *fake_form_value(const struct fake_form *form, const char *name); /* "" where there is none */
/* Is it in list[0], list[1] ...? A list that was not given holds everything. */
bool fake_form_lists(const struct fake_form *form, const char *list, const char *value);

/* A place is a record's instance of an instrument in an event, and holds what was imported into it. */
const char *place_text(const cJSON *place, const char *name); /* "" where there is none */
void place_set(cJSON *place, const char *name, const char *value);
cJSON *place_find(struct fake_redcap *redcap, const char *record, const char *event, const char *instrument,
                  const char *instance);
cJSON *place_add(struct fake_redcap *redcap, const char *record, const char *event, const char *instrument,
                 const char *instance);
void place_row_field(const cJSON *place, char *out, size_t size); /* "observations_row_id" */

const cJSON *layout_field(const struct fake_redcap *redcap, const char *name); /* NULL: it has none of this name */
bool layout_takes(const cJSON *field, const char *value);

struct layout_event {
    char label[16], name[32]; /* "T30-01", "t3001_arm_1" */
    bool there;
};
bool layout_event(const struct fake_redcap *redcap, int number, struct layout_event *out); /* false: no such number */
bool layout_has_event(const struct fake_redcap *redcap, const char *name);

#endif
