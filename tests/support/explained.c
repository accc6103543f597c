#include "support/explained.h"

#include <criterion/criterion.h>
#include <string.h>

void explained_derive(struct explained *e, struct subject *s)
{
    subject_derive(s);
    e->subject = s;
    e->input = subject_input(s);
    e->in.subject = &e->input;
    e->in.derived = &s->derived;
    e->in.rule_set = "lendex-rrmm 1.0.0 3f2a9c10";
}

void explained_row(struct explained *e, const char *row_id)
{
    struct gw_error err;
    bool found;

    cr_assert(gw_explain_row(&e->subject->arena, &e->in, row_id, &found, &e->told, &err) == GW_OK, "%s: %s", row_id,
              err.text);
    cr_assert(found, "%s", row_id);
}

void explained_missing(struct explained *e, const char *concept, const char *window)
{
    struct gw_error err;

    cr_assert(gw_explain_missing(&e->subject->arena, &e->in, concept, window, &e->told, &err) == GW_OK, "%s", err.text);
}

const char *explained_sentences(const struct explained *e)
{
    const char *text = "";

    for (size_t i = 0; i < e->told.sentence_count; i++)
        text = gw_arena_print(&e->subject->arena, "%s%s\n", text, e->told.sentences[i].text);
    return text;
}

bool explained_says(const struct explained *e, const char *words)
{
    for (size_t i = 0; i < e->told.sentence_count; i++)
        if (strstr(e->told.sentences[i].text, words))
            return true;
    return false;
}

bool explained_has_topic(const struct explained *e, const char *topic)
{
    for (size_t i = 0; i < e->told.sentence_count; i++)
        if (strcmp(e->told.sentences[i].topic, topic) == 0)
            return true;
    return false;
}
