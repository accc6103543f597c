/*
 * The status policy: every cell of the table in mappings/RULES.md 11.
 */
#include "fhir/facts.h"

static const char *const standings[] = {"accepted", "provisional", "waiting",  "withdrawn",
                                        "negative", "refused",     "undecided"};

struct policy {
    const char *type;
    const char *more;        /* members beside the status */
    const char *statuses[7]; /* by standing, words separated by blanks; "-" is an absent status */
};

static const struct policy policies[] = {
    {"Observation",
     "'valueString':'x'",
     {[GW_ACCEPTED] = "final amended corrected",
      [GW_PROVISIONAL] = "preliminary registered",
      [GW_WITHDRAWN] = "entered-in-error cancelled",
      [GW_UNDECIDED] = "unknown - Final FINAL final. specimen-in-process"}},
    {"Observation",
     "'component':[{'code':{'text':'a'}}]",
     {[GW_ACCEPTED] = "final", [GW_PROVISIONAL] = "preliminary", [GW_WAITING] = "registered"}},
    {"Observation", "'dataAbsentReason':{'text':'pending'}", {[GW_WAITING] = "registered"}},
    {"Observation", "'component':[{'code':{'text':'a'},'valueInteger':1}]", {[GW_PROVISIONAL] = "registered"}},
    {"MedicationAdministration",
     "",
     {[GW_ACCEPTED] = "completed in-progress",
      [GW_PROVISIONAL] = "stopped on-hold",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_NEGATIVE] = "not-done",
      [GW_UNDECIDED] = "unknown - active"}},
    {"MedicationRequest",
     "'intent':'order'",
     {[GW_ACCEPTED] = "active completed stopped on-hold",
      [GW_PROVISIONAL] = "ended",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_REFUSED] = "draft cancelled",
      [GW_UNDECIDED] = "unknown - final"}},
    {"MedicationDispense",
     "",
     {[GW_ACCEPTED] = "completed",
      [GW_PROVISIONAL] = "in-progress",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_REFUSED] = "preparation cancelled declined on-hold stopped",
      [GW_UNDECIDED] = "unknown -"}},
    {"MedicationStatement",
     "",
     {[GW_ACCEPTED] = "active completed stopped on-hold recorded",
      [GW_PROVISIONAL] = "intended",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_NEGATIVE] = "not-taken",
      [GW_REFUSED] = "draft",
      [GW_UNDECIDED] = "unknown -"}},
    {"Encounter",
     "",
     {[GW_ACCEPTED] = "finished in-progress arrived triaged onleave",
      [GW_PROVISIONAL] = "discharged completed on-hold",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_REFUSED] = "planned cancelled discontinued",
      [GW_UNDECIDED] = "unknown -"}},
    {"Procedure",
     "",
     {[GW_ACCEPTED] = "completed",
      [GW_PROVISIONAL] = "in-progress",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_REFUSED] = "preparation not-done on-hold stopped",
      [GW_UNDECIDED] = "unknown -"}},
    {"QuestionnaireResponse",
     "",
     {[GW_ACCEPTED] = "completed amended",
      [GW_WITHDRAWN] = "entered-in-error",
      [GW_REFUSED] = "in-progress stopped",
      [GW_UNDECIDED] = "unknown - final"}},
    {"DiagnosticReport",
     "",
     {[GW_ACCEPTED] = "final amended corrected appended modified",
      [GW_PROVISIONAL] = "partial preliminary",
      [GW_WAITING] = "registered",
      [GW_WITHDRAWN] = "entered-in-error cancelled",
      [GW_UNDECIDED] = "unknown - completed"}},
    {"Patient", "", {[GW_ACCEPTED] = "-", [GW_WITHDRAWN] = "entered-in-error"}},
    {"Specimen", "", {[GW_ACCEPTED] = "available unavailable unsatisfactory -", [GW_WITHDRAWN] = "entered-in-error"}},
    {"Medication", "", {[GW_ACCEPTED] = "active inactive -", [GW_WITHDRAWN] = "entered-in-error"}},
};

static void expect_standing(const struct policy *policy, const char *status, enum gw_standing wanted)
{
    const char *separator = *policy->more ? "," : "";
    struct reading reading;
    char members[300];

    if (strcmp(status, "-") == 0)
        snprintf(members, sizeof(members), "%s", policy->more);
    else
        snprintf(members, sizeof(members), "%s%s'status':'%s'", policy->more, separator, status);
    reading_with(&reading, policy->type, members);
    cr_assert(eq(int, reading.rc, GW_OK), "%s %s: %s", policy->type, status, reading.err.text);
    cr_expect(eq(str, (char *)standings[reading.fact.standing], (char *)standings[wanted]), "%s %s", policy->type,
              members);
    EXPECT_TEXT(reading.fact.status, strcmp(status, "-") == 0 ? NULL : status, "%s", policy->type);
    reading_release(&reading);
}

Test(status, s11_decides_where_a_resource_stands)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        for (int standing = GW_ACCEPTED; standing <= GW_UNDECIDED; standing++) {
            char words[200];

            if (!policies[i].statuses[standing])
                continue;
            snprintf(words, sizeof(words), "%s", policies[i].statuses[standing]);
            for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
                expect_standing(&policies[i], word, (enum gw_standing)standing);
        }
    }
}

static const struct {
    const char *name;
    const char *type;
    const char *members;
    enum gw_standing standing;
} others[] = {
    {"an order", "MedicationRequest", "'status':'active','intent':'order'", GW_ACCEPTED},
    {"an original order", "MedicationRequest", "'status':'active','intent':'original-order'", GW_ACCEPTED},
    {"a reflex order", "MedicationRequest", "'status':'active','intent':'reflex-order'", GW_ACCEPTED},
    {"a filler order", "MedicationRequest", "'status':'active','intent':'filler-order'", GW_ACCEPTED},
    {"an instance order", "MedicationRequest", "'status':'active','intent':'instance-order'", GW_ACCEPTED},
    {"a proposal", "MedicationRequest", "'status':'active','intent':'proposal'", GW_REFUSED},
    {"a plan", "MedicationRequest", "'status':'active','intent':'plan'", GW_REFUSED},
    {"an option", "MedicationRequest", "'status':'active','intent':'option'", GW_REFUSED},
    {"no intent", "MedicationRequest", "'status':'active'", GW_UNDECIDED},
    {"an intent of no value set", "MedicationRequest", "'status':'active','intent':'wish'", GW_UNDECIDED},
    {"a plan of unknown status", "MedicationRequest", "'status':'unknown','intent':'plan'", GW_REFUSED},
    {"an order that ended (R5)", "MedicationRequest", "'status':'ended','intent':'order'", GW_PROVISIONAL},
    {"a draft without intent", "MedicationRequest", "'status':'draft'", GW_REFUSED},
    {"an order not to give", "MedicationRequest", "'status':'active','intent':'order','doNotPerform':true", GW_REFUSED},
    {"an order to give", "MedicationRequest", "'status':'active','intent':'order','doNotPerform':false", GW_ACCEPTED},
    {"an order not to give, in error", "MedicationRequest",
     "'status':'entered-in-error','intent':'order','doNotPerform':true", GW_WITHDRAWN},
    {"a proposal in error", "MedicationRequest", "'status':'entered-in-error','intent':'proposal'", GW_WITHDRAWN},
    {"taken (R5)", "MedicationStatement", "'status':'recorded','adherence':{'code':{'coding':[{'code':'taking'}]}}",
     GW_ACCEPTED},
    {"not taken (R5)", "MedicationStatement",
     "'status':'recorded','adherence':{'code':{'coding':[{'code':'not-taking-as-directed'}]}}", GW_NEGATIVE},
    {"in error and not taken (R5)", "MedicationStatement",
     "'status':'entered-in-error','adherence':{'code':{'coding':[{'code':'not-taking'}]}}", GW_WITHDRAWN},
    {"adherence unknown (R5)", "MedicationStatement",
     "'status':'recorded','adherence':{'code':{'coding':[{'code':'unknown'}]}}", GW_UNDECIDED},
};

Test(status, looks_at_intent_prohibition_and_adherence)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct reading reading;

        reading_with(&reading, others[i].type, others[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", others[i].name, reading.err.text);
        cr_expect(eq(str, (char *)standings[reading.fact.standing], (char *)standings[others[i].standing]), "%s",
                  others[i].name);
        reading_release(&reading);
    }
}

#define VERIFIED(code)                                                                                                 \
    "'verificationStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/"                                \
    "condition-ver-status','code':'" code "'}]}"

static const struct {
    const char *name;
    const char *members;
    enum gw_standing standing;
    const char *verification;
} conditions[] = {
    {"absent", "", GW_ACCEPTED, NULL},
    {"null", "'verificationStatus':null", GW_ACCEPTED, NULL},
    {"confirmed", VERIFIED("confirmed"), GW_ACCEPTED, "confirmed"},
    {"provisional", VERIFIED("provisional"), GW_PROVISIONAL, "provisional"},
    {"differential", VERIFIED("differential"), GW_PROVISIONAL, "differential"},
    {"unconfirmed", VERIFIED("unconfirmed"), GW_PROVISIONAL, "unconfirmed"},
    {"refuted", VERIFIED("refuted"), GW_REFUSED, "refuted"},
    {"entered in error", VERIFIED("entered-in-error"), GW_WITHDRAWN, "entered-in-error"},
    {"a word of no value set", VERIFIED("likely"), GW_UNDECIDED, "likely"},
    {"FHIR's code behind a local one",
     "'verificationStatus':{'coding':[{'system':'urn:x','code':'confirmed'},"
     "{'system':'http://terminology.hl7.org/CodeSystem/condition-ver-status','code':'refuted'}]}",
     GW_REFUSED, "refuted"},
    {"a code without a system", "'verificationStatus':{'coding':[{'code':'refuted'}]}", GW_REFUSED, "refuted"},
    {"a text only is not absence", "'verificationStatus':{'text':'Bestätigt'}", GW_UNDECIDED, "Bestätigt"},
    {"a clinical status decides nothing", "'clinicalStatus':{'coding':[{'code':'inactive'}]}", GW_ACCEPTED, NULL},
};

Test(status, of_a_condition_is_its_verification)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        struct reading reading;

        reading_with(&reading, "Condition", conditions[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", conditions[i].name, reading.err.text);
        cr_expect(eq(str, (char *)standings[reading.fact.standing], (char *)standings[conditions[i].standing]), "%s",
                  conditions[i].name);
        EXPECT_TEXT(reading.fact.condition.verification, conditions[i].verification, "%s", conditions[i].name);
        reading_release(&reading);
    }
}
