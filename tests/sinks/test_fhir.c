/*
 * FHIR resources, word for word.
 */
#include "sinks/export_desk.h"

#define STUDY                                                                                                          \
    "{\"type\":\"ResearchStudy\",\"identifier\":{\"system\":\"urn:casement:lendex:study\",\"value\":\"lendex\"}}"
#define PERSON "{\"type\":\"Patient\",\"identifier\":{\"system\":\"urn:casement:lendex:subject\",\"value\":\"ES-017\"}}"
#define AGENT                                                                                                          \
    "\"agent\":[{\"who\":{\"type\":\"Device\",\"identifier\":{\"system\":\"urn:casement\",\"value\":\"casement\"}}}]"

Test(fhir, names_people_by_the_study_alone_and_sources_by_hashes)
{
    struct desk desk;

    export_desk_init(&desk);
    const char *dir = export_to(&desk, "fhir", "out");
    export_expect_file(
        &desk, dir, "ResearchSubject.ndjson",
        "{\"resourceType\":\"ResearchSubject\",\"id\":\"ES-017\",\"identifier\":[{\"system\":"
        "\"urn:casement:lendex:subject\",\"value\":\"ES-017\"}],\"status\":\"on-study\",\"period\":{\"start\":"
        "\"2024-01-15\"},\"study\":" STUDY ",\"individual\":" PERSON "}\n");
    export_expect_file(
        &desk, dir, "AdverseEvent.ndjson",
        "{\"resourceType\":\"AdverseEvent\",\"id\":\"a1\",\"extension\":[{\"url\":\"urn:casement:ctcae-grade\","
        "\"valueInteger\":2},{\"url\":\"urn:casement:category\",\"valueCode\":\"NEUTROPENIA\"}],\"identifier\":{"
        "\"system\":\"urn:casement:lendex:ae\",\"value\":\"a1\"},\"actuality\":\"actual\",\"event\":{\"text\":"
        "\"Neutrophil count decreased\"},\"subject\":" PERSON ",\"date\":\"2024-02-14\",\"seriousness\":{"
        "\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/adverse-event-seriousness\",\"code\":"
        "\"Serious\"}]},\"outcome\":{\"coding\":[{\"system\":"
        "\"http://terminology.hl7.org/CodeSystem/adverse-event-outcome\",\"code\":\"recovering\"}]},\"study\":[" STUDY
        "]}\n");
    export_expect_file(
        &desk, dir, "Provenance.ndjson",
        "{\"resourceType\":\"Provenance\",\"target\":[{\"type\":\"ResearchSubject\",\"identifier\":{\"system\":"
        "\"urn:casement:lendex:subject\",\"value\":\"ES-017\"}}],\"recorded\":\"2024-12-31T10:00:00Z\"," AGENT "}\n"
        "{\"resourceType\":\"Provenance\",\"target\":[{\"type\":\"AdverseEvent\",\"identifier\":{\"system\":"
        "\"urn:casement:lendex:ae\",\"value\":\"a1\"}}],\"recorded\":\"2024-03-01T10:00:00Z\"," AGENT
        ",\"entity\":[{\"role\":\"source\",\"what\":{\"type\":\"Observation\",\"identifier\":{\"system\":"
        "\"urn:casement:lendex:source\",\"value\":\"h1\"}}}]}\n");
    desk_release(&desk);
}

Test(fhir, says_how_a_subject_stands)
{
    static const struct {
        const char *withdrawal, *death, *eot, *wanted;
    } cases[] = {
        {NULL, NULL, NULL, "\"on-study\""},
        {NULL, NULL, "2024-06-01", "\"follow-up\""},
        {NULL, "2024-07-01", "2024-06-01", "\"off-study\""},
        {"2024-06-15", "2024-07-01", "2024-06-01", "\"withdrawn\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct desk desk;
        struct gw_rows none = {0}, rows = {0};

        desk_init(&desk);
        struct gw_row_subjects *row = export_row(&desk, &rows, GW_TABLE_subjects, "ES-017");
        row->withdrawal_date = cases[i].withdrawal;
        row->death_date = cases[i].death;
        row->eot = cases[i].eot;
        desk_apply(&desk, "ES-017", &none, &rows, 0);
        desk_close(&desk);
        const struct gw_slice text = export_read(&desk, export_to(&desk, "fhir", "out"), "ResearchSubject.ndjson");
        cr_expect(strstr(text.at, cases[i].wanted) != NULL, "%s", text.at);
        desk_release(&desk);
    }
}

Test(fhir, keeps_its_promises)
{
    struct desk desk;

    export_desk_init(&desk);
    export_expect_promises(&desk, "fhir");
    desk_release(&desk);
}
