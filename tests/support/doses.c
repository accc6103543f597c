#include "support/doses.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- records ---- */

struct record {
    char kind;
    int first, last;
    bool open, stopped;
    char time[24];
    char dose[24], unit[24], strength[24], rhythm[24];
    char quantity[24], supply[24];
};

static void read_days(const char *text, struct record *r)
{
    const char *dots = strstr(text, ".."), *clock = strchr(text, 'T');

    r->first = r->last = atoi(text);
    if (dots)
        r->last = atoi(dots + 2);
    r->open = dots && dots[2] == '\0';
    if (clock)
        snprintf(r->time, sizeof r->time, "%s", clock + 1);
}

/* "25", "0.025g", "2cap*5" */
static void read_amount(const char *text, struct record *r)
{
    const size_t digits = strspn(text, "0123456789.");
    const char *star = strchr(text, '*');

    snprintf(r->dose, sizeof r->dose, "%.*s", (int)digits, text);
    snprintf(r->unit, sizeof r->unit, "%.*s", (int)(star ? (size_t)(star - text) - digits : strlen(text) - digits),
             text + digits);
    if (!*r->unit)
        strcpy(r->unit, "mg");
    if (star)
        snprintf(r->strength, sizeof r->strength, "%s", star + 1);
}

/* "21x25/21" */
static void read_supply(const char *text, struct record *r)
{
    const char *by = strchr(text, 'x'), *slash = strchr(text, '/');

    snprintf(r->quantity, sizeof r->quantity, "%.*s", (int)strspn(text, "0123456789"), text);
    if (by)
        snprintf(r->strength, sizeof r->strength, "%.*s", (int)strspn(by + 1, "0123456789."), by + 1);
    if (slash)
        snprintf(r->supply, sizeof r->supply, "%s", slash + 1);
}

static struct record read_record(const char *text)
{
    struct record r = {.kind = text[0]};
    char days[24] = "", a[24] = "", b[24] = "", c[8] = "";

    cr_assert(sscanf(text, "%*c %23s %23s %23s %7s", days, a, b, c) >= 1, "%s", text);
    read_days(days, &r);
    if (r.kind == 'D') {
        read_supply(a, &r);
        if (*b)
            read_amount(b, &r);
        snprintf(r.rhythm, sizeof r.rhythm, "%s", *c ? c : *b ? "qd" : "none");
    } else {
        if (*a && *a != '!')
            read_amount(a, &r);
        snprintf(r.rhythm, sizeof r.rhythm, "%s", *b && *b != '!' ? b : "qd");
    }
    r.stopped = strchr(text, '!') != NULL;
    return r;
}

static const char *timing(const char *rhythm)
{
    static const struct {
        const char *name, *repeat;
    } known[] = {{"qd", "'frequency':1,'period':1,'periodUnit':'d'"},
                 {"bid", "'frequency':2,'period':1,'periodUnit':'d'"},
                 {"qod", "'frequency':1,'period':2,'periodUnit':'d'"},
                 {"weekly", "'frequency':1,'period':1,'periodUnit':'wk'"},
                 {"3/wk", "'frequency':3,'period':1,'periodUnit':'wk'"},
                 {"21/28", "'frequency':21,'period':28,'periodUnit':'d'"},
                 {"1-2", "'frequency':1,'frequencyMax':2,'period':1,'periodUnit':'d'"},
                 {"prn", "'frequency':1,'period':1,'periodUnit':'d'"},
                 {"5/d", "'frequency':5,'period':1,'periodUnit':'d'"}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, rhythm) == 0)
            return known[i].repeat;
    cr_assert(strcmp(rhythm, "none") == 0, "no rhythm %s", rhythm);
    return NULL;
}

static const char *quantity(struct subject *s, const struct record *r)
{
    return gw_arena_print(&s->arena, "{'value':%s,'unit':'%s'}", r->dose, strcmp(r->unit, "cap") ? r->unit : "capsule");
}

static const char *dosage(struct subject *s, const struct record *r)
{
    const char *repeat = timing(r->rhythm);
    const char *dose = *r->dose ? gw_arena_print(&s->arena, "'doseAndRate':[{'doseQuantity':%s}]", quantity(s, r)) : "";

    return gw_arena_print(&s->arena, "[{%s%s%s%s%s%s}]", strcmp(r->rhythm, "prn") == 0 ? "'asNeededBoolean':true," : "",
                          repeat ? "'timing':{'repeat':{" : "", repeat ? repeat : "", repeat ? "}}" : "",
                          repeat && *dose ? "," : "", dose);
}

/* The drug as a contained Medication, which may have a strength. */
static const char *medication(struct subject *s, const char *atc, const struct record *r)
{
    const char *strength = "";
    const char *code = gw_arena_print(&s->arena, "'coding':[{'system':'%s','code':'%s'}]",
                                      atc[0] <= '9' ? GW_SYSTEM_RXNORM : GW_SYSTEM_ATC, atc);

    if (*r->strength)
        strength = gw_arena_print(&s->arena,
                                  ",'ingredient':[{'itemCodeableConcept':{%s},'strength':{'numerator':{'value':%s,"
                                  "'unit':'mg'},'denominator':{'value':1,'unit':'capsule'}}}]",
                                  code, r->strength);
    return gw_arena_print(&s->arena,
                          "'contained':[{'resourceType':'Medication','id':'m','code':{%s}%s}],"
                          "'medicationReference':{'reference':'#m'}",
                          code, strength);
}

static void add_record(struct subject *s, const char *atc, const struct record *r)
{
    const char *type = strchr("AN", r->kind)   ? "MedicationAdministration"
                       : strchr("ST", r->kind) ? "MedicationStatement"
                       : r->kind == 'D'        ? "MedicationDispense"
                                               : "MedicationRequest";
    const char *status = r->kind == 'N'   ? "not-done"
                         : r->kind == 'T' ? "not-taken"
                         : r->stopped     ? "stopped"
                         : r->open        ? "active"
                                          : "completed";
    const char *first = subject_date(s, r->first);
    const char *end = r->open ? "" : gw_arena_print(&s->arena, ",'end':'%s'", subject_date(s, r->last));
    const char *days;

    if (r->kind == 'D')
        days = gw_arena_print(&s->arena, "'whenHandedOver':'%s',%s%s%s%s%s%s'dosageInstruction':%s", first,
                              *r->quantity ? "'quantity':{'value':" : "", r->quantity,
                              *r->quantity ? ",'unit':'capsule'}," : "", *r->supply ? "'daysSupply':{'value':" : "",
                              r->supply, *r->supply ? ",'code':'d'}," : "", dosage(s, r));
    else if (r->kind == 'R')
        days =
            gw_arena_print(&s->arena,
                           "'intent':'order','authoredOn':'%s','dispenseRequest':{'validityPeriod':{'start':'%s'%s}},"
                           "'dosageInstruction':%s",
                           first, first, end, dosage(s, r));
    else if (strchr("ST", r->kind))
        days = gw_arena_print(&s->arena, "'effectivePeriod':{'start':'%s'%s},'dosage':%s", first, end, dosage(s, r));
    else
        days = gw_arena_print(&s->arena, "'effectiveDateTime':'%s%s%s%s'%s%s%s", first, *r->time ? "T" : "", r->time,
                              *r->time ? ":00:00+01:00" : "", *r->dose ? ",'dosage':{'dose':" : "",
                              *r->dose ? quantity(s, r) : "", *r->dose ? "}" : "");
    subject_add(s, "{'resourceType':'%s','id':'d%zu','status':'%s','subject':{'reference':'Patient/p1'},%s,%s}", type,
                s->count, status, days, medication(s, atc, r));
}

void doses_init(struct subject *s)
{
    subject_init(s);
    subject_trust_roster(s);
    s->horizon = s->line.first_dose + 70;
    subject_add_patient(s, "male", "1950-03-01");
    subject_add_visit_after(s, 30);
    subject_add_visit_after(s, 60);
}

void doses_add(struct subject *s, const char *atc, const char *records)
{
    char copy[2048], *rest = copy, *text;

    cr_assert(strlen(records) < sizeof copy);
    strcpy(copy, records);
    while ((text = strsep(&rest, ";"))) {
        struct record r;

        text += strspn(text, " ");
        r = read_record(text);
        add_record(s, atc, &r);
    }
}

/* ---- rows ---- */

static int elapsed(const struct subject *s, const char *date)
{
    return subject_day(date) - s->line.first_dose;
}

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

static void write_days(const struct subject *s, struct gw_text *out, const char *start, const char *end)
{
    if (start)
        gw_text_print(out, "%d", elapsed(s, start));
    gw_text_add(out, "..");
    if (end)
        gw_text_print(out, "%d", elapsed(s, end));
}

static const char *kept(struct subject *s, struct gw_text *text)
{
    const char *copy = gw_arena_copy(&s->arena, text->at, text->length);

    gw_text_release(text);
    return copy;
}

static int by_start(const void *x, const void *y)
{
    const struct gw_row_exposures *a = *(const struct gw_row_exposures *const *)x;
    const struct gw_row_exposures *b = *(const struct gw_row_exposures *const *)y;

    return strcmp(a->start, b->start);
}

const char *doses_rows(struct subject *s, const char *drug)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_exposures];
    const struct gw_row_exposures *rows[128];
    struct gw_text out = GW_TEXT_INIT(1 << 16);
    size_t count = 0;

    cr_assert(list->count < 128);
    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_exposures *)list->rows[i])->drug, drug))
            rows[count++] = (const struct gw_row_exposures *)list->rows[i];
    qsort(rows, count, sizeof *rows, by_start);
    for (size_t i = 0; i < count; i++) {
        gw_text_add(&out, i ? "; " : "");
        write_days(s, &out, rows[i]->start, rows[i]->end);
        gw_text_print(&out, " %s %s %s", or_dash(rows[i]->dose), or_dash(rows[i]->frequency), rows[i]->evidence_rank);
        if (rows[i]->dose_level != GW_NULL_INTEGER)
            gw_text_print(&out, " L%d", rows[i]->dose_level);
        if (rows[i]->change_type)
            gw_text_print(&out, " %s", rows[i]->change_type);
    }
    return kept(s, &out);
}

static int by_number(const void *x, const void *y)
{
    return (*(const struct gw_row_cycles *const *)x)->cycle_no - (*(const struct gw_row_cycles *const *)y)->cycle_no;
}

const char *doses_cycles(struct subject *s)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_cycles];
    const struct gw_row_cycles *rows[64];
    struct gw_text out = GW_TEXT_INIT(1 << 16);

    cr_assert(list->count < 64);
    for (size_t i = 0; i < list->count; i++)
        rows[i] = (const struct gw_row_cycles *)list->rows[i];
    qsort(rows, list->count, sizeof *rows, by_number);
    for (size_t i = 0; i < list->count; i++) {
        gw_text_print(&out, "%s%d@%d", i ? "; " : "", rows[i]->cycle_no, elapsed(s, rows[i]->start));
        if (rows[i]->delay_days != GW_NULL_INTEGER && rows[i]->delay_days != 0)
            gw_text_print(&out, " %+d", rows[i]->delay_days);
        if (rows[i]->actual_mg)
            gw_text_print(&out, " %s %s", rows[i]->actual_mg, or_dash(rows[i]->rdi));
        if (rows[i]->dex_total_mg)
            gw_text_print(&out, " dex %s %s", rows[i]->dex_total_mg, or_dash(rows[i]->dex_class));
    }
    return kept(s, &out);
}

const char *doses_conmeds(struct subject *s)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_conmeds];
    const struct gw_row_conmeds *rows[64];
    struct gw_text out = GW_TEXT_INIT(1 << 16);

    cr_assert(list->count < 64);
    for (size_t i = 0; i < list->count; i++) { /* by substance, then start */
        const struct gw_row_conmeds *row = (const struct gw_row_conmeds *)list->rows[i];
        size_t at = i;

        for (; at > 0; at--) {
            const int order = strcmp(rows[at - 1]->substance, row->substance);

            if (order < 0 || (order == 0 && strcmp(or_dash(rows[at - 1]->start), or_dash(row->start)) <= 0))
                break;
            rows[at] = rows[at - 1];
        }
        rows[at] = row;
    }
    for (size_t i = 0; i < list->count; i++) {
        gw_text_print(&out, "%s%s ", i ? "; " : "", rows[i]->substance);
        write_days(s, &out, rows[i]->start, rows[i]->end);
        gw_text_print(&out, " %s %s %s%s%s%s", or_dash(rows[i]->dose), or_dash(rows[i]->frequency),
                      rows[i]->evidence_rank, rows[i]->prophylaxis_flag ? " P" : "", rows[i]->start_rel ? " <" : "",
                      rows[i]->ongoing ? " +" : "");
    }
    return kept(s, &out);
}
