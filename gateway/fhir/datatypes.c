/*
 * FHIR's general types as tables, and the three that need more than a table: systems, references and dates by choice.
 */
#include "fhir/datatypes.h"

#include <string.h>

#include "gateway/core/json.h"
#include "gateway/core/text.h"

#define ID_MAX 64

/* The same systems as OIDs, as HL7 registered them. */
static const struct {
    const char *as_sent;
    const char *system;
} systems[] = {
    {"urn:oid:2.16.840.1.113883.6.1", GW_SYSTEM_LOINC},
    {"urn:oid:2.16.840.1.113883.6.8", GW_SYSTEM_UCUM},
    {"urn:oid:2.16.840.1.113883.6.88", GW_SYSTEM_RXNORM},
    {"urn:oid:2.16.840.1.113883.6.73", GW_SYSTEM_ATC},
    {"urn:oid:2.16.840.1.113883.6.90", GW_SYSTEM_ICD10_CM},
    {"urn:oid:2.16.840.1.113883.6.96", GW_SYSTEM_SNOMED},
    /* A server built on a URI class that completes an empty path sends these (FirelyTeam/spark#108). */
    {GW_SYSTEM_LOINC "/", GW_SYSTEM_LOINC},
    {GW_SYSTEM_UCUM "/", GW_SYSTEM_UCUM},
};

static const char *normalise_system(const char *as_sent)
{
    const size_t length = strlen(as_sent);

    if (length == 0)
        return NULL;
    if (as_sent[0] != 'u' && as_sent[length - 1] != '/')
        return as_sent;
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        if (strcmp(as_sent, systems[i].as_sent) == 0)
            return systems[i].system;
    }
    return as_sent;
}

void as_system(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const char **at = field_of(element, base);

    as_string(reader, element, item, base);
    if (reader->status == GW_OK && *at)
        *at = normalise_system(*at);
}

static const struct element coding_elements[] = {
    ELEMENT("system", struct gw_coding, system, as_system),
    ELEMENT("code", struct gw_coding, code, as_string),
    ELEMENT("display", struct gw_coding, display, as_label),
};
const struct shape coding_shape = SHAPE(coding_elements, struct gw_coding);

static const struct element concept_elements[] = {
    LIST("coding", struct gw_concept, codings, count, &coding_shape),
    ELEMENT("text", struct gw_concept, text, as_label),
};
const struct shape concept_shape = SHAPE(concept_elements, struct gw_concept);

static const struct element identifier_elements[] = {
    ELEMENT("system", struct gw_identifier, system, as_string),
    ELEMENT("value", struct gw_identifier, value, as_string),
};
const struct shape identifier_shape = SHAPE(identifier_elements, struct gw_identifier);

/* It is delivered beside the value: free text in its place would leave the hospital, and mean nothing there. */
static void as_comparator(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    static const char *const known[] = {"", "<", "<=", ">=", ">", "ad"};
    bool fine = false;

    for (size_t i = 0; i < sizeof known / sizeof *known && json_is(item, cJSON_String); i++)
        fine |= strcmp(item->valuestring, known[i]) == 0;
    if (fine)
        as_string(reader, element, item, base);
    else
        reader_refuse(reader, item, "<, <=, >=, > or ad is wanted");
}

static const struct element quantity_elements[] = {
    ELEMENT("value", struct gw_quantity, value, as_number),
    ELEMENT("comparator", struct gw_quantity, comparator, as_comparator),
    ELEMENT("unit", struct gw_quantity, unit, as_string),
    ELEMENT("system", struct gw_quantity, system, as_system),
    ELEMENT("code", struct gw_quantity, code, as_string),
};
const struct shape quantity_shape = SHAPE(quantity_elements, struct gw_quantity);

static const struct element period_elements[] = {
    ELEMENT("start", struct gw_period, start, as_string),
    ELEMENT("end", struct gw_period, end, as_string),
};
const struct shape period_shape = SHAPE(period_elements, struct gw_period);

static const struct element reference_elements[] = {
    ELEMENT("reference", struct gw_reference, text, as_string),
    ELEMENT("type", struct gw_reference, type, as_string),
    OBJECT("identifier", struct gw_reference, identifier, &identifier_shape),
};
const struct shape reference_shape = SHAPE(reference_elements, struct gw_reference);

static const struct element age_elements[] = {
    OBJECT("low", struct gw_reference_range, age_low, &quantity_shape),
    OBJECT("high", struct gw_reference_range, age_high, &quantity_shape),
};
static const struct shape age_shape = SHAPE(age_elements, struct gw_reference_range);

static const struct element range_elements[] = {
    OBJECT("low", struct gw_reference_range, low, &quantity_shape),
    OBJECT("high", struct gw_reference_range, high, &quantity_shape),
    OBJECT("type", struct gw_reference_range, type, &concept_shape),
    LIST("appliesTo", struct gw_reference_range, applies_to, applies_to_count, &concept_shape),
    INLINE("age", &age_shape),
    ELEMENT("text", struct gw_reference_range, text, as_label),
};
const struct shape range_shape = SHAPE(range_elements, struct gw_reference_range);

static const bool id_characters[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['.'] = true,
};

/* Three ids a resource and 36 characters each: without a branch a character this took a third of the whole reading. */
static bool id_has(const char *id, size_t length)
{
    bool all = length > 0 && length <= ID_MAX;

    for (size_t i = 0; i < length && i <= ID_MAX; i++)
        all &= id_characters[(unsigned char)id[i]];
    return all;
}

bool id_is_valid(const char *id)
{
    return id_has(id, strnlen(id, ID_MAX + 1));
}

static bool is_type_name(const char *name, size_t length)
{
    if (length == 0 || length > 64 || name[0] < 'A' || name[0] > 'Z')
        return false;
    for (size_t i = 1; i < length; i++) {
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z')))
            return false;
    }
    return true;
}

/* The last '/' before `end`, or `start` when there is none: where a segment begins. */
static const char *segment_start(const char *start, const char *end)
{
    while (end > start && end[-1] != '/')
        end--;
    return end;
}

/* "[base/]Type/id[/_history/version]"; anything else leaves type as it was and id empty. */
static void split_literal(struct reader *reader, struct gw_reference *reference)
{
    const char *text = reference->text;
    const char *end = text + strlen(text);
    const char *history = strstr(text, "/_history/");
    const char *id, *type;

    if (history)
        end = history;
    id = segment_start(text, end);
    if (id == text || !id_has(id, (size_t)(end - id)))
        return;
    type = segment_start(text, id - 1);
    if (!is_type_name(type, (size_t)(id - 1 - type)))
        return;
    reference->type = reader_copy(reader, type, (size_t)(id - 1 - type));
    reference->id = history ? reader_copy(reader, id, (size_t)(end - id)) : id;
    if (history && id_is_valid(history + strlen("/_history/")))
        reference->version = history + strlen("/_history/");
    if (type > text + 1)
        reference->base = reader_copy(reader, text, (size_t)(type - 1 - text));
}

void reference_split(struct reader *reader, struct gw_reference *reference)
{
    const char *text = reference->text;

    if (text && text[0] == '#') {
        reference->kind = GW_REFERENCE_CONTAINED;
        reference->id = text + 1;
        return;
    }
    if (text) {
        reference->kind = GW_REFERENCE_LITERAL;
        if (strncmp(text, "urn:uuid:", strlen("urn:uuid:")) == 0 || strncmp(text, "urn:oid:", strlen("urn:oid:")) == 0)
            reference->id = text;
        else
            split_literal(reader, reference);
    }
    if (!reference->id && reference->identifier.value)
        reference->kind = GW_REFERENCE_LOGICAL;
}

enum gw_status gw_reference_read(struct gw_arena *arena, const char *text, struct gw_reference *out,
                                 struct gw_error *err)
{
    struct reader reader = {.arena = arena, .root_name = "Reference", .where = "fhir.reference", .err = err};

    *out = (struct gw_reference){.text = text};
    reference_split(&reader, out);
    return reader.status;
}

void as_reference(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_reference *reference = field_of(element, base);

    if (!json_is(item, cJSON_Object)) {
        reader_refuse(reader, item, "an object is wanted");
        return;
    }
    shape_read(reader, &reference_shape, item, reference);
    if (reader->status == GW_OK)
        reference_split(reader, reference);
}

static void split_all(struct reader *reader, const struct element *element, void *base)
{
    struct gw_reference *list = *(struct gw_reference **)field_of(element, base);
    const size_t count = *count_of(element, base);

    for (size_t i = 0; i < count && reader->status == GW_OK; i++)
        reference_split(reader, &list[i]);
}

void as_references(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    as_list(reader, element, item, base);
    split_all(reader, element, base);
}

void as_reference_or_list(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    as_one_or_list(reader, element, item, base);
    split_all(reader, element, base);
}

static const struct element codeable_reference_elements[] = {
    OBJECT("concept", struct codeable_reference, concept, &concept_shape),
    ELEMENT("reference", struct codeable_reference, reference, as_reference),
};
const struct shape codeable_reference_shape = SHAPE(codeable_reference_elements, struct codeable_reference);

static bool has_concept(const struct codeable_reference *one)
{
    return one->concept.count > 0 || one->concept.text;
}

static bool has_reference(const struct codeable_reference *one)
{
    return one->reference.kind != GW_REFERENCE_NONE;
}

void reasons_split(struct reader *reader, const struct codeable_reference *all, size_t count, struct gw_reasons *out)
{
    struct gw_concept *concepts = count > 0 ? reader_alloc(reader, count * sizeof(*concepts)) : NULL;
    struct gw_reference *references = concepts ? reader_alloc(reader, count * sizeof(*references)) : NULL;

    if (!references)
        return;
    *out = (struct gw_reasons){concepts, 0, references, 0};
    for (size_t i = 0; i < count; i++) {
        if (has_concept(&all[i]))
        concepts[out->concept_count++] = all[i].concept;
        if (has_reference(&all[i]))
            references[out->reference_count++] = all[i].reference;
    }
}

struct codeable_references {
    const struct codeable_reference *all;
    size_t count;
};

void as_reasons(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("reason", struct codeable_references, all, count, &codeable_reference_shape);
    struct codeable_references found = {0};

    as_list(reader, &list, item, &found);
    if (reader->status == GW_OK)
        reasons_split(reader, found.all, found.count, field_of(element, base));
}

static void read_date(struct reader *reader, const cJSON *item, struct gw_effective *out)
{
    if (!json_is(item, cJSON_String)) {
        reader_refuse(reader, item, "a string is wanted");
    } else if (*item->valuestring) {
        out->kind = GW_EFFECTIVE_DATE;
        out->date = item->valuestring;
    }
}

static void read_period(struct reader *reader, const cJSON *item, struct gw_effective *out)
{
    if (!json_is(item, cJSON_Object)) {
        reader_refuse(reader, item, "an object is wanted");
        return;
    }
    shape_read(reader, &period_shape, item, &out->period);
    if (out->period.start || out->period.end)
        out->kind = GW_EFFECTIVE_PERIOD;
}

/* A Timing is a date when it says one moment; a pattern of several moments is not. */
static void read_timing(const cJSON *item, struct gw_effective *out)
{
    const cJSON *events = gw_json_array(item, "event");
    const cJSON *only = events ? events->child : NULL;

    if (only && !only->next && json_is(only, cJSON_String) && *only->valuestring) {
        out->kind = GW_EFFECTIVE_DATE;
        out->date = only->valuestring;
    } else {
        out->kind = GW_EFFECTIVE_OTHER;
        out->other = item->string;
    }
}

void as_effective(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_effective *out = field_of(element, base);
    const char *suffix = choice_suffix(element, item);

    if (out->kind != GW_EFFECTIVE_NONE) {
        reader_refuse(reader, item, "the only date is wanted, there are several");
    } else if (gw_same(suffix, "DateTime") || gw_same(suffix, "Instant")) {
        read_date(reader, item, out);
    } else if (gw_same(suffix, "Period")) {
        read_period(reader, item, out);
    } else if (gw_same(suffix, "Timing")) {
        read_timing(item, out);
    } else {
        out->kind = GW_EFFECTIVE_OTHER;
        out->other = item->string;
    }
}

void as_moment(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_effective *out = field_of(element, base);

    if (out->kind != GW_EFFECTIVE_NONE)
        reader_refuse(reader, item, "the only date is wanted, there are several");
    else
        read_date(reader, item, out);
}
