/*
 * What was ordered, dispensed, given or stated.
 */
#include "fhir/facts.h"

static const char *const kinds[] = {"none", "contained", "literal", "logical"};

#define MEDICATION(id, members) "{'resourceType':'Medication','id':'" id "'," members "}"

static const struct {
    const char *name;
    const char *members;
    const char *text; /* of the medication */
    const char *kind; /* of the reference */
    const char *reference_id;
    const char *ingredients; /* their texts, "?" for one that is not named */
} medications[] = {
    {"missing", "'note':[]", NULL, "none", NULL, ""},
    {"a concept", "'medicationCodeableConcept':{'text':'lenalidomide'}", "lenalidomide", "none", NULL, ""},
    {"a reference", "'medicationReference':{'reference':'Medication/m-1'}", NULL, "literal", "m-1", ""},
    {"an absolute reference", "'medicationReference':{'reference':'https://h/r4/Medication/m-1'}", NULL, "literal",
     "m-1", ""},
    {"a logical reference", "'medicationReference':{'identifier':{'value':'4711'}}", NULL, "logical", NULL, ""},
    {"contained",
     "'contained':[{'resourceType':'Practitioner','id':'m'}," MEDICATION("x", "'code':{'text':'other'}") "," MEDICATION(
         "m", "'code':{'text':'bortezomib'}") "],'medicationReference':{'reference':'#m'}",
     "bortezomib", "contained", "m", ""},
    {"contained, after the reference",
     "'medicationReference':{'reference':'#m'},'contained':[" MEDICATION("m", "'code':{'text':'bortezomib'}") "]",
     "bortezomib", "contained", "m", ""},
    {"contained, with ingredients",
     "'contained':[" MEDICATION(
         "m", "'ingredient':[{'itemCodeableConcept':{'text':'a'}},"
              "{'itemReference':{'reference':'#s'}},{'itemCodeableConcept':{'text':'b'}}]") "],'medicationReference':{'"
                                                                                            "reference':'#m'}",
     NULL, "contained", "m", "a?b"},
    {"contained (R5)",
     "'contained':[" MEDICATION(
         "m", "'ingredient':[{'item':{'concept':{'text':'a'}}}]") "],'medication':{'reference':{'reference':'#m'}}",
     NULL, "contained", "m", "a"},
    {"contained beside a concept of its own",
     "'contained':[" MEDICATION("m", "'code':{'text':'inner'}") "],'medicationCodeableConcept':{'text':'outer'},'"
                                                                "medicationReference':{'reference':'#m'}",
     "outer", "contained", "m", ""},
    {"contained, but not there", "'medicationReference':{'reference':'#m'}", NULL, "contained", "m", ""},
    {"contained in something else", "'contained':{'id':'m'},'medicationReference':{'reference':'#m'}", NULL,
     "contained", "m", ""},
    {"a concept (R5)", "'medication':{'concept':{'text':'lenalidomide'}}", "lenalidomide", "none", NULL, ""},
    {"a reference (R5)", "'medication':{'reference':{'reference':'Medication/m-1'}}", NULL, "literal", "m-1", ""},
};

static void print_ingredients(const struct gw_medication_use *use, char *out, size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < use->ingredient_count; i++)
        used += (size_t)snprintf(out + used, room - used, "%s", use->ingredients[i].text ?: "?");
}

Test(medication, s17_is_named_by_concept_reference_or_inside)
{
    static const char *const types[] = {"MedicationAdministration", "MedicationRequest", "MedicationDispense",
                                        "MedicationStatement"};

    for (size_t i = 0; i < 4 * sizeof(medications) / sizeof(medications[0]); i++) {
        const size_t n = i / 4;
        struct reading reading;
        const struct gw_medication_use *use = &reading.fact.use;
        char ingredients[100];

        reading_with(&reading, types[i % 4], medications[n].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", medications[n].name, reading.err.text);
        EXPECT_TEXT(use->medication.text, medications[n].text, "%s", medications[n].name);
        cr_expect(eq(str, (char *)kinds[use->reference.kind], (char *)medications[n].kind), "%s", medications[n].name);
        EXPECT_TEXT(use->reference.id, medications[n].reference_id, "%s", medications[n].name);
        print_ingredients(use, ingredients, sizeof(ingredients));
        cr_expect(eq(str, ingredients, (char *)medications[n].ingredients), "%s", medications[n].name);
        reading_release(&reading);
    }
}

#define DOSE(value, code) "'doseQuantity':{'value':" value ",'code':'" code "'}"
#define RATE(value, below)                                                                                             \
    "'rateRatio':{'numerator':{'value':" value ",'unit':'mL','code':'mL'},'denominator':{" below                       \
    "'unit':'h','code':'h'}}"

static const struct {
    const char *name;
    const char *type;
    const char *members;
    const char *dose; /* value and code */
    const char *rate;
    const char *route;
} dosages[] = {
    {"none", "MedicationAdministration", "", "- -", "- -", NULL},
    {"given", "MedicationAdministration",
     "'dosage':{'text':'x','route':{'text':'sc'},'dose':{'value':1.30,'unit':'mg','code':'mg'}}", "1.30 mg", "- -",
     "sc"},
    {"a rate", "MedicationAdministration", "'dosage':{'rateQuantity':{'value':50,'code':'mL/h'}}", "- -", "50 mL/h",
     NULL},
    {"a ratio to one", "MedicationAdministration", "'dosage':{" RATE("500", "'value':1,") "}", "- -", "500 mL/h", NULL},
    {"a ratio to nothing said", "MedicationAdministration", "'dosage':{" RATE("500", "") "}", "- -", "500 mL/h", NULL},
    {"a ratio to several", "MedicationAdministration", "'dosage':{" RATE("500", "'value':8,") "}", "- -",
     "500 mL/(8.h)", NULL},
    {"a ratio that UCUM cannot say", "MedicationAdministration", "'dosage':{" RATE("500", "'value':0.5,") "}", "- -",
     "- -", NULL},
    {"ordered", "MedicationRequest",
     "'dosageInstruction':[{'route':{'text':'po'},'doseAndRate':[{" DOSE("25", "mg") "}]}]", "25 mg", "- -", "po"},
    {"ordered with a rate", "MedicationRequest",
     "'dosageInstruction':[{'doseAndRate':[{" DOSE("25", "mg") "," RATE("9", "'value':1,") "}]}]", "25 mg", "9 mL/h",
     NULL},
    {"ordered twice alike", "MedicationRequest",
     "'dosageInstruction':[{'doseAndRate':[{" DOSE("25", "mg") "}]},{'route':{'text':'po'},'doseAndRate':[{" DOSE(
         "25", "mg") "}]}]",
     "25 mg", "- -", "po"},
    {"tapered", "MedicationRequest",
     "'dosageInstruction':[{'doseAndRate':[{" DOSE("40", "mg") "}]},{'doseAndRate':[{" DOSE("20", "mg") "}]}]", "- -",
     "- -", NULL},
    {"calculated and ordered", "MedicationRequest",
     "'dosageInstruction':[{'doseAndRate':[{" DOSE("1.3", "mg/m2") "},{" DOSE("2.4", "mg") "}]}]", "- -", "- -", NULL},
    {"at two rates", "MedicationRequest",
     "'dosageInstruction':[{'doseAndRate':[{" DOSE("5", "mg") "," RATE("9", "'value':1,") "},{" RATE(
         "8", "'value':1,") "}]}]",
     "5 mg", "- -", NULL},
    {"a dose range", "MedicationRequest", "'dosageInstruction':[{'doseAndRate':[{'doseRange':{'low':{'value':1}}}]}]",
     "- -", "- -", NULL},
    {"a text beside a dose", "MedicationRequest",
     "'dosageInstruction':[{'text':'as needed'},{'doseAndRate':[{" DOSE("5", "mg") "}]}]", "5 mg", "- -", NULL},
    {"dispensed", "MedicationDispense", "'dosageInstruction':[{'doseAndRate':[{" DOSE("1", "{capsule}") "}]}]",
     "1 {capsule}", "- -", NULL},
    {"stated", "MedicationStatement", "'dosage':[{'doseAndRate':[{" DOSE("100", "mg") "}]}]", "100 mg", "- -", NULL},
};

Test(medication, s17_has_one_dose_or_none)
{
    for (size_t i = 0; i < sizeof(dosages) / sizeof(dosages[0]); i++) {
        struct reading reading;
        const struct gw_medication_use *use = &reading.fact.use;
        char got[100];

        reading_with(&reading, dosages[i].type, dosages[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", dosages[i].name, reading.err.text);
        snprintf(got, sizeof(got), "%s %s", or_dash(use->dose.value), or_dash(use->dose.code));
        cr_expect(eq(str, got, (char *)dosages[i].dose), "dose: %s", dosages[i].name);
        snprintf(got, sizeof(got), "%s %s", or_dash(use->rate.value), or_dash(use->rate.code));
        cr_expect(eq(str, got, (char *)dosages[i].rate), "rate: %s", dosages[i].name);
        EXPECT_TEXT(use->route.text, dosages[i].route, "route: %s", dosages[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *name;
    const char *members;
    const char *date;
    const char *start;
} times[] = {
    {"a moment", "'effectiveDateTime':'2024-02-14'", "2024-02-14", NULL},
    {"a period", "'effectivePeriod':{'start':'2024-02-14'}", NULL, "2024-02-14"},
    {"a moment (R5)", "'occurenceDateTime':'2024-02-14'", "2024-02-14", NULL},
    {"a period (R5)", "'occurencePeriod':{'start':'2024-02-14'}", NULL, "2024-02-14"},
    {"a timing (R5)", "'occurenceTiming':{'event':['2024-02-14']}", "2024-02-14", NULL},
    {"R5 in proper spelling", "'occurrenceDateTime':'2024-02-14'", "2024-02-14", NULL},
    {"a gap", "'effectivePeriod':{}", NULL, NULL},
};

Test(medication, was_given_at_a_time)
{
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct reading reading;

        reading_with(&reading, "MedicationAdministration", times[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", times[i].name, reading.err.text);
        EXPECT_TEXT(reading.fact.use.effective.date, times[i].date, "%s", times[i].name);
        EXPECT_TEXT(reading.fact.use.effective.period.start, times[i].start, "%s", times[i].name);
        reading_release(&reading);
    }
}

Test(medication, keeps_what_each_resource_says_besides)
{
    struct reading reading;
    const struct gw_medication_use *use = &reading.fact.use;

    reading_with(&reading, "MedicationRequest",
                 "'intent':'order','doNotPerform':true,'authoredOn':'2024-01-10','statusReason':{'text':'x'},"
                 "'dispenseRequest':{'validityPeriod':{'start':'2024-01-11','end':'2024-02-11'}}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(use->intent, "order", "intent");
    cr_expect(use->do_not_perform && use->has_status_reason);
    EXPECT_TEXT(use->authored_on, "2024-01-10", "authored");
    EXPECT_TEXT(use->validity.end, "2024-02-11", "validity");
    reading_release(&reading);

    reading_with(&reading, "MedicationDispense",
                 "'whenHandedOver':'2024-01-10','quantity':{'value':21,'unit':'caps'},'daysSupply':{'value':28},"
                 "'statusReasonCodeableConcept':{'text':'x'}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(use->when_handed_over, "2024-01-10", "handed over");
    EXPECT_TEXT(use->quantity.value, "21", "quantity");
    EXPECT_TEXT(use->days_supply.value, "28", "days");
    cr_expect(use->has_status_reason);
    reading_release(&reading);

    reading_with(&reading, "MedicationStatement",
                 "'effectivePeriod':{'start':'2023'},'dateAsserted':'2024-01-10','statusReason':[{'text':'x'}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(use->date_asserted, "2024-01-10", "asserted");
    EXPECT_TEXT(use->effective.period.start, "2023", "effective");
    cr_expect(use->has_status_reason);
    reading_release(&reading);
}

Test(medication, stands_for_itself)
{
    struct reading reading;
    const struct gw_medication *got = &reading.fact.medication;

    reading_of(&reading, "{'resourceType':'Medication','id':'m','code':{'text':'combination'},'form':{'text':'tablet'},"
                         "'ingredient':[{'itemCodeableConcept':{'text':'a'},'strength':{'numerator':{'value':2.50,"
                         "'code':'mg'},'denominator':{'value':1,'code':'{tbl}'}}},{'itemReference':{'reference':'x'}},"
                         "{'item':{'concept':{'text':'c'}},'strengthQuantity':{'value':7}},"
                         "{'strengthRatio':{'denominator':{'value':5,'code':'mL'}}}]}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(got->code.text, "combination", "code");
    EXPECT_TEXT(got->form.text, "tablet", "form");
    cr_assert(eq(sz, got->ingredient_count, 4));
    EXPECT_TEXT(got->ingredients[0].text, "a", "ingredient");
    EXPECT_TEXT(got->strengths[0].numerator.value, "2.50", "strength");
    EXPECT_TEXT(got->strengths[0].denominator.code, "{tbl}", "strength");
    EXPECT_TEXT(got->ingredients[1].text, NULL, "an ingredient by reference is not known");
    EXPECT_TEXT(got->strengths[1].numerator.value, NULL, "nor is its strength");
    EXPECT_TEXT(got->ingredients[2].text, "c", "R5");
    EXPECT_TEXT(got->strengths[2].numerator.value, "7", "R5, of one unit");
    EXPECT_TEXT(got->strengths[2].denominator.value, NULL, "R5, of one unit");
    EXPECT_TEXT(got->strengths[3].denominator.code, "mL", "R5, a ratio");
    cr_expect(eq(int, reading.fact.subject.kind, GW_REFERENCE_NONE));
    reading_release(&reading);
}

Test(medication, inside_brings_its_strength)
{
    struct reading reading;

    reading_with(
        &reading, "MedicationAdministration",
        "'contained':[" MEDICATION(
            "m", "'ingredient':[{'strength':{'numerator':{'value':25}}}]") "],"
                                                                           "'medicationReference':{'reference':'#m'}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_assert(eq(sz, reading.fact.use.ingredient_count, 1));
    EXPECT_TEXT(reading.fact.use.strengths[0].numerator.value, "25", "strength");
    reading_release(&reading);
}

/* Concepts by their texts, references by their ids: "a,b | c-1". */
static void print_reasons(const struct gw_concept *concepts, size_t concept_count,
                          const struct gw_reference *references, size_t reference_count, char *out, size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < concept_count; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s", i ? "," : "", or_dash(concepts[i].text));
    for (size_t i = 0; i < reference_count; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s", i ? "," : "|", or_dash(references[i].id));
}

#define R4_REASONS                                                                                                     \
    "'reasonCode':[{'text':'myeloma'},{'text':'pain'}],'reasonReference':[{'reference':'Condition/c-1'},"              \
    "{'reference':'Observation/o-1'}]"
#define R5_REASONS                                                                                                     \
    "'reason':[{'concept':{'text':'myeloma'},'reference':{'reference':'Condition/c-1'}},{},"                           \
    "{'reference':{'reference':'Observation/o-1'}},{'concept':{'text':'pain'}}]"

static const struct {
    const char *type;
    const char *members;
    const char *reasons;
} reasons[] = {
    {"MedicationAdministration", R4_REASONS, "myeloma,pain|c-1,o-1"},
    {"MedicationAdministration", R5_REASONS, "myeloma,pain|c-1,o-1"},
    {"MedicationRequest", R4_REASONS, "myeloma,pain|c-1,o-1"},
    {"MedicationRequest", R5_REASONS, "myeloma,pain|c-1,o-1"},
    {"MedicationStatement", R4_REASONS, "myeloma,pain|c-1,o-1"},
    {"MedicationStatement", R5_REASONS, "myeloma,pain|c-1,o-1"},
    {"MedicationStatement", "'reasonCode':[{'text':'pain'}]", "pain"},
    {"MedicationStatement", "'reason':[]", ""},
    {"MedicationDispense", R4_REASONS, ""}, /* FHIR has none here */
};

Test(medication, tells_what_it_is_for)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct reading reading;
        const struct gw_reasons *got = &reading.fact.use.reasons;
        char text[100];

        reading_with(&reading, reasons[i].type, reasons[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", reasons[i].type, reading.err.text);
        print_reasons(got->concepts, got->concept_count, got->references, got->reference_count, text, sizeof(text));
        cr_expect(eq(str, text, (char *)reasons[i].reasons), "%s %s", reasons[i].type, reasons[i].members);
        reading_release(&reading);
    }
}

static const struct {
    const char *type;
    const char *members;
    bool any;
    const char *concepts;
} status_reasons[] = {
    {"MedicationAdministration", "'statusReason':[{'text':'a'},{'text':'b'}]", true, "a,b"},
    {"MedicationRequest", "'statusReason':{'text':'a'}", true, "a"},
    {"MedicationStatement", "'statusReason':[{'text':'a'}]", true, "a"},
    {"MedicationDispense", "'statusReasonCodeableConcept':{'text':'a'}", true, "a"},
    {"MedicationDispense", "'statusReasonReference':{'reference':'DetectedIssue/d'}", true, ""},
    {"MedicationDispense", "'notPerformedReason':{'concept':{'text':'a'}}", true, "a"},
    {"MedicationDispense", "'notPerformedReason':{'reference':{'reference':'DetectedIssue/d'}}", true, ""},
    {"MedicationRequest", "'statusReason':null", false, ""},
};

Test(medication, s17_tells_why_its_status_is_what_it_is)
{
    for (size_t i = 0; i < sizeof(status_reasons) / sizeof(status_reasons[0]); i++) {
        struct reading reading;
        const struct gw_medication_use *got = &reading.fact.use;
        char text[100];

        reading_with(&reading, status_reasons[i].type, status_reasons[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", status_reasons[i].type, reading.err.text);
        print_reasons(got->status_reasons, got->status_reason_count, NULL, 0, text, sizeof(text));
        cr_expect(eq(str, text, (char *)status_reasons[i].concepts), "%s", status_reasons[i].members);
        cr_expect(eq(int, got->has_status_reason, status_reasons[i].any), "%s", status_reasons[i].members);
        reading_release(&reading);
    }
}

static const struct {
    const char *type;
    const char *members;
    const char *encounter;
    const char *requests;
    const char *part_of;
    const char *categories;
} links[] = {
    {"MedicationAdministration",
     "'context':{'reference':'Encounter/e-1'},'request':{'reference':'MedicationRequest/r-9'},"
     "'partOf':[{'reference':'MedicationAdministration/a-1'},{'reference':'Procedure/p-1'}],'category':{'text':'in'}",
     "e-1", "|r-9", "|a-1,p-1", "in"},
    {"MedicationAdministration",
     "'encounter':{'reference':'Encounter/e-1'},'request':{'reference':'MedicationRequest/r-9'},"
     "'partOf':[{'reference':'MedicationDispense/d-1'}],'category':[{'text':'in'},{'text':'x'}]",
     "e-1", "|r-9", "|d-1", "in,x"},
    {"MedicationRequest", "'encounter':{'reference':'Encounter/e-1'},'category':[{'text':'out'}]", "e-1", "", "",
     "out"},
    {"MedicationDispense",
     "'context':{'reference':'Encounter/e-1'},'authorizingPrescription':[{'reference':'MedicationRequest/r-9'},"
     "{'reference':'#r'}],'partOf':[{'reference':'Procedure/p-1'}],'category':{'text':'out'}",
     "e-1", "|r-9,r", "|p-1", "out"},
    {"MedicationDispense", "'encounter':{'reference':'Encounter/e-1'},'category':[{'text':'out'}]", "e-1", "", "",
     "out"},
    {"MedicationStatement",
     "'context':{'reference':'EpisodeOfCare/e-1'},'partOf':[{'reference':'MedicationStatement/s-1'}],"
     "'category':{'text':'community'}",
     "e-1", "", "|s-1", "community"},
    {"MedicationStatement", "'category':[]", NULL, "", "", ""},
};

Test(medication, is_linked_to_what_it_belongs_to)
{
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        struct reading reading;
        const struct gw_medication_use *got = &reading.fact.use;
        char text[100];

        reading_with(&reading, links[i].type, links[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", links[i].type, reading.err.text);
        EXPECT_TEXT(got->encounter.id, links[i].encounter, "%s", links[i].members);
        print_reasons(NULL, 0, got->requests, got->request_count, text, sizeof(text));
        cr_expect(eq(str, text, (char *)links[i].requests), "%s", links[i].members);
        print_reasons(NULL, 0, got->part_of, got->part_of_count, text, sizeof(text));
        cr_expect(eq(str, text, (char *)links[i].part_of), "%s", links[i].members);
        print_reasons(got->categories, got->category_count, NULL, 0, text, sizeof(text));
        cr_expect(eq(str, text, (char *)links[i].categories), "%s", links[i].members);
        reading_release(&reading);
    }
}

Test(medication, is_ordered_in_an_amount_and_for_a_time)
{
    struct reading reading;
    const struct gw_medication_use *use = &reading.fact.use;

    reading_with(&reading, "MedicationRequest",
                 "'dispenseRequest':{'quantity':{'value':21,'unit':'caps'},"
                 "'expectedSupplyDuration':{'value':4,'code':'wk'}}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(use->quantity.value, "21", "quantity");
    EXPECT_TEXT(use->quantity.unit, "caps", "quantity");
    EXPECT_TEXT(use->supply_duration.value, "4", "duration");
    EXPECT_TEXT(use->supply_duration.code, "wk", "duration");
    EXPECT_TEXT(use->days_supply.value, NULL, "a dispense's days are not an order's");
    reading_release(&reading);
}

static const struct {
    const char *type;
    const char *members;
    const char *text;
} refusals[] = {
    {"MedicationRequest", "'statusReason':'lost'", "statusReason: an object, or an array of them, is wanted"},
    {"MedicationAdministration", "'statusReason':[{},'x']", "statusReason[1]: an object is wanted"},
    {"MedicationDispense", "'statusReasonCodeableConcept':'x'", "statusReasonCodeableConcept: an object is wanted"},
    {"MedicationDispense", "'notPerformedReason':[]", "notPerformedReason: an object is wanted"},
    {"MedicationRequest", "'category':'in'", "category: an object, or an array of them, is wanted"},
    {"MedicationRequest", "'reasonCode':{'text':'x'}", "reasonCode: an array is wanted"},
    {"MedicationRequest", "'reasonReference':{}", "reasonReference: an array is wanted"},
    {"MedicationRequest", "'reasonReference':['Condition/1']", "reasonReference[0]: an object is wanted"},
    {"MedicationRequest", "'reason':[{'reference':'Condition/1'}]", "reason[0].reference: an object is wanted"},
    {"MedicationRequest", "'reason':[{'concept':[]}]", "reason[0].concept: an object is wanted"},
    {"MedicationRequest", "'encounter':'Encounter/1'", "encounter: an object is wanted"},
    {"MedicationAdministration", "'context':[]", "context: an object is wanted"},
    {"MedicationAdministration", "'request':'r'", "request: an object, or an array of them, is wanted"},
    {"MedicationAdministration", "'partOf':{}", "partOf: an array is wanted"},
    {"MedicationDispense", "'authorizingPrescription':[7]", "authorizingPrescription[0]: an object is wanted"},
    {"MedicationRequest", "'dispenseRequest':{'quantity':21}", "dispenseRequest.quantity: an object is wanted"},
    {"MedicationRequest", "'dispenseRequest':{'expectedSupplyDuration':{'value':'4'}}",
     "dispenseRequest.expectedSupplyDuration.value: a number is wanted"},
};

Test(medication, with_an_element_of_a_wrong_type_is_refused_with_its_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char text[300];

        snprintf(text, sizeof(text), "%s.%s", refusals[i].type, refusals[i].text);
        reading_with(&reading, refusals[i].type, refusals[i].members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}
