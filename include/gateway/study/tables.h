/*
 * The shared clinical tables of mappings/common, loaded once and read-only: which code is which laboratory concept,
 * which unit converts by which exact factor, which bounds make which grade, which diagnosis is which event, which drug
 * has which role, which procedure or place means what.
 *
 * A row whose `verified` column does not start with Y loads disabled: it is found, and says so (CODE_UNVERIFIED).
 * LOINC codes are checked by their check digit on load. Owner: the arena given to gw_tables_load, which must outlive
 * all that points here.
 *
 * Source: mappings/RULES.md 6 to 8 and the tables themselves.
 */
#ifndef GATEWAY_STUDY_TABLES_H
#define GATEWAY_STUDY_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/decimal.h"
#include "gateway/core/error.h"
#include "gateway/fhir/fact.h"
#include "gateway/study/dosing.h"

enum gw_lab_group {
    GW_LAB_G90,
    GW_LAB_G30_G90,
    GW_LAB_BASELINE, /* BASELINE window only */
    GW_LAB_EVIDENCE, /* AE-evidence: no row of its own, read for adverse events only */
    GW_LAB_OPTIONAL, /* off unless the study switches it on */
};

struct gw_unit_factor { /* canonical = value * scale + offset */
    const char *unit;   /* UCUM code */
    struct gw_ratio scale;
    struct gw_ratio offset;
    bool affine;
    const char *shown; /* for people and provenance: "x 1/1000", "(x - 32) * 5/9"; "" for factor 1 */
};

struct gw_lab { /* one row of loinc-labs.csv: a LOINC code, not a concept */
    const char *concept;
    int concept_number; /* 0 .. gw_tables_concepts() - 1, in alphabetic order */
    const char *testcd; /* CDISC test code; NULL for a panel */
    const char *loinc;
    const char *name;
    const char *unit; /* canonical UCUM code; NULL for a coded (qualitative) row */
    const struct gw_unit_factor *factors;
    size_t factor_count;
    struct gw_decimal plausible_low;
    struct gw_decimal plausible_high;
    bool has_plausible;
    enum gw_lab_group group;
    const char *data_group; /* as written: "G30+G90" names two groups of the study */
    int preference;
    bool verified;
    unsigned line; /* in its file */
};

enum gw_direction { GW_LOW, GW_HIGH };

enum gw_bound_kind { GW_BOUND_NONE, GW_BOUND_VALUE, GW_BOUND_LLN, GW_BOUND_ULN };

struct gw_bound {
    enum gw_bound_kind kind;
    struct gw_decimal value; /* VALUE: the bound or the multiple; LLN, ULN: what is added to the limit ("ULN+20") */
    bool inclusive;
};

enum gw_grade_basis { GW_BASIS_ABS, GW_BASIS_LLN, GW_BASIS_ULN, GW_BASIS_BASE };

enum gw_baseline_rule { /* baseline_rule of ctcae-lab-grades.csv */
                        GW_BASELINE_NONE,
                        GW_BASELINE_NORMAL,   /* the row holds when the baseline is normal */
                        GW_BASELINE_ABNORMAL, /* the row holds when the baseline is above ULN (or below LLN) */
                        GW_BASELINE_KNOWN,
};

struct gw_grade_row { /* basis ABS, LLN, ULN, BASE and no CM in `needs`: 156 of CTCAE 5.0, of which 152 are `machine` */
    const char *concept;
    size_t together;   /* rows of its concept from this one on: they stand one behind the other */
    const char *scale; /* "CTCAE 5.0" */
    const char *term;
    enum gw_direction direction;
    int grade;
    struct gw_bound low;
    struct gw_bound high;
    const char *unit; /* UCUM code of absolute bounds; "xULN" or "xBASE" where the bounds are multiples */
    bool multiples;   /* "xULN", "xLLN", "xBASE": bounds multiply the limit or the baseline */
    enum gw_grade_basis basis;
    enum gw_baseline_rule baseline;
    const char *needs;
    bool needs_duration; /* how long decides, which one value cannot show: never applied, a value in it is not graded */
    bool machine;        /* machine_gradable Y: an N row is never applied, only counted and shown */
    unsigned line;       /* in its file */
};

/* The category of diagnoses that stand in no row of ae-conditions.csv; ae-evidence.csv has its row. */
#define GW_CATEGORY_OTHER "OTHER"

enum gw_evidence_class {
    GW_EVIDENCE_CERTAIN,
    GW_EVIDENCE_SUPPORTING,
    GW_EVIDENCE_EXCEPTION, /* a person decides */
    GW_EVIDENCE_HISTORY,
    GW_EVIDENCE_RISK,
    GW_EVIDENCE_INDEX, /* never an event */
};

struct gw_condition_row {
    const char *category;
    const char *subcategory; /* NULL when empty */
    const char *system;
    const char *code; /* a prefix, an exact code, or "A00-B99" */
    enum { GW_MATCH_EXACT, GW_MATCH_PREFIX, GW_MATCH_RANGE } match;
    const char *term;
    enum gw_evidence_class evidence;
    const char *studies; /* as written: "000;003", "all" */
    bool in_study;       /* its study column names one of tables_study, or says all */
    bool verified;
    unsigned line; /* in its file */
};

struct gw_drug_row {
    const char *substance;
    const char *role;    /* STUDY_DRUG, ANTITHROMBOTIC ... in this study */
    const char *studies; /* as written: "000;003" */
    const char *atc;
    const char *rxnorm; /* NULL when empty or not usable */
    bool has_strength;  /* its strengths column names one only */
    struct gw_decimal strength;
    const char *strength_unit; /* of dose-units.csv, or one that is none */
};

struct gw_comorbidity { /* a row of charlson-icd10.csv */
    const char *group;  /* mi, chf, msld ... */
    const char *name;
    int weight;
    const char *code; /* a prefix without its dot, or "C81-C85" */
};

enum gw_procedure_kind {
    GW_DIALYSIS,
    GW_TRANSFUSION_RBC,
    GW_TRANSFUSION_PLATELETS,
    GW_STEM_CELL_TRANSPLANT,
    GW_VENTILATION, /* by tube, or not said how */
    GW_NONINVASIVE_VENTILATION,
    GW_OXYGEN,
    GW_ICU,
    GW_PROCEDURE_KINDS,
};

enum gw_oxygen_device { GW_DEVICE_UNKNOWN, GW_DEVICE_NASAL, GW_DEVICE_HIGH_FLOW, GW_DEVICE_MASK, GW_DEVICE_VENTURI };

struct gw_procedure_row {
    enum gw_procedure_kind kind;
    enum gw_oxygen_device device; /* of oxygen */
    const char *systems;          /* every name of the code system, joined by ";" */
    const char *code;
    bool prefix; /* matches every code that begins so */
    const char *term;
    bool verified;
    unsigned line; /* in its file */
};

struct gw_tables;

/*
 * Read mappings/common (dir) for one study's view of the tables: the rows of any name in tables_study ("000", or
 * "000;001;003"). A drug that two of them give different roles has none: a finding. GW_ECONFIG: "file:line: what, what
 * to do".
 */
enum gw_status gw_tables_load(struct gw_arena *arena, const char *dir, const char *tables_study,
                              const char *grade_scale, const struct gw_tables **out, struct gw_error *err);

/* The same as a package has it: its `ae.tables_study` may choose other rows of diagnoses. The study must outlive them.
 */
struct gw_study;
enum gw_status gw_tables_load_for(struct gw_arena *arena, const char *dir, const struct gw_study *study,
                                  const struct gw_tables **out, struct gw_error *err);

const struct gw_lab *gw_tables_lab(const struct gw_tables *tables, const char *loinc); /* NULL: in no row */
size_t gw_tables_labs(const struct gw_tables *tables, const struct gw_lab **rows);     /* all rows, file order */
size_t gw_tables_concepts(const struct gw_tables *tables);                             /* how many there are */
int gw_tables_concept(const struct gw_tables *tables, const char *concept); /* its number; -1: no such concept */
size_t gw_tables_grades(const struct gw_tables *tables, const struct gw_grade_row **rows); /* all kept rows */
/* The rows of one concept, contiguous, in file order. */
size_t gw_tables_grades_of(const struct gw_tables *tables, const char *concept, const struct gw_grade_row **rows);

/*
 * The row that says what a diagnosis is: the longest match of the coding's system among rows of this study (VTE_RISK
 * rows aside); ICD-10-GM codes look in the GM rows first, then in the WHO rows. NULL: in no row.
 */
const struct gw_condition_row *gw_tables_condition(const struct gw_tables *tables, const struct gw_coding *coding);

/*
 * The same among the rows of all other studies (in_study is false): a diagnosis that some table knows is none of the
 * "any other" kind. NULL: in no row at all, or in a row of this study.
 */
const struct gw_condition_row *gw_tables_condition_elsewhere(const struct gw_tables *tables,
                                                             const struct gw_coding *coding);

/* The risk row (VTE_RISK) of this study that a diagnosis stands in, looked up beside its other row. NULL: in none. */
const struct gw_condition_row *gw_tables_condition_risk(const struct gw_tables *tables, const struct gw_coding *coding);

/* The comorbidity that an ICD-10 code of any modification counts for; NULL: none, or no ICD-10 code. */
const struct gw_comorbidity *gw_tables_comorbidity(const struct gw_tables *tables, const struct gw_coding *coding);

/* The drug of a concept by usable RxNorm code, ATC code or product code, for this study. NULL: in no row. */
const struct gw_drug_row *gw_tables_drug(const struct gw_tables *tables, const struct gw_concept *medication);

/*
 * What a code of a Procedure, of a device it used, of an Encounter's type or of a place means: an exact row before a
 * prefix, a longer prefix before a shorter one. A row that is not verified is found and says so (CODE_UNVERIFIED).
 * NULL: in no row.
 */
const struct gw_procedure_row *gw_tables_procedure(const struct gw_tables *tables, const struct gw_coding *coding);
/* Of a concept: the first coding with a verified row, else the first with any. */
const struct gw_procedure_row *gw_tables_procedure_of(const struct gw_tables *tables, const struct gw_concept *concept);
const char *gw_procedure_kind_name(enum gw_procedure_kind kind);          /* "DIALYSIS", as in the table */
const struct gw_dosing *gw_tables_dosing(const struct gw_tables *tables); /* never NULL */

/* The UCUM code of a spelling ("K/uL" -> "10*3/uL") in the common alias table; NULL: none. Exact text after trimming.
 */
const char *gw_tables_unit_alias(const struct gw_tables *tables, const char *text);

#endif
