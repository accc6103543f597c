/*
 * Lines of the roster in the audit trail: who came, whose line changed and in what, who is no longer there.
 *
 *      roster now ──┐
 *                   ├──> a row for each difference, and the line as it is now for the next time
 *      notes ───────┘
 *
 * Kept is a line a subject, by study and number: days and consent as they stand, of the patient a digest alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/notes.h"
#include "service/audited.h"
#include "service/setup.h"
#include "service/steering.h"

enum { NAME_MAX_BYTES = 300, TEXT_MAX_BYTES = 4096, FIELDS = 7, FIELD_MAX = 80 };

static const char where[] = "service.audited";
static const char space[] = "roster"; /* of notes: "lendex-rrmm|ES-017" is "hm", its days, consent, a digest */

static const char *const field_names[FIELDS] = {"site",       "recruited", "end of treatment",        "first dose",
                                                "withdrawal", "consent",   "patient or record number"};
enum { FIELD_WITHDRAWAL = 4, FIELD_PATIENT = 6 };

struct line_text {
    char fields[FIELDS][FIELD_MAX]; /* "-": none */
};

/* ---- lines as texts ---- */

static void print_day(gw_day day, char out[FIELD_MAX])
{
    strcpy(out, "-");
    if (day != GW_NO_DAY)
        gw_day_print(day, out);
}

static void digest_patient(const struct gw_roster_line *line, char out[FIELD_MAX])
{
    char digest[DERIVED_DIGITS + 1];

    steering_text(NULL, line->patient ? line->patient : "", digest);
    steering_text(digest, line->mrn_system ? line->mrn_system : "", digest);
    steering_text(digest, line->mrn ? line->mrn : "", digest);
    snprintf(out, FIELD_MAX, "%s", digest);
}

static void fill(const struct gw_roster_line *line, struct line_text *out)
{
    const gw_day days[] = {line->recruited, line->end_of_treatment, line->first_dose, line->withdrawn};

    snprintf(out->fields[0], FIELD_MAX, "%s", line->site);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        print_day(days[i], out->fields[i + 1]);
    strcpy(out->fields[5], line->consent_missing ? "missing" : "-");
    digest_patient(line, out->fields[FIELD_PATIENT]);
}

/* By tabs: no field of a roster has one. */
static bool parse(const char *text, struct line_text *out)
{
    return sscanf(text, "%79[^\t] %79[^\t] %79[^\t] %79[^\t] %79[^\t] %79[^\t] %79[^\t]", out->fields[0],
                  out->fields[1], out->fields[2], out->fields[3], out->fields[4], out->fields[5],
                  out->fields[6]) == FIELDS;
}

static void print(const struct line_text *line, char out[TEXT_MAX_BYTES])
{
    *out = '\0';
    for (size_t i = 0; i < FIELDS; i++)
        snprintf(out + strlen(out), TEXT_MAX_BYTES - strlen(out), "%s%s", i ? "\t" : "", line->fields[i]);
}

static const char *word(const struct line_text *line, size_t field)
{
    return strcmp(line->fields[field], "-") == 0 ? "none" : line->fields[field];
}

/* ---- what is told ---- */

static void tell_new(const struct line_text *line, struct gw_text *out)
{
    gw_text_add(out, "a new line");
    for (size_t i = 1; i < FIELD_PATIENT; i++)
        if (strcmp(line->fields[i], "-") != 0)
            gw_text_print(out, ", %s %s", field_names[i], line->fields[i]);
}

static void tell_changed(const struct line_text *before, const struct line_text *after, struct gw_text *out)
{
    const char *comma = "";

    gw_text_add(out, "a changed line: ");
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(before->fields[i], after->fields[i]) == 0)
            continue;
        if (i == FIELD_PATIENT)
            gw_text_print(out, "%sanother %s", comma, field_names[i]);
        else
            gw_text_print(out, "%s%s %s, before %s", comma, field_names[i], word(after, i), word(before, i));
        comma = "; ";
    }
}

static void digest(const char *text, char out[DERIVED_DIGITS + 1])
{
    steering_text(NULL, text, out);
}

struct looking {
    struct setup *setup;
    const struct setup_study *study;
    struct gw_arena arena;
    struct gw_text what;
    struct gw_error *err;
};

static enum gw_status note(struct looking *k, enum gw_audit_kind act, const char *subject, const char *site,
                           const char *before, const char *after)
{
    char old[DERIVED_DIGITS + 1] = "", new[DERIVED_DIGITS + 1] = "", name[NAME_MAX_BYTES];
    enum gw_status rc;

    if (before)
        digest(before, old);
    if (after)
        digest(after, new);
    snprintf(name, sizeof name, "%s|%s", k->study->config->id, subject);
    if (k->what.failed)
        return gw_fail(k->err, GW_ENOMEM, where, "no memory for an audit row");
    rc = gw_audit_note(k->setup->ledger,
                       &(struct gw_audit_act){.act = act,
                                              .study = k->study->config->id,
                                              .site = site,
                                              .subject = subject,
                                              .what = k->what.at,
                                              .old_hash = old,
                                              .new_hash = new},
                       k->err);
    return rc == GW_OK ? gw_ledger_note_put(k->setup->ledger, space, name, after, k->err) : rc;
}

static enum gw_status look_at(struct looking *k, const struct gw_roster_line *line)
{
    char name[NAME_MAX_BYTES], text[TEXT_MAX_BYTES];
    struct line_text before, after;
    const char *known = NULL;
    enum gw_status rc;

    gw_arena_clear(&k->arena);
    gw_text_clear(&k->what);
    fill(line, &after);
    print(&after, text);
    snprintf(name, sizeof name, "%s|%s", k->study->config->id, line->subject);
    rc = gw_ledger_note(k->setup->ledger, &k->arena, space, name, &known, k->err);
    if (rc != GW_OK || gw_same(known, text))
        return rc;
    if (known && parse(known, &before))
        tell_changed(&before, &after, &k->what);
    else
        tell_new(&after, &k->what);
    return note(k, GW_AUDIT_ROSTER, line->subject, line->site, known, text);
}

/* ---- who is gone ---- */

static int by_name(const void *name, const void *note)
{
    return strcmp(name, ((const struct gw_ledger_note *)note)->name);
}

/* Those that are there lose their text. */
static void find_gone(const struct looking *k, const char *prefix, struct gw_ledger_notes *known)
{
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; known->count > 0 && i < k->study->roster.count; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, k->study->roster.lines[i].subject);
        struct gw_ledger_note *there = bsearch(name, known->list, known->count, sizeof *known->list, by_name);
        if (there)
            there->text = NULL;
    }
}

static enum gw_status tell_gone(struct looking *k, const char *subject, const char *line)
{
    struct line_text before;

    gw_text_clear(&k->what);
    gw_text_add(&k->what, "its line: nothing more is asked for or derived of the subject, and nothing deleted");
    return note(k, GW_AUDIT_REMOVAL, subject, parse(line, &before) ? before.fields[0] : NULL, line, NULL);
}

static enum gw_status look_for_gone(struct looking *k)
{
    struct gw_arena arena = GW_ARENA_INIT(SETUP_MEMORY);
    const char *prefix = gw_arena_print(&arena, "%s|", k->study->config->id);
    struct gw_ledger_notes known = {0};
    enum gw_status rc = prefix ? gw_ledger_notes_under(k->setup->ledger, &arena, space, prefix, &known, k->err)
                               : gw_fail(k->err, GW_ENOMEM, where, "no memory for the roster");

    if (rc == GW_OK)
        find_gone(k, prefix, &known);
    for (size_t i = 0; rc == GW_OK && i < known.count; i++)
        if (known.list[i].text)
            rc = tell_gone(k, known.list[i].name + strlen(prefix), known.list[i].text);
    gw_arena_release(&arena);
    return rc;
}

enum gw_status audited_roster(struct setup *setup, const struct setup_study *study, struct gw_error *err)
{
    struct looking looking = {.setup = setup,
                              .study = study,
                              .arena = GW_ARENA_INIT(TEXT_MAX_BYTES * 4),
                              .what = GW_TEXT_INIT(TEXT_MAX_BYTES),
                              .err = err};
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < study->roster.count; i++)
        rc = look_at(&looking, &study->roster.lines[i]);
    if (rc == GW_OK)
        rc = look_for_gone(&looking);
    gw_text_release(&looking.what);
    gw_arena_release(&looking.arena);
    return rc;
}
