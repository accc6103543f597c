/*
 * What is asked of a fake REDCap: a form's names and values.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_redcap_parts.h"

static void decode(char *text)
{
    char *to = text;
    unsigned byte;

    for (; *text; text++) {
        if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            text += 2;
        } else {
            *to++ = *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
}

const char *fake_form_read(struct fake_form *form, char *body)
{
    char *rest, *pair = strtok_r(body, "&", &rest);
    const char *twice = NULL;

    form->count = 0;
    for (; pair; pair = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(pair, '=');

        assert(equals && form->count < FAKE_FORM_PAIRS);
        *equals = '\0';
        decode(pair);
        decode(equals + 1);
        for (size_t i = 0; i < form->count; i++)
            if (strcmp(form->names[i], pair) == 0)
                twice = pair;
        form->names[form->count] = pair;
        form->values[form->count++] = equals + 1;
    }
    return twice;
}

const char *fake_form_value(const struct fake_form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->names[i], name) == 0)
            return form->values[i];
    return "";
}

bool fake_form_lists(const struct fake_form *form, const char *list, const char *value)
{
    char name[40];
    size_t i = 0;

    for (;; i++) {
        snprintf(name, sizeof name, "%s[%zu]", list, i);
        if (!*fake_form_value(form, name))
            return i == 0;
        if (strcmp(fake_form_value(form, name), value) == 0)
            return true;
    }
}
