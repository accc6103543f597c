/*
 * `questionnaires` of a site's profile: which instrument a questionnaire of the hospital is, and which of its items is
 * which of the instrument's; `scores`: which of its results are the points of a scale. Source: mappings/README.md.
 */
#include <stdlib.h>
#include <string.h>

#include "study/site_parts.h"

const char *const form_keys[] = {"questionnaire", "instrument", "items", "answers", "note", NULL};
const char *const score_keys[] = {"system", "code", "scale", "note", NULL};
static const char *const item_keys[] = {"link", "item", NULL};
static const char *const answer_keys[] = {"system", "code", "value", NULL};

static void no_memory(struct gw_settings *s)
{
    gw_settings_finding(s, NULL, "the profile does not fit the memory set for it");
}

static void read_items(struct gw_settings *s, const cJSON *object, struct gw_form_map *form)
{
    struct gw_form_item *items = NULL, *slot;
    size_t capacity = 0;

    GW_JSON_EACH (item, gw_settings_array(s, object, "items", true)) {
        gw_settings_check_keys(s, item, item_keys);
        if (!(slot = GW_ARENA_PUSH(s->arena, items, form->item_count, capacity))) {
            no_memory(s);
            break;
        }
        *slot = (struct gw_form_item){gw_settings_text(s, item, "link", true),
                                      gw_settings_int(s, item, "item", -1, 0, 999)};
    }
    form->items = items;
}

static void read_answers(struct gw_settings *s, const cJSON *object, struct gw_form_map *form)
{
    struct gw_form_answer *answers = NULL, *slot;
    size_t capacity = 0;

    GW_JSON_EACH (answer, gw_settings_array(s, object, "answers", false)) {
        gw_settings_check_keys(s, answer, answer_keys);
        if (!(slot = GW_ARENA_PUSH(s->arena, answers, form->answer_count, capacity))) {
            no_memory(s);
            break;
        }
        *slot = (struct gw_form_answer){gw_settings_text(s, answer, "system", false),
                                        gw_settings_text(s, answer, "code", true),
                                        gw_settings_int(s, answer, "value", -1, 0, 999)};
    }
    form->answers = answers;
}

static void check_repeats(struct gw_settings *s, const cJSON *object, const struct gw_form_map *form)
{
    for (size_t i = 0; i < form->item_count; i++)
        for (size_t j = i + 1; j < form->item_count; j++)
            if (gw_same(form->items[i].link, form->items[j].link) || form->items[i].item == form->items[j].item)
                gw_settings_finding(s, object, "two items are called alike (\"%s\", item %d); keep one",
                                    form->items[j].link ? form->items[j].link : "", form->items[j].item);
}

static bool read_form(struct gw_settings *s, const cJSON *object, struct gw_form_map *form)
{
    if (!cJSON_IsObject(object)) {
        gw_settings_finding(s, object, "\"questionnaires\" holds something that is no object; write {...}");
        return false;
    }
    gw_settings_check_keys(s, object, form_keys);
    form->questionnaire = gw_settings_text(s, object, "questionnaire", true);
    form->instrument = gw_settings_text(s, object, "instrument", true);
    form->line = gw_settings_line(s, object);
    gw_settings_text(s, object, "note", false);
    read_items(s, object, form);
    read_answers(s, object, form);
    check_repeats(s, object, form);
    return form->questionnaire && form->instrument;
}

void site_read_forms(struct gw_settings *s, const cJSON *root, struct gw_site *site)
{
    struct gw_form_map *rows = NULL, *slot;
    size_t capacity = 0;

    GW_JSON_EACH (object, gw_settings_array(s, root, "questionnaires", false)) {
        struct gw_form_map form = {.questionnaire = NULL};

        if (!read_form(s, object, &form))
            continue;
        if (gw_site_form(site, form.questionnaire))
            gw_settings_finding(s, object, "\"%s\" stands there twice; keep one", form.questionnaire);
        if (!(slot = GW_ARENA_PUSH(s->arena, rows, site->form_count, capacity))) {
            no_memory(s);
            return;
        }
        *slot = form;
        site->forms = rows;
    }
}

void site_read_scores(struct gw_settings *s, const cJSON *root, struct gw_site *site)
{
    struct gw_score_map *rows = NULL, *slot;
    size_t capacity = 0;

    GW_JSON_EACH (object, gw_settings_array(s, root, "scores", false)) {
        struct gw_score_map map;

        if (!cJSON_IsObject(object)) {
            gw_settings_finding(s, object, "\"scores\" holds something that is no object; write {...}");
            continue;
        }
        gw_settings_check_keys(s, object, score_keys);
        map = (struct gw_score_map){
            {gw_settings_text(s, object, "system", true), gw_settings_text(s, object, "code", true), NULL},
            gw_settings_text(s, object, "scale", true),
            gw_settings_line(s, object)};
        gw_settings_text(s, object, "note", false);
        if (!map.coding.system || !map.coding.code || !map.scale)
            continue;
        if (gw_site_score(site, &map.coding))
            gw_settings_finding(s, object, "\"%s\" stands there twice; keep one", map.coding.code);
        if (!(slot = GW_ARENA_PUSH(s->arena, rows, site->score_count, capacity))) {
            no_memory(s);
            return;
        }
        *slot = map;
        site->scores = rows;
    }
}

const char *gw_site_score(const struct gw_site *site, const struct gw_coding *coding)
{
    for (size_t i = 0; i < site->score_count; i++)
        if (gw_same(site->scores[i].coding.system, coding->system) &&
            gw_same(site->scores[i].coding.code, coding->code))
            return site->scores[i].scale;
    return NULL;
}

/* A canonical may end in "|version": which version is the hospital's own affair. */
const struct gw_form_map *gw_site_form(const struct gw_site *site, const char *questionnaire)
{
    const size_t length = questionnaire ? strcspn(questionnaire, "|") : 0;

    for (size_t i = 0; length > 0 && i < site->form_count; i++)
        if (strlen(site->forms[i].questionnaire) == length &&
            strncmp(site->forms[i].questionnaire, questionnaire, length) == 0)
            return &site->forms[i];
    return NULL;
}

static int item_of(const struct gw_form_map *form, const char *link)
{
    for (size_t i = 0; link && i < form->item_count; i++)
        if (gw_same(form->items[i].link, link))
            return form->items[i].item;
    return -1;
}

/* A whole number of at most three digits; -1: it is none. */
static int whole(const char *text)
{
    const size_t digits = text ? strspn(text, "0123456789") : 0;

    return digits > 0 && digits <= 3 && text[digits] == '\0' ? atoi(text) : -1;
}

static int value_of(const struct gw_form_map *form, const struct gw_response_answer *answer)
{
    if (answer->kind == GW_RESPONSE_BOOLEAN)
        return gw_same(answer->text, "true");
    if (answer->kind != GW_RESPONSE_CODING)
        return whole(answer->text);
    for (size_t i = 0; i < form->answer_count; i++)
        if (gw_same(form->answers[i].code, answer->coding.code) &&
            (!form->answers[i].system || gw_same(form->answers[i].system, answer->coding.system)))
            return form->answers[i].value;
    return whole(answer->coding.code);
}

bool gw_form_read(const struct gw_form_map *form, const struct gw_response_item *item, int *number, int *value)
{
    *number = item_of(form, item->link_id);
    if (*number < 0 || item->answer_count == 0)
        return false;
    *value = item->answer_count == 1 ? value_of(form, &item->answers[0]) : -1;
    return true;
}
