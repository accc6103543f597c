/*
 * Encounter.
 *
 * R5 spells the period actualPeriod, class as concepts, reasons as use and value, a diagnosis's condition and use as
 * lists, hospitalization as admission, a location's physicalType as form.
 */
#include <string.h>

#include "fhir/resources.h"

struct class_concepts { /* R5 */
    const struct gw_concept *concepts;
    size_t count;
};

static void read_class(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("class", struct class_concepts, concepts, count, &concept_shape);
    struct class_concepts found = {0};
    struct gw_coding *coding = field_of(element, base);

    if (json_is(item, cJSON_Object)) {
        shape_read(reader, &coding_shape, item, coding);
        return;
    }
    as_list(reader, &list, item, &found);
    if (found.count > 0 && found.concepts[0].count > 0)
        *coding = found.concepts[0].codings[0];
}

struct reason { /* R5 */
    const struct codeable_reference *values;
    size_t count;
};

static const struct element reason_elements[] = {
    LIST("value", struct reason, values, count, &codeable_reference_shape),
};
static const struct shape reason_shape = SHAPE(reason_elements, struct reason);

struct reasons {
    const struct reason *reasons;
    size_t count;
};

/* R5 groups an Encounter's reasons by what they were for: here they are one list. */
static void read_reasons(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("reason", struct reasons, reasons, count, &reason_shape);
    struct reasons found = {0};
    struct codeable_reference *all;
    size_t count = 0;

    as_list(reader, &list, item, &found);
    for (size_t i = 0; i < found.count; i++)
        count += found.reasons[i].count;
    all = count > 0 && reader->status == GW_OK ? reader_alloc(reader, count * sizeof(*all)) : NULL;
    if (!all)
        return;
    for (size_t i = 0, at = 0; i < found.count; at += found.reasons[i++].count) {
        if (found.reasons[i].count > 0)
            memcpy(&all[at], found.reasons[i].values, found.reasons[i].count * sizeof(*all));
    }
    reasons_split(reader, all, count, field_of(element, base));
}

/* R4: a reference. R5: a list of concepts, references or both. */
static void read_conditions(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_reasons *conditions = field_of(element, base);
    struct codeable_reference one = {0};

    if (json_is(item, cJSON_Array)) {
        as_reasons(reader, element, item, base);
        return;
    }
    if (!json_is(item, cJSON_Object)) {
        reader_refuse(reader, item, "an object, or an array of them, is wanted");
        return;
    }
    shape_read(reader, &reference_shape, item, &one.reference);
    reference_split(reader, &one.reference);
    if (reader->status == GW_OK)
        reasons_split(reader, &one, 1, conditions);
}

static const struct element diagnosis_elements[] = {
    ELEMENT("condition", struct gw_diagnosis, conditions, read_conditions),
    ONE_OR_LIST("use", struct gw_diagnosis, uses, use_count, &concept_shape),
};
static const struct shape diagnosis_shape = SHAPE(diagnosis_elements, struct gw_diagnosis);

static const struct element admission_elements[] = {
    OBJECT("dischargeDisposition", struct draft, fact.encounter.discharge_disposition, &concept_shape),
};
static const struct shape admission_shape = SHAPE(admission_elements, struct draft);

static const struct element location_elements[] = {
    ELEMENT("location", struct gw_encounter_location, location, as_reference),
    ELEMENT("status", struct gw_encounter_location, status, as_string),
    OBJECT("physicalType", struct gw_encounter_location, form, &concept_shape),
    OBJECT("form", struct gw_encounter_location, form, &concept_shape), /* R5 */
    OBJECT("period", struct gw_encounter_location, period, &period_shape),
};
static const struct shape location_shape = SHAPE(location_elements, struct gw_encounter_location);

static const struct element encounter_elements[] = {
    IDENTITY_ELEMENTS,
    FACT("class", encounter.class_code, read_class),
    LIST("type", struct draft, fact.encounter.types, fact.encounter.type_count, &concept_shape),
    SUBJECT_ELEMENTS,
    OBJECT("period", struct draft, fact.encounter.period, &period_shape),
    OBJECT("actualPeriod", struct draft, fact.encounter.period, &period_shape), /* R5 */
    FACT("plannedStartDate", encounter.planned_start, as_string),               /* R5, as the next */
    FACT("plannedEndDate", encounter.planned_end, as_string),
    REASON_ELEMENTS(encounter),
    FACT("reason", encounter.reasons, read_reasons), /* R5 */
    LIST("diagnosis", struct draft, fact.encounter.diagnoses, fact.encounter.diagnosis_count, &diagnosis_shape),
    INLINE("hospitalization", &admission_shape),
    INLINE("admission", &admission_shape), /* R5 */
    LIST("location", struct draft, fact.encounter.locations, fact.encounter.location_count, &location_shape),
};
const struct shape encounter_shape = SHAPE(encounter_elements, struct draft);
