/*
 * SDTM domains: what each record says, what is not there, and what must never be.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/csv.h"
#include "sinks/export_desk.h"
#include "sinks/sdtm_values.h"

Test(sdtm, says_of_a_finding_what_was_written_and_what_it_means)
{
    struct desk desk;

    export_desk_init(&desk);
    const char *dir = export_to(&desk, "sdtm", "out");
    export_expect_file(
        &desk, dir, "LB.csv",
        "STUDYID,DOMAIN,USUBJID,LBSEQ,LBSPID,LBTESTCD,LBTEST,LBCAT,LBORRES,LBORRESU,LBSTRESC,LBSTRESN,LBSTRESU,"
        "LBSTNRLO,LBSTNRHI,LBSPEC,LBMETHOD,LBLOBXFL,LBDRVFL,LBTOXGR,VISIT,LBDTC,LBENDTC,LBDY,ROWSTAT\n"
        "lendex,LB,ES-017,1,o3,BLOODCLT,Blood Culture,MICROBIOLOGY,negative,,negative,,,,,,,,,,T30-01,"
        "2024-02-14T08:00:00+01:00,,31,\n"
        "lendex,LB,ES-017,2,o2,LDH,Lactate Dehydrogenase,CHEMISTRY,<10,U/L,<10,,U/L,,,,,Y,,,BASELINE,"
        "2024-02-14T08:00:00+01:00,,31,PROVISIONAL\n"
        "lendex,LB,ES-017,3,o1,NEUT,Neutrophils,HEMATOLOGY,1200,/uL,1.200,1.200,10*9/L,,,,,,,2,T30-01,"
        "2024-02-14T08:00:00+01:00,,31,\n"
        "lendex,LB,ES-017,4,o1,NEUT,Neutrophils,HEMATOLOGY,1200,/uL,1.200,1.200,10*9/L,,,,,,,2,T90-01,"
        "2024-02-14T08:00:00+01:00,,31,\n");
    export_expect_file(
        &desk, dir, "VS.csv",
        "STUDYID,DOMAIN,USUBJID,VSSEQ,VSSPID,VSTESTCD,VSTEST,VSORRES,VSORRESU,VSSTRESC,VSSTRESN,VSSTRESU,VSLOC,"
        "VSLOBXFL,VSDRVFL,VSTOXGR,VISIT,VSDTC,VSENDTC,VSDY,ROWSTAT\n"
        "lendex,VS,ES-017,1,o4,TEMP,Temperature,38.5,Cel,38.5,38.5,Cel,'=axilla(),,,,T30-01,"
        "2024-02-14T08:00:00+01:00,,31,\n");
    export_expect_file(
        &desk, dir, "RS.csv",
        "STUDYID,DOMAIN,USUBJID,RSSEQ,RSSPID,RSTESTCD,RSTEST,RSCAT,RSORRES,RSORRESU,RSSTRESC,RSSTRESN,RSSTRESU,"
        "RSSTAT,RSREASND,RSLOBXFL,RSDRVFL,VISIT,RSDTC,RSDY,ROWSTAT\n"
        "lendex,RS,ES-017,1,ES-017|BOR,BESTRESP,Best Overall Response,IMWG,,,VGPR,,,,,,Y,,2024-02-14,31,\n"
        "lendex,RS,ES-017,2,o5,ECOG101,ECOG1-Performance Status,ECOG,1,,1,1,,,,,,BASELINE,"
        "2024-02-14T08:00:00+01:00,31,\n");
    export_expect_file(
        &desk, dir, "QS.csv",
        "STUDYID,DOMAIN,USUBJID,QSSEQ,QSSPID,QSTESTCD,QSTEST,QSCAT,QSSTRESC,QSSTRESN,QSSTAT,QSREASND,QSDRVFL,"
        "VISIT,QSDTC,QSDY,ROWSTAT\n"
        "lendex,QS,ES-017,1,ES-017|QLQL,QLQL,Global Health Status/QoL,EORTC QLQ-C30,,,NOT DONE,NO_ANSWERS,Y,,"
        "2024-02-14,31,\n");
    desk_release(&desk);
}

Test(sdtm, numbers_visits_and_drugs_from_the_first_dose)
{
    struct desk desk;

    export_desk_init(&desk);
    const char *dir = export_to(&desk, "sdtm", "out");
    export_expect_file(
        &desk, dir, "DM.csv",
        "STUDYID,DOMAIN,USUBJID,SUBJID,RFSTDTC,RFENDTC,RFXSTDTC,DTHDTC,DTHFL,SITEID,AGE,AGEU,SEX,ROWSTAT\n"
        "lendex,DM,ES-017,ES-017,2024-01-15,,2024-01-15,,,hm,71,YEARS,F,\n");
    export_expect_file(
        &desk, dir, "SV.csv",
        "STUDYID,DOMAIN,USUBJID,SVSEQ,VISIT,SVPRESP,SVOCCUR,SVREASOC,VISITDY,SVSTDTC,SVENDTC,SVSTDY,SVCNTMOD,"
        "ROWSTAT\n"
        "lendex,SV,ES-017,1,BASELINE,Y,Y,,1,,,,,\n"
        "lendex,SV,ES-017,2,T30-01,Y,Y,,31,2024-02-14,2024-02-14,31,encounter,\n"
        "lendex,SV,ES-017,3,T30-02,Y,N,,61,,,,,\n"
        "lendex,SV,ES-017,4,T90-01,Y,N,EOT,91,,,,,\n");
    export_expect_file(
        &desk, dir, "EX.csv",
        "STUDYID,DOMAIN,USUBJID,EXSEQ,EXSPID,EXTRT,EXCAT,EXDOSE,EXDOSU,EXDOSFRQ,EXROUTE,EXADJ,VISIT,EXSTDTC,"
        "EXENDTC,EXSTDY,EXENDY,ROWSTAT\n"
        "lendex,EX,ES-017,1,e1,lenalidomide,ADMINISTERED,25,mg,,,,,2024-01-15,2024-02-04,1,21,\n");
    export_expect_file(
        &desk, dir, "EC.csv",
        "STUDYID,DOMAIN,USUBJID,ECSEQ,ECSPID,ECTRT,ECMOOD,ECCAT,ECDOSE,ECDOSU,ECDOSFRQ,ECROUTE,ECADJ,VISIT,"
        "ECSTDTC,ECENDTC,ECSTDY,ECENDY,ROWSTAT\n"
        "lendex,EC,ES-017,1,e1,lenalidomide,PERFORMED,ADMINISTERED,25,mg,,,,,2024-01-15,2024-02-04,1,21,\n"
        "lendex,EC,ES-017,2,e2,lenalidomide,SCHEDULED,INTENDED,,,,,,,2024-02,,,,\n");
    export_expect_file(
        &desk, dir, "CM.csv",
        "STUDYID,DOMAIN,USUBJID,CMSEQ,CMSPID,CMTRT,CMCAT,CMCLAS,CMINDC,CMDOSE,CMDOSU,CMDOSFRQ,CMROUTE,VISIT,"
        "CMSTDTC,CMENDTC,CMSTDY,CMENDY,CMSTRTPT,CMSTTPT,CMENRF,ROWSTAT\n"
        "lendex,CM,ES-017,1,c1,filgrastim,,,,,,,,,,,,,BEFORE,FIRST DOSE,ONGOING,\n");
    desk_release(&desk);
}

Test(sdtm, joins_an_event_with_its_evidence_and_its_grades)
{
    struct desk desk;

    export_desk_init(&desk);
    const char *dir = export_to(&desk, "sdtm", "out");
    export_expect_file(
        &desk, dir, "AE.csv",
        "STUDYID,DOMAIN,USUBJID,AESEQ,AESPID,AETERM,AEDECOD,AECAT,AESCAT,AESER,AEACN,AEREL,AEOUT,AESCONG,"
        "AESDISAB,AESDTH,AESHOSP,AESLIFE,AESMIE,AECONTRT,AETOXGR,VISIT,AESTDTC,AEENDTC,AESTDY,AEENDY,AEENRF,"
        "TRTEMFL,ROWSTAT\n"
        "lendex,AE,ES-017,1,a1,Neutrophil count decreased,,NEUTROPENIA,,Y,DELAYED CYCLE,UNASSESSED,"
        "RECOVERING/RESOLVING,,,,,,,,2,,2024-02-14,,31,,,,\n");
    export_expect_file(
        &desk, dir, "FACE.csv",
        "STUDYID,DOMAIN,USUBJID,FASEQ,FASPID,FALNKID,FATESTCD,FATEST,FAOBJ,FAORRES,FASTRESC,FASTRESN,FADTC,FADY,"
        "ROWSTAT\n"
        "lendex,FA,ES-017,1,a1|2024-02-14,a1,GRADE,Toxicity Grade,Neutrophil count decreased,2,2,2,2024-02-14,"
        "31,\n");
    export_expect_file(&desk, dir, "RELREC.csv",
                       "STUDYID,RDOMAIN,USUBJID,IDVAR,IDVARVAL,RELID\n"
                       "lendex,AE,ES-017,AESPID,a1,a1-GRADES\n"
                       "lendex,FA,ES-017,FALNKID,a1,a1-GRADES\n"
                       "lendex,AE,ES-017,AESPID,a1,a1-ONSET\n"
                       "lendex,LB,ES-017,LBSPID,o1,a1-ONSET\n");
    desk_release(&desk);
}

Test(sdtm, keeps_its_promises)
{
    struct desk desk;

    export_desk_init(&desk);
    export_expect_promises(&desk, "sdtm");
    desk_release(&desk);
}

/* ---- the definition ---- */

Test(sdtm, has_names_and_labels_that_every_format_can_hold)
{
    for (int d = 0; d < SDTM_DOMAINS; d++) {
        const struct sdtm_domain *domain = &sdtm_domains()[d];
        unsigned keys = 0;

        cr_expect(strlen(domain->name) <= 8 && strlen(domain->label) <= 40, "%s", domain->name);
        for (size_t i = 0; i < domain->count; i++) {
            const struct sdtm_variable *variable = &domain->variables[i];
            keys += variable->key > 0;
            cr_expect(strspn(variable->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(variable->name), "%s",
                      variable->name);
            cr_expect(variable->absent || (variable->length > 0 && variable->length <= 200), "%s", variable->name);
            cr_expect(!variable->absent || variable->says, "%s: why is it not there?", variable->name);
            cr_expect(sdtm_place(domain, variable->name) == i, "%s twice in %s", variable->name, domain->name);
        }
        cr_expect(keys >= 1, "%s", domain->name);
    }
}

Test(sdtm, defines_every_variable_and_says_what_is_not_there)
{
    static const struct {
        const char *name, *line;
    } cases[] = {
        {"a data set", "\nLB,,Laboratory Test Results,FINDINGS,,,,"},
        {"a column under its own name", "\nLB,LBSTRESU,Standard Units,text,40,,observations.unit,\n"},
        {"a column under another domain's prefix", "\nVS,VSSTRESU,Standard Units,text,40,,observations.unit,\n"},
        {"a column under a name that rows.def does not have", "\nLB,LBSPID,Sponsor-Defined Identifier,text,21,5,"
                                                              "observations.obs_id,\n"},
        {"either of two columns", "\nRS,RSDTC,Date/Time of Assessment,text,35,3,observations.effective_start; "
                                  "derived.date,\n"},
        {"a function of a column", "\nDM,SEX,Sex,text,16,,subjects.sex,\"male M, female F, other and unknown U\"\n"},
        {"a variable that has no source", "\nDM,RACE,Race,not there,,,,not collected\n"},
    };
    struct desk desk;
    size_t lines = 0, variables = 0;

    export_desk_init(&desk);
    const struct gw_slice text = export_read(&desk, export_to(&desk, "sdtm", "out"), "define.csv");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(strstr(text.at, cases[i].line) != NULL, "%s", cases[i].name);
    for (const char *p = text.at; (p = strchr(p, '\n')); p++)
        lines++;
    for (int d = 0; d < SDTM_DOMAINS; d++)
        variables += sdtm_domains()[d].count;
    cr_expect(lines == 1 + SDTM_DOMAINS + variables, "%zu lines", lines);
    desk_release(&desk);
}

/* ---- what the concepts are called ---- */

static void expect_codes(struct desk *desk, const char *path, const char *key, const char *code)
{
    struct gw_csv csv;

    DESK_OK(desk, gw_csv_load(&desk->arena, path, 1 << 22, &csv, &desk->err));
    const int name = gw_csv_column(&csv, key), wanted = code ? gw_csv_column(&csv, code) : -1;
    cr_assert(csv.count > 0 && name >= 0);
    for (size_t i = 0; i < csv.count; i++) {
        const char *concept = csv.records[i].fields[name], *testcd = wanted < 0 ? "" : csv.records[i].fields[wanted];
        const struct sdtm_test *test = sdtm_test_of(concept);

        if (!code && strncmp(concept, "QL", 2) != 0)
            continue; /* a score that is only reckoned with: it has no row */
        cr_expect(test != NULL, "%s has no code", concept);
        /* HCG stands there under two codes, by what is measured */
        if (test && *testcd && strcmp(concept, "HCG") != 0)
            cr_expect(strcmp(test->code, testcd) == 0, "%s: %s, wanted %s", concept, test->code, testcd);
        cr_expect(!test || (strlen(test->code) <= 8 && strlen(test->name) <= 40), "%s", concept);
    }
}

Test(sdtm, names_every_concept_as_the_mappings_do)
{
    struct desk desk;

    desk_init(&desk);
    expect_codes(&desk, SOURCE_DIR "/mappings/common/loinc-labs.csv", "concept", "sdtm_testcd");
    expect_codes(&desk, SOURCE_DIR "/mappings/common/instruments.csv", "scale", NULL);
    desk_release(&desk);
}

/* ---- the folder ---- */

Test(sdtm, replaces_its_own_folder_and_nobody_elses)
{
    struct desk desk;
    size_t unfit;

    export_desk_init(&desk);
    const char *dir = export_to(&desk, "sdtm", "out");
    cr_expect(export_to(&desk, "sdtm", "out") != NULL, "again, over the former one");
    cr_expect(access(gw_arena_print(&desk.arena, "%s.part", dir), F_OK) != 0);
    const char *theirs = export_dir(&desk, "theirs");
    mkdir(theirs, 0700);
    scratch_write(&desk.scratch, "theirs/thesis.txt", "ten years");
    cr_expect(gw_export_folder(desk.path, "sdtm", theirs, &unfit, &desk.err) == GW_ECREATE);
    cr_expect(access(gw_arena_print(&desk.arena, "%s/thesis.txt", theirs), F_OK) == 0);
    cr_expect(gw_export_folder(desk.path, "runes", dir, &unfit, &desk.err) == GW_EUSAGE);
    cr_expect(gw_export_folder(export_dir(&desk, "none.db"), "sdtm", dir, &unfit, &desk.err) == GW_ENOINPUT);
    cr_expect(access(gw_arena_print(&desk.arena, "%s/LB.csv", dir), F_OK) == 0, "a failure leaves the former one");
    desk_release(&desk);
}

Test(sdtm, has_files_for_an_empty_study_too)
{
    struct desk desk;

    desk_init(&desk);
    desk_close(&desk);
    const struct gw_slice text = export_read(&desk, export_to(&desk, "sdtm", "out"), "QS.csv");
    cr_expect(strchr(text.at, '\n') == text.at + text.length - 1, "a header alone");
    desk_release(&desk);
}
