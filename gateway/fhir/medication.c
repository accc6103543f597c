/*
 * The medication resources: what was ordered, dispensed, given or stated, as one shape, and Medication itself.
 *
 * R5 spells some elements anew: medication is a CodeableReference, effective[x] of an administration is occurence[x]
 * (with one r). An instruction list with doses that differ gives no dose: which of them holds is not for a reader to
 * choose.
 */
#include <string.h>

#include "fhir/resources.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"

/* "mL" over "h" is "mL/h"; over 8 "h" it is UCUM's "mL/(8.h)". */
static const char *unit_over(struct reader *reader, const char *above, const char *number, const char *below)
{
    if (!above || !below)
        return NULL;
    if (!number || gw_same(number, "1"))
        return reader_keep(reader, gw_arena_print(reader->arena, "%s/%s", above, below));
    return reader_keep(reader, gw_arena_print(reader->arena, "%s/(%s.%s)", above, number, below));
}

static const struct element ratio_elements[] = {
    OBJECT("numerator", struct gw_quantity_ratio, numerator, &quantity_shape),
    OBJECT("denominator", struct gw_quantity_ratio, denominator, &quantity_shape),
};
static const struct shape ratio_shape = SHAPE(ratio_elements, struct gw_quantity_ratio);

/* A rate per some other number of units than a whole one has no UCUM form: it stays unread, as a range does. */
static void read_ratio(struct reader *reader, const cJSON *item, struct gw_quantity *out)
{
    struct gw_quantity_ratio ratio = {0};

    shape_read(reader, &ratio_shape, item, &ratio);
    if (ratio.denominator.value && strspn(ratio.denominator.value, "0123456789") != strlen(ratio.denominator.value))
        return;
    *out = ratio.numerator;
    out->code = unit_over(reader, ratio.numerator.code, ratio.denominator.value, ratio.denominator.code);
    out->unit = unit_over(reader, ratio.numerator.unit, ratio.denominator.value, ratio.denominator.unit);
}

static void read_amount(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const char *suffix = choice_suffix(element, item);

    if (!json_is(item, cJSON_Object))
        reader_refuse(reader, item, "an object is wanted");
    else if (gw_same(suffix, "Quantity"))
        shape_read(reader, &quantity_shape, item, field_of(element, base));
    else if (gw_same(suffix, "Ratio"))
        read_ratio(reader, item, field_of(element, base));
}

/* Of several amounts the first, unless a later one says something else: then none. */
static void keep_amount(struct gw_quantity *kept, const struct gw_quantity *other, bool *differ)
{
    if (!other->value)
        return;
    if (!kept->value)
        *kept = *other;
    else if (!gw_same(kept->value, other->value) || !gw_same(kept->code, other->code) ||
             !gw_same(kept->unit, other->unit))
        *differ = true;
}

static void merge_dosages(const struct dosage *dosages, size_t count, struct dosage *out)
{
    bool doses_differ = false;
    bool rates_differ = false;

    for (size_t i = 0; i < count; i++) {
        if (out->route.count == 0 && !out->route.text)
            out->route = dosages[i].route;
        keep_amount(&out->dose, &dosages[i].dose, &doses_differ);
        keep_amount(&out->rate, &dosages[i].rate, &rates_differ);
    }
    if (doses_differ)
        out->dose = (struct gw_quantity){0};
    if (rates_differ)
        out->rate = (struct gw_quantity){0};
}

static const struct element dose_and_rate_elements[] = {
    ELEMENT("dose[x]", struct dosage, dose, read_amount),
    ELEMENT("rate[x]", struct dosage, rate, read_amount),
};
static const struct shape dose_and_rate_shape = SHAPE(dose_and_rate_elements, struct dosage);

static void read_dose_and_rate(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("doseAndRate", struct draft, dosages, dosage_count, &dose_and_rate_shape);
    struct draft found = {0};

    (void)element;
    as_list(reader, &list, item, &found);
    merge_dosages(found.dosages, found.dosage_count, base);
}

static const struct element dosage_elements[] = {
    OBJECT("route", struct dosage, route, &concept_shape),
    {"doseAndRate", 0, 0, read_dose_and_rate, NULL},
};
static const struct shape dosage_shape = SHAPE(dosage_elements, struct dosage);

#define USE(name, field, reader)       FACT(name, use.field, reader)
#define USE_OBJECT(name, field, shape) OBJECT(name, struct draft, fact.use.field, shape)
#define DOSAGE_LIST(name)              LIST(name, struct draft, dosages, dosage_count, &dosage_shape)

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
#define STATUS_REASON_ELEMENTS                                                                                         \
    USE("statusReason", has_status_reason, as_present), USE("statusReason[x]", has_status_reason, as_present)

static const struct element administration_dosage_elements[] = {
    USE_OBJECT("route", route, &concept_shape),
    USE_OBJECT("dose", dose, &quantity_shape),
    USE("rate[x]", rate, read_amount),
};
static const struct shape administration_dosage_shape = SHAPE(administration_dosage_elements, struct draft);

static const struct element administration_elements[] = {
    IDENTITY_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    USE("effective[x]", effective, as_effective),
    USE("occurence[x]", effective, as_effective),
    USE("occurrence[x]", effective, as_effective), /* R5's spelling put right by the sender */
    INLINE("dosage", &administration_dosage_shape),
};
const struct shape administration_shape = SHAPE(administration_elements, struct draft);

static const struct element dispense_request_elements[] = {
    USE_OBJECT("validityPeriod", validity, &period_shape),
};
static const struct shape dispense_request_shape = SHAPE(dispense_request_elements, struct draft);

static const struct element request_elements[] = {
    IDENTITY_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    USE("intent", intent, as_string),
    USE("doNotPerform", do_not_perform, as_bool),
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    USE("authoredOn", authored_on, as_string),
    DOSAGE_LIST("dosageInstruction"),
    INLINE("dispenseRequest", &dispense_request_shape),
};
const struct shape request_shape = SHAPE(request_elements, struct draft);

static const struct element dispense_elements[] = {
    IDENTITY_ELEMENTS,
    STATUS_REASON_ELEMENTS,
    USE("notPerformedReason", has_status_reason, as_present), /* R5 */
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
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
    STATUS_REASON_ELEMENTS,
    MEDICATION_ELEMENTS,
    SUBJECT_ELEMENTS,
    USE("effective[x]", effective, as_effective),
    USE("dateAsserted", date_asserted, as_string),
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
    struct dosage dosage = {0};

    if (draft->dosage_count > 0) {
        merge_dosages(draft->dosages, draft->dosage_count, &dosage);
        use->route = dosage.route;
        use->dose = dosage.dose;
        use->rate = dosage.rate;
    }
    if (use->reference.kind == GW_REFERENCE_CONTAINED)
        read_contained(reader, draft);
}
