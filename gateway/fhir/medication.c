/*
 * The medication resources: what was ordered, dispensed, given or stated, as one shape, and Medication itself.
 *
 * R5 spells some elements anew: medication is a CodeableReference, effective[x] of an administration is occurence[x]
 * (with one r).
 */
#include <string.h>

#include "fhir/dosage.h"
#include "fhir/resources.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"

#define USE(name, field, reader)       FACT(name, use.field, reader)
#define USE_OBJECT(name, field, shape) OBJECT(name, struct draft, fact.use.field, shape)
#define DOSAGE_LIST(name)              LIST(name, struct draft, fact.use.dosages, fact.use.dosage_count, &dosage_shape)
#define CATEGORY_ELEMENTS                                                                                              \
    ONE_OR_LIST("category", struct draft, fact.use.categories, fact.use.category_count, &concept_shape)
#define PART_OF_ELEMENTS REFERENCES("partOf", struct draft, fact.use.part_of, fact.use.part_of_count)
#define REQUEST_ELEMENTS(name)                                                                                         \
    {                                                                                                                  \
        name, offsetof(struct draft, fact.use.requests), offsetof(struct draft, fact.use.request_count),               \
            as_reference_or_list, &reference_shape                                                                     \
    }
#define ENCOUNTER_ELEMENTS USE("context", encounter, as_reference), USE("encounter", encounter, as_reference)

static void read_medication_choice(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct draft *draft = base;
    const char *suffix = choice_suffix(element, item);

    if (!json_is(item, cJSON_Object)) {
        reader_refuse(reader, item, "an object is wanted");
    } else if (gw_same(suffix, "CodeableConcept")) {
        shape_read(reader, &concept_shape, item, &draft->fact.use.medication);
    } else if (gw_same(suffix, "Reference")) {
        shape_read(reader, &reference_shape, item, &draft->fact.use.reference);
        reference_split(reader, &draft->fact.use.reference);
    }
}

static const struct element codeable_elements[] = {
    USE_OBJECT("concept", medication, &concept_shape),
    USE("reference", reference, as_reference),
};
static const struct shape codeable_shape = SHAPE(codeable_elements, struct draft);

#define MEDICATION_ELEMENTS {"medication[x]", 0, 0, read_medication_choice, NULL}, INLINE("medication", &codeable_shape)
#define STATUS_REASON(name, reader)                                                                                    \
    {                                                                                                                  \
        name, offsetof(struct draft, fact.use.status_reasons), offsetof(struct draft, fact.use.status_reason_count),   \
            reader, &concept_shape                                                                                     \
    }
#define STATUS_REASON_ELEMENTS                                                                                         \
    STATUS_REASON("statusReason", read_status_reasons), STATUS_REASON("statusReason[x]", read_status_reason_choice)

static void read_status_reasons(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct draft *draft = base;

    draft->fact.use.has_status_reason = true;
    as_one_or_list(reader, element, item, base);
}

/* A DetectedIssue that is referred to is a reason too, but not one in codes. */
static void read_status_reason_choice(struct reader *reader, const struct element *element, const cJSON *item,
                                      void *base)
{
    struct draft *draft = base;

    if (!json_is(item, cJSON_Object))
        reader_refuse(reader, item, "an object is wanted");
    else if (gw_same(choice_suffix(element, item), "CodeableConcept"))
        as_one_or_list(reader, element, item, base);
    draft->fact.use.has_status_reason = true;
}

static const struct element not_performed_elements[] = {
    /* R5 */
    STATUS_REASON("concept", read_status_reasons),
    USE("reference", has_status_reason, as_present),
};
static const struct shape not_performed_shape = SHAPE(not_performed_elements, struct draft);

static const struct element administration_dosage_elements[] = {
    USE_OBJECT("route", route, &concept_shape),
    USE_OBJECT("dose", dose, &quantity_shape),
    USE("rate[x]", rate, as_amount),
};
static const struct shape administration_dosage_shape = SHAPE(administration_dosage_elements, struct draft);

static const struct element administration_elements[] = {
    IDENTITY_ELEMENTS,
    PART_OF_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    CATEGORY_ELEMENTS,
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    ENCOUNTER_ELEMENTS,
    USE("effective[x]", effective, as_effective),
    USE("occurence[x]", effective, as_effective),
    USE("occurrence[x]", effective, as_effective), /* R5's spelling put right by the sender */
    REASON_ELEMENTS(use),
    USE("reason", reasons, as_reasons),
    REQUEST_ELEMENTS("request"),
    INLINE("dosage", &administration_dosage_shape),
};
const struct shape administration_shape = SHAPE(administration_elements, struct draft);

static const struct element dispense_request_elements[] = {
    USE_OBJECT("validityPeriod", validity, &period_shape),
    USE_OBJECT("quantity", quantity, &quantity_shape),
    USE_OBJECT("expectedSupplyDuration", supply_duration, &quantity_shape),
};
static const struct shape dispense_request_shape = SHAPE(dispense_request_elements, struct draft);

static const struct element request_elements[] = {
    IDENTITY_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    USE("intent", intent, as_string),
    CATEGORY_ELEMENTS,
    USE("doNotPerform", do_not_perform, as_bool),
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    ENCOUNTER_ELEMENTS,
    USE("authoredOn", authored_on, as_string),
    REASON_ELEMENTS(use),
    USE("reason", reasons, as_reasons),
    DOSAGE_LIST("dosageInstruction"),
    INLINE("dispenseRequest", &dispense_request_shape),
};
const struct shape request_shape = SHAPE(request_elements, struct draft);

static const struct element dispense_elements[] = {
    IDENTITY_ELEMENTS,
    PART_OF_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    INLINE("notPerformedReason", &not_performed_shape),
    CATEGORY_ELEMENTS,
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    ENCOUNTER_ELEMENTS,
    REQUEST_ELEMENTS("authorizingPrescription"),
    USE_OBJECT("quantity", quantity, &quantity_shape),
    USE_OBJECT("daysSupply", days_supply, &quantity_shape),
    USE("whenHandedOver", when_handed_over, as_string),
    DOSAGE_LIST("dosageInstruction"),
};
const struct shape dispense_shape = SHAPE(dispense_elements, struct draft);

static const struct element adherence_elements[] = {
    OBJECT("code", struct draft, adherence, &concept_shape),
};
static const struct shape adherence_shape = SHAPE(adherence_elements, struct draft);

static const struct element statement_elements[] = {
    IDENTITY_ELEMENTS,
    PART_OF_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    CATEGORY_ELEMENTS,
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    ENCOUNTER_ELEMENTS,
    USE("effective[x]", effective, as_effective),
    USE("dateAsserted", date_asserted, as_string),
    REASON_ELEMENTS(use),
    USE("reason", reasons, as_reasons),
    DOSAGE_LIST("dosage"),
    INLINE("adherence", &adherence_shape), /* R5 */
};
const struct shape statement_shape = SHAPE(statement_elements, struct draft);

struct ingredient {
    struct gw_concept item;
    struct gw_quantity_ratio strength;
};

static void read_item_choice(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!gw_same(choice_suffix(element, item), "CodeableConcept"))
        return;
    if (json_is(item, cJSON_Object))
        shape_read(reader, &concept_shape, item, field_of(element, base));
    else
        reader_refuse(reader, item, "an object is wanted");
}

/* R5: a ratio as in R4, or what is in one unit of the product. */
static void read_strength_choice(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_quantity_ratio *strength = field_of(element, base);
    const char *suffix = choice_suffix(element, item);

    if (!json_is(item, cJSON_Object))
        reader_refuse(reader, item, "an object is wanted");
    else if (gw_same(suffix, "Ratio"))
        shape_read(reader, &ratio_shape, item, strength);
    else if (gw_same(suffix, "Quantity"))
        shape_read(reader, &quantity_shape, item, &strength->numerator);
}

static const struct element item_elements[] = {
    OBJECT("concept", struct ingredient, item, &concept_shape),
};
static const struct shape item_shape = SHAPE(item_elements, struct ingredient);

static const struct element ingredient_elements[] = {
    ELEMENT("item[x]", struct ingredient, item, read_item_choice), INLINE("item", &item_shape), /* R5 */
    OBJECT("strength", struct ingredient, strength, &ratio_shape),
    ELEMENT("strength[x]", struct ingredient, strength, read_strength_choice), /* R5 */
};
static const struct shape ingredient_shape = SHAPE(ingredient_elements, struct ingredient);

struct ingredients {
    const struct ingredient *all;
    size_t count;
};

static void read_ingredients(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("ingredient", struct ingredients, all, count, &ingredient_shape);
    struct gw_medication *medication = field_of(element, base);
    struct ingredients found = {0};
    struct gw_concept *items;
    struct gw_quantity_ratio *strengths;

    as_list(reader, &list, item, &found);
    if (reader->status != GW_OK || found.count == 0)
        return;
    items = reader_alloc(reader, found.count * sizeof(*items));
    strengths = reader_alloc(reader, found.count * sizeof(*strengths));
    if (!items || !strengths)
        return;
    for (size_t i = 0; i < found.count; i++) {
        items[i] = found.all[i].item;
        strengths[i] = found.all[i].strength;
    }
    medication->ingredients = items;
    medication->strengths = strengths;
    medication->ingredient_count = found.count;
}

static const struct element medication_elements[] = {
    IDENTITY_ELEMENTS,
    OBJECT("code", struct draft, fact.medication.code, &concept_shape),
    OBJECT("form", struct draft, fact.medication.form, &concept_shape),
    OBJECT("doseForm", struct draft, fact.medication.form, &concept_shape), /* R5 */
    FACT("ingredient", medication, read_ingredients),
};
const struct shape medication_shape = SHAPE(medication_elements, struct draft);

static const cJSON *find_contained(const cJSON *contained, const char *id)
{
    GW_JSON_EACH (item, contained) {
        if (gw_same(gw_json_string(item, "resourceType"), "Medication") && gw_same(gw_json_string(item, "id"), id))
            return item;
    }
    return NULL;
}

static void read_contained(struct reader *reader, struct draft *draft)
{
    struct gw_medication_use *use = &draft->fact.use;
    const cJSON *item = find_contained(draft->contained, use->reference.id);
    struct draft inner = {0};

    if (!item)
        return;
    shape_read(reader, &medication_shape, item, &inner);
    if (use->medication.count == 0 && !use->medication.text)
        use->medication = inner.fact.medication.code;
    use->ingredients = inner.fact.medication.ingredients;
    use->strengths = inner.fact.medication.strengths;
    use->ingredient_count = inner.fact.medication.ingredient_count;
}

void use_finish(struct reader *reader, struct draft *draft)
{
    struct gw_medication_use *use = &draft->fact.use;
    struct gw_dosage dosage = {0};

    if (use->dosage_count > 0) {
        dosages_merge(use->dosages, use->dosage_count, &dosage);
        use->route = dosage.route;
        use->dose = dosage.dose;
        use->rate = dosage.rate;
    }
    if (use->reference.kind == GW_REFERENCE_CONTAINED)
        read_contained(reader, draft);
}
