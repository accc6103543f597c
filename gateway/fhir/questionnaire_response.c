/*
 * QuestionnaireResponse: its items in one flat list, each before those below it.
 *
 * Items nest in items and in answers, as deep as the JSON door lets them. The texts of questions are not read: many
 * questionnaires are protected, and a linkId says which question it was.
 */
#include "fhir/resources.h"
#include "gateway/core/text.h"

struct answer {
    struct gw_response_answer answer;
    bool answered;
    const cJSON *items; /* below the answer */
};

static const struct {
    const char *suffix;
    enum gw_response_kind kind;
    struct element element;
} forms[] = {
    {"Integer", GW_RESPONSE_INTEGER, ELEMENT("value[x]", struct gw_response_answer, text, as_integer)},
    {"Decimal", GW_RESPONSE_DECIMAL, ELEMENT("value[x]", struct gw_response_answer, text, as_number)},
    {"Boolean", GW_RESPONSE_BOOLEAN, ELEMENT("value[x]", struct gw_response_answer, text, as_truth)},
    {"String", GW_RESPONSE_STRING, ELEMENT("value[x]", struct gw_response_answer, text, as_string)},
    {"Coding", GW_RESPONSE_CODING, OBJECT("value[x]", struct gw_response_answer, coding, &coding_shape)},
};

static void read_value(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct answer *out = base;
    const char *suffix = choice_suffix(element, item);

    if (out->answered) {
        reader_refuse(reader, item, "the only value is wanted, there are several");
        return;
    }
    out->answered = true;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!gw_same(suffix, forms[i].suffix))
            continue;
        out->answer.kind = forms[i].kind;
        forms[i].element.read(reader, &forms[i].element, item, &out->answer);
    }
}

static const struct element answer_elements[] = {
    {"value[x]", 0, 0, read_value, NULL},
    ELEMENT("item", struct answer, items, as_item),
};
static const struct shape answer_shape = SHAPE(answer_elements, struct answer);

struct answered {
    const char *link_id;
    struct answer *answers;
    size_t answer_count;
    const cJSON *items;
};

static const struct element item_elements[] = {
    ELEMENT("linkId", struct answered, link_id, as_string),
    LIST("answer", struct answered, answers, answer_count, &answer_shape),
    ELEMENT("item", struct answered, items, as_item),
};
static const struct shape item_shape = SHAPE(item_elements, struct answered);

static void push_item(struct reader *reader, struct draft *draft, const struct answered *from)
{
    struct gw_response_item *item = GW_ARENA_PUSH(reader->arena, draft->items, draft->item_count, draft->item_capacity);
    struct gw_response_answer *answers =
        from->answer_count > 0 ? reader_alloc(reader, from->answer_count * sizeof(*answers)) : NULL;

    reader_keep(reader, item);
    if (reader->status != GW_OK)
        return;
    for (size_t i = 0; i < from->answer_count; i++)
        answers[i] = from->answers[i].answer;
    *item = (struct gw_response_item){from->link_id, answers, from->answer_count};
}

static void read_items(struct reader *reader, const struct element *element, const cJSON *list, void *base);

static void read_item(struct reader *reader, const struct element *element, const cJSON *item, struct draft *draft)
{
    struct answered found = {0};

    shape_read(reader, &item_shape, item, &found);
    if (reader->status == GW_OK)
        push_item(reader, draft, &found);
    for (size_t i = 0; i < found.answer_count && reader->status == GW_OK; i++) {
        if (found.answers[i].items)
            read_items(reader, element, found.answers[i].items, draft);
    }
    if (found.items && reader->status == GW_OK)
        read_items(reader, element, found.items, draft);
}

static void read_items(struct reader *reader, const struct element *element, const cJSON *list, void *base)
{
    if (!json_is(list, cJSON_Array)) {
        reader_refuse(reader, list, "an array is wanted");
        return;
    }
    for (const cJSON *item = list->child; item && reader->status == GW_OK; item = item->next) {
        if (json_is(item, cJSON_Object))
            read_item(reader, element, item, base);
        else
            reader_refuse(reader, item, "an object is wanted");
    }
}

static const struct element questionnaire_response_elements[] = {
    IDENTITY_WITH(ONE_OR_LIST), /* R4 has one identifier here */
    FACT("questionnaire", questionnaire_response.questionnaire, as_string),
    FACT("subject", subject, as_reference),
    FACT("encounter", questionnaire_response.encounter, as_reference),
    FACT("authored", questionnaire_response.authored, as_string),
    {"item", 0, 0, read_items, NULL},
};
const struct shape questionnaire_response_shape = SHAPE(questionnaire_response_elements, struct draft);

void questionnaire_response_finish(struct reader *reader, struct draft *draft)
{
    (void)reader;
    draft->fact.questionnaire_response.items = draft->items;
    draft->fact.questionnaire_response.item_count = draft->item_count;
}
