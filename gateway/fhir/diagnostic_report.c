/*
 * DiagnosticReport: which results belong together, and what was concluded in codes. Its texts are not read.
 */
#include "fhir/resources.h"

#define REPORT(name, field, reader) FACT(name, diagnostic_report.field, reader)
#define REPORT_LIST(name, field, how_many)                                                                             \
    LIST(name, struct draft, fact.diagnostic_report.field, fact.diagnostic_report.how_many, &concept_shape)

static const struct element diagnostic_report_elements[] = {
    IDENTITY_ELEMENTS,
    REPORT_LIST("category", categories, category_count),
    OBJECT("code", struct draft, fact.diagnostic_report.code, &concept_shape),
    FACT("subject", subject, as_reference),
    REPORT("encounter", encounter, as_reference),
    REPORT("effective[x]", effective, as_effective),
    REPORT("issued", issued, as_string),
    REFERENCES("result", struct draft, fact.diagnostic_report.results, fact.diagnostic_report.result_count),
    REPORT_LIST("conclusionCode", conclusions, conclusion_count),
};
const struct shape diagnostic_report_shape = SHAPE(diagnostic_report_elements, struct draft);
