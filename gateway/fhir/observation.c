/*
 * Observation: its own value and its components as parts of one shape.
 *
 * The parts stand in one array, the own value first. Whether there is an own value is known only at the end of the
 * walk, so the components are read behind a free place.
 */
#include <string.h>

#include "fhir/resources.h"
#include "gateway/core/text.h"

static void value_of_object(struct reader *reader, const cJSON *item, const struct shape *shape, void *into)
{
    if (json_is(item, cJSON_Object))
        shape_read(reader, shape, item, into);
    else
        reader_refuse(reader, item, "an object is wanted");
}

static const struct {
    const char *suffix;
    enum gw_value_kind kind;
    struct element element;
} forms[] = {
    {"Quantity", GW_VALUE_QUANTITY, OBJECT("value[x]", struct gw_observed, quantity, &quantity_shape)},
    {"CodeableConcept", GW_VALUE_CONCEPT, OBJECT("value[x]", struct gw_observed, concept, &concept_shape)},
    {"String", GW_VALUE_STRING, ELEMENT("value[x]", struct gw_observed, string, as_string)},
    {"Boolean", GW_VALUE_BOOLEAN, ELEMENT("value[x]", struct gw_observed, string, as_truth)},
    {"Integer", GW_VALUE_INTEGER, ELEMENT("value[x]", struct gw_observed, string, as_integer)},
};

static void read_value(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_observed *out = field_of(element, base);
    const char *suffix = choice_suffix(element, item);

    if (out->value_name) {
        reader_refuse(reader, item, "the only value is wanted, there are several");
        return;
    }
    out->value_name = item->string;
    out->kind = GW_VALUE_OTHER;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!gw_same(suffix, forms[i].suffix))
            continue;
        out->kind = forms[i].kind;
        forms[i].element.read(reader, &forms[i].element, item, out);
    }
    if (out->kind == GW_VALUE_STRING && !out->string)
        out->kind = GW_VALUE_NONE;
}

static void read_absent_reason(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_observed *out = field_of(element, base);

    out->has_absent_reason = true;
    value_of_object(reader, item, &concept_shape, &out->absent_reason);
}

static const struct element component_elements[] = {
    OBJECT("code", struct gw_observed, code, &concept_shape),
    {"value[x]", 0, 0, read_value, NULL},
    {"dataAbsentReason", 0, 0, read_absent_reason, NULL},
    LIST("interpretation", struct gw_observed, interpretations, interpretation_count, &concept_shape),
    LIST("referenceRange", struct gw_observed, ranges, range_count, &range_shape),
};
static const struct shape component_shape = SHAPE(component_elements, struct gw_observed);

static void read_components(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct draft *draft = base;
    const int count = cJSON_GetArraySize(item);
    struct gw_observed *all;
    int index = 0;

    (void)element;
    if (!json_is(item, cJSON_Array)) {
        reader_refuse(reader, item, "an array is wanted");
        return;
    }
    all = count ? reader_alloc(reader, ((size_t)count + 1) * sizeof(*all)) : NULL;
    if (!all)
        return;
    draft->components = all + 1;
    draft->component_count = (size_t)count;
    for (const cJSON *one = item->child; one && reader->status == GW_OK; one = one->next, index++) {
        draft->components[index].component = index;
        value_of_object(reader, one, &component_shape, &draft->components[index]);
    }
}

#define OBSERVATION(name, field, reader)       FACT(name, observation.field, reader)
#define OBSERVATION_OBJECT(name, field, shape) OBJECT(name, struct draft, fact.observation.field, shape)

static const struct element observation_elements[] = {
    IDENTITY_ELEMENTS,
    LIST("category", struct draft, fact.observation.categories, fact.observation.category_count, &concept_shape),
    OBSERVATION_OBJECT("code", code, &concept_shape),
    SUBJECT_ELEMENTS,
    OBSERVATION("encounter", encounter, as_reference),
    OBSERVATION("effective[x]", effective, as_effective),
    OBSERVATION("issued", issued, as_string),
    ELEMENT("value[x]", struct draft, own, read_value),
    ELEMENT("dataAbsentReason", struct draft, own, read_absent_reason),
    LIST("interpretation", struct draft, own.interpretations, own.interpretation_count, &concept_shape),
    OBSERVATION_OBJECT("bodySite", body_site, &concept_shape),
    OBSERVATION_OBJECT("method", method, &concept_shape),
    OBSERVATION("specimen", specimen, as_reference),
    OBSERVATION("device", device, as_reference),
    LIST("referenceRange", struct draft, own.ranges, own.range_count, &range_shape),
    REFERENCES("hasMember", struct draft, fact.observation.members, fact.observation.member_count),
    REFERENCES("derivedFrom", struct draft, fact.observation.derived_from, fact.observation.derived_from_count),
    ELEMENT("component", struct draft, components, read_components),
};
const struct shape observation_shape = SHAPE(observation_elements, struct draft);

bool observation_has_value(const struct gw_observation *observation)
{
    for (size_t i = 0; i < observation->part_count; i++) {
        if (observation->parts[i].kind != GW_VALUE_NONE)
            return true;
    }
    return false;
}

void observation_finish(struct reader *reader, struct draft *draft)
{
    struct gw_fact *fact = &draft->fact;
    struct gw_observed *parts = draft->components ? draft->components - 1 : reader_alloc(reader, sizeof(*parts));

    if (!parts)
        return;
    if (!draft->components || draft->own.kind != GW_VALUE_NONE || draft->own.has_absent_reason) {
        draft->own.component = -1;
        draft->own.code = fact->observation.code;
        parts[0] = draft->own;
        fact->observation.parts = parts;
        fact->observation.part_count = draft->component_count + 1;
    } else {
        fact->observation.parts = draft->components;
        fact->observation.part_count = draft->component_count;
    }
    fact->part_count = fact->observation.part_count;
}
