/*
 * What a self link says of the parameters that were asked.
 */
#include <criterion/criterion.h>

#include "sources/self_link.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define BASE  "https://fhir.example.org/r4"
#define ASKED "patient=p1&category=laboratory&date=ge2024-01-01&date=le2024-02-01&_lastUpdated=ge2024-01-05&_count=100"
#define DATES "date=ge2024-01-01&date=le2024-02-01"

static const struct {
    const char *name;
    const char *query;
    const char *self;
    enum self_verdict verdict;
    const char *dropped;
} links[] = {
    {"no self link", ASKED, NULL, SELF_FINE, ""},
    {"a link without a query", ASKED, BASE "/Observation", SELF_FINE, ""},
    {"the address of a POST", ASKED, BASE "/Observation/_search", SELF_FINE, ""},
    {"a paging session", ASKED, BASE "?_getpages=aa-bb&_bundletype=searchset", SELF_FINE, ""},
    {"all of it", ASKED, BASE "/Observation?" ASKED, SELF_FINE, ""},
    {"all of it in another order", ASKED,
     BASE "/Observation?_count=100&_lastUpdated=ge2024-01-05&" DATES "&category=laboratory&patient=p1", SELF_FINE, ""},
    {"relative", ASKED, "Observation?" ASKED, SELF_FINE, ""},
    {"page size and order left out", "patient=p1&_sort=_lastUpdated&_count=100&_include=MedicationRequest:medication",
     BASE "/MedicationRequest?patient=p1", SELF_FINE, ""},
    {"more than was asked", "patient=p1", BASE "/Condition?patient=p1&_format=json&_total=none", SELF_FINE, ""},
    {"a modifier", "patient=p1", BASE "/Condition?patient:Patient=p1", SELF_FINE, ""},
    {"an encoded modifier", "patient=p1", BASE "/Condition?patient%3APatient=p1", SELF_FINE, ""},
    {"a chain", "patient=p1", BASE "/Condition?patient._id=p1", SELF_FINE, ""},
    {"subject for patient", "patient=p1&_count=10", BASE "/Condition?subject=Patient%2Fp1&_count=10", SELF_FINE, ""},
    {"patient for subject", "subject=Patient%2Fp1", BASE "/AdverseEvent?patient=p1", SELF_FINE, ""},
    {"the compartment", ASKED, BASE "/Patient/p1/Observation?category=laboratory&" DATES "&_lastUpdated=ge2024-01-05",
     SELF_FINE, ""},
    {"a fragment ends it", "patient=p1&code=x", BASE "/Condition?patient=p1#code=x", SELF_DROPS, "code"},
    {"the category is ignored", ASKED, BASE "/Observation?patient=p1&" DATES "&_lastUpdated=ge2024-01-05", SELF_DROPS,
     "category"},
    {"one end of the range is ignored", ASKED,
     BASE "/Observation?patient=p1&category=laboratory&date=le2024-02-01&_lastUpdated=ge2024-01-05", SELF_DROPS,
     "date"},
    {"_lastUpdated and the dates are ignored", ASKED, BASE "/Observation?patient=p1&category=laboratory", SELF_DROPS,
     "date, _lastUpdated"},
    {"the patient is ignored", ASKED, BASE "/Observation?category=laboratory&" DATES "&_lastUpdated=ge2024-01-05",
     SELF_DROPS_PATIENT, "patient"},
    {"only the page size is left", ASKED, BASE "/Observation?_count=100", SELF_DROPS_PATIENT,
     "patient, category, date, _lastUpdated"},
    {"a patient in the query's text is no compartment", "patient=p1&code=x", BASE "/Condition?code=x&a=/Patient/p1",
     SELF_DROPS_PATIENT, "patient"},
    {"the record number is ignored", "identifier=urn%3Ax%7C1&_count=100", BASE "/Patient?_count=100",
     SELF_DROPS_PATIENT, "identifier"},
    {"a patient's id is ignored", "_id=p1&_count=5", BASE "/Patient?_count=5", SELF_DROPS_PATIENT, "_id"},
    {"an empty parameter", "patient=p1&code=x", BASE "/Condition?&&patient=p1&", SELF_DROPS, "code"},
    {"nothing asked", "", BASE "/Condition?patient=p1", SELF_FINE, ""},
};

Test(self_link, s8_says_which_parameters_a_server_dropped)
{
    for (size_t i = 0; i < COUNT(links); i++) {
        char dropped[100];

        cr_expect(self_compare(links[i].self, links[i].query, dropped, sizeof(dropped)) == links[i].verdict, "%s: %s",
                  links[i].name, dropped);
        cr_expect_str_eq(dropped, links[i].dropped, "%s", links[i].name);
    }
}

Test(self_link, s8_keeps_to_the_room_it_is_given)
{
    char dropped[8] = "";

    cr_expect(self_compare(BASE "/Observation?_count=100", ASKED, dropped, sizeof(dropped)) == SELF_DROPS_PATIENT);
    cr_expect_str_eq(dropped, "patient");
}
