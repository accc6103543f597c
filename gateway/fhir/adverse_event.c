/*
 * AdverseEvent: what a person at the site called an adverse event, how serious, and what was suspected.
 *
 * R5 spells event code and date occurrence[x], a suspect's instance may be a concept, and of its causality the result
 * is entityRelatedness. Who judged, and by which method, is not read.
 */
#include "fhir/resources.h"
#include "gateway/core/text.h"

static const struct element causality_elements[] = {
    OBJECT("assessment", struct gw_causality, assessment, &concept_shape),
    OBJECT("entityRelatedness", struct gw_causality, assessment, &concept_shape), /* R5 */
    ELEMENT("productRelatedness", struct gw_causality, product_relatedness, as_string),
};
static const struct shape causality_shape = SHAPE(causality_elements, struct gw_causality);

static void read_instance_choice(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    static const struct element reference = ELEMENT("instance", struct gw_suspect, instance, as_reference);
    static const struct element concept = OBJECT("instance", struct gw_suspect, concept, &concept_shape);
    const char *suffix = choice_suffix(element, item);

    if (gw_same(suffix, "Reference"))
        as_reference(reader, &reference, item, base);
    else if (gw_same(suffix, "CodeableConcept"))
        as_object(reader, &concept, item, base);
}

static const struct element suspect_elements[] = {
    ELEMENT("instance", struct gw_suspect, instance, as_reference),
    {"instance[x]", 0, 0, read_instance_choice, NULL}, /* R5 */
    ONE_OR_LIST("causality", struct gw_suspect, causalities, causality_count, &causality_shape),
};
static const struct shape suspect_shape = SHAPE(suspect_elements, struct gw_suspect);

#define EVENT(name, field, reader)       FACT(name, adverse_event.field, reader)
#define EVENT_OBJECT(name, field, shape) OBJECT(name, struct draft, fact.adverse_event.field, shape)
#define RESULTS(name)                    REFERENCES(name, struct draft, fact.adverse_event.results, fact.adverse_event.result_count)

static const struct element adverse_event_elements[] = {
    IDENTITY_WITH(ONE_OR_LIST), /* R4 has one identifier here */
    EVENT("actuality", actuality, as_string),
    LIST("category", struct draft, fact.adverse_event.categories, fact.adverse_event.category_count, &concept_shape),
    EVENT_OBJECT("event", code, &concept_shape),
    EVENT_OBJECT("code", code, &concept_shape), /* R5 */
    FACT("subject", subject, as_reference),
    EVENT("encounter", encounter, as_reference),
    EVENT("date", effective, as_moment),
    EVENT("occurrence[x]", effective, as_effective), /* R5 */
    EVENT("detected", detected, as_string),
    EVENT("recordedDate", recorded_date, as_string),
    RESULTS("resultingCondition"),
    RESULTS("resultingEffect"), /* R5 */
    EVENT_OBJECT("seriousness", seriousness, &concept_shape),
    EVENT_OBJECT("severity", severity, &concept_shape),
    ONE_OR_LIST("outcome", struct draft, fact.adverse_event.outcomes, fact.adverse_event.outcome_count, &concept_shape),
    LIST("suspectEntity", struct draft, fact.adverse_event.suspects, fact.adverse_event.suspect_count, &suspect_shape),
};
const struct shape adverse_event_shape = SHAPE(adverse_event_elements, struct draft);
