/*
 * The enrolment file: one line a subject.
 */
#include "gateway/study/roster.h"

#include <string.h>

#include "gateway/core/csv.h"
#include "study/roster_parts.h"

#define MAX_ROSTER_BYTES (16 * 1024 * 1024)

enum column { SITE, STUDY, PATIENT, SUBJECT, RECRUITED, END, FIRST_DOSE, WITHDRAWN, MRN_SYSTEM, MRN, COLUMNS };

static const char *const names[COLUMNS] = {
    "site",       "study",     "patient",    "subject", "recruited", "end_of_treatment",
    "first_dose", "withdrawn", "mrn_system", "mrn"};

struct places { /* of the columns in the header */
    int at[COLUMNS];
    int consented; /* -1: not there */
};

static const char *or_null(const char *field)
{
    return *field ? field : NULL;
}

static bool is_shown_whole(const char *field)
{
    const size_t length = strlen(field);

    if (length > 0 && (field[0] == ' ' || field[length - 1] == ' '))
        return false;
    for (const char *at = field; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return false;
    return true;
}

/* Blanks nobody sees make another site, study or patient of it, and the line would be passed over. */
static enum gw_status check_fields(const struct gw_csv *csv, const struct gw_csv_record *record, const int *at,
                                   struct gw_error *err)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (!is_shown_whole(record->fields[at[i]]))
            return gw_fail(err, GW_ECONFIG, "study.roster",
                           "%s:%u: %s holds blanks around it, or control characters: remove them", csv->path,
                           record->line, names[i]);
    return GW_OK;
}

static enum gw_status read_day(const struct gw_csv *csv, const struct gw_csv_record *record, const char *name,
                               const char *field, gw_day *out, struct gw_error *err)
{
    *out = GW_NO_DAY;
    if (*field == '\0' || gw_day_parse(field, out))
        return GW_OK;
    return gw_fail(err, GW_ECONFIG, "study.roster", "%s:%u: %s is no day: write it as YYYY-MM-DD", csv->path,
                   record->line, name);
}

static enum gw_status check_order(const struct gw_csv *csv, const struct gw_roster_line *line, struct gw_error *err)
{
    if (line->first_dose == GW_NO_DAY || line->end_of_treatment == GW_NO_DAY ||
        line->end_of_treatment >= line->first_dose)
        return GW_OK;
    return gw_fail(err, GW_ECONFIG, "study.roster", "%s:%u: end_of_treatment lies before first_dose: correct one",
                   csv->path, line->line);
}

static enum gw_status find_columns(const struct gw_csv *csv, struct places *out, struct gw_error *err)
{
    out->consented = -1;
    for (size_t i = 0; i < csv->columns; i++)
        if (strcmp(csv->header[i], "consented") == 0)
            out->consented = (int)i;
    return gw_csv_columns(csv, names, COLUMNS, out->at, err);
}

static enum gw_status read_consent(const struct gw_csv *csv, const struct gw_csv_record *record, int column,
                                   struct gw_roster_line *out, struct gw_error *err)
{
    gw_day consented = GW_NO_DAY;
    enum gw_status rc = GW_OK;

    if (column >= 0)
        rc = read_day(csv, record, "consented", record->fields[column], &consented, err);
    out->consent_missing = column >= 0 && consented == GW_NO_DAY;
    return rc;
}

static enum gw_status read_line(const struct gw_csv *csv, const struct gw_csv_record *record,
                                const struct places *places, struct gw_roster_line *out, struct gw_error *err)
{
    const char **f = record->fields;
    const int *at = places->at;
    const struct {
        enum column column;
        gw_day *day;
    } days[] = {{RECRUITED, &out->recruited},
                {END, &out->end_of_treatment},
                {FIRST_DOSE, &out->first_dose},
                {WITHDRAWN, &out->withdrawn}};
    enum gw_status rc = GW_OK;

    *out = (struct gw_roster_line){.line = record->line,
                                   .site = f[at[SITE]],
                                   .study = f[at[STUDY]],
                                   .patient = or_null(f[at[PATIENT]]),
                                   .subject = f[at[SUBJECT]],
                                   .mrn_system = or_null(f[at[MRN_SYSTEM]]),
                                   .mrn = or_null(f[at[MRN]])};
    if (*out->subject == '\0')
        return gw_fail(err, GW_ECONFIG, "study.roster", "%s:%u: subject is empty: write the study's subject number",
                       csv->path, record->line);
    if (!out->patient && !(out->mrn_system && out->mrn))
        return gw_fail(err, GW_ECONFIG, "study.roster",
                       "%s:%u: neither patient nor mrn_system and mrn: write one, so that the patient can be found",
                       csv->path, record->line);
    for (size_t i = 0; rc == GW_OK && i < sizeof days / sizeof days[0]; i++)
        rc = read_day(csv, record, names[days[i].column], f[at[days[i].column]], days[i].day, err);
    if (rc == GW_OK)
        rc = read_consent(csv, record, places->consented, out, err);
    return rc == GW_OK ? check_order(csv, out, err) : rc;
}

static bool is_same_patient(const struct gw_roster_line *a, const struct gw_roster_line *b)
{
    if (strcmp(a->site, b->site) != 0)
        return false;
    return (a->patient && gw_same(a->patient, b->patient)) ||
           (a->mrn && a->mrn_system && gw_same(a->mrn, b->mrn) && gw_same(a->mrn_system, b->mrn_system));
}

enum gw_status roster_check_last(const struct gw_roster *roster, const char *path, struct gw_error *err)
{
    const struct gw_roster_line *last = &roster->lines[roster->count - 1];

    for (size_t i = 0; i + 1 < roster->count; i++) {
        const struct gw_roster_line *line = &roster->lines[i];

        if (strcmp(line->subject, last->subject) == 0)
            return gw_fail(err, GW_ECONFIG, "study.roster",
                           "%s:%u: this subject stands on line %u too: a subject has one line", path, last->line,
                           line->line);
        if (is_same_patient(line, last))
            return gw_fail(err, GW_ECONFIG, "study.roster",
                           "%s:%u: this patient stands on line %u too: a patient is one subject", path, last->line,
                           line->line);
    }
    return GW_OK;
}

enum gw_status gw_roster_load(struct gw_arena *arena, const char *path, const char *study, const char *site,
                              struct gw_roster *out, struct gw_error *err)
{
    struct gw_csv csv;
    struct places places;
    enum gw_status rc = gw_csv_load(arena, path, MAX_ROSTER_BYTES, &csv, err);

    *out = (struct gw_roster){0};
    if (rc == GW_OK)
        rc = find_columns(&csv, &places, err);
    if (rc != GW_OK)
        return rc;
    out->lines = gw_arena_alloc(arena, (csv.count + 1) * sizeof *out->lines);
    if (!out->lines)
        return gw_fail(err, GW_ENOMEM, "study.roster", "%s: the roster needs more memory than allowed", path);
    for (size_t i = 0; rc == GW_OK && i < csv.count; i++) {
        const char **f = csv.records[i].fields;

        rc = check_fields(&csv, &csv.records[i], places.at, err);
        if (rc != GW_OK)
            break;
        if (strcmp(f[places.at[STUDY]], study) != 0 || (site && strcmp(f[places.at[SITE]], site) != 0)) {
            out->ignored++;
            continue;
        }
        rc = read_line(&csv, &csv.records[i], &places, &out->lines[out->count], err);
        if (rc == GW_OK) {
            out->count++;
            rc = roster_check_last(out, csv.path, err);
        }
    }
    return rc;
}
