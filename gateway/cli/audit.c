/*
 * casement audit: the trail in plain words, whether it is whole, and the key that others verify it with.
 */
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/ledger/audit.h"

#define ARENA_BYTES ((size_t)64 << 20)

static const char where[] = "cli.audit";

struct trail {
    struct gw_arena arena;
    const char *ledger;
    const char *checkpoints;
    const char *key;
    struct output output;
};

static const char *beside(struct trail *t, const char *name)
{
    const char *slash = strrchr(t->ledger, '/');

    return gw_arena_print(&t->arena, "%.*s%s", slash ? (int)(slash - t->ledger + 1) : 0, t->ledger, name);
}

/* The files of the configuration, or beside the ledger that is named; each may be named by itself. */
static enum gw_status find_files(struct trail *t, const struct arguments *arguments, struct gw_error *err)
{
    struct gw_config config;
    enum gw_status rc = report_ledger_of(arguments, &t->arena, &config, &t->ledger, err);

    if (rc != GW_OK)
        return rc;
    t->checkpoints = arguments->values[OPTION_CHECKPOINTS];
    if (!t->checkpoints)
        t->checkpoints = config.audit_checkpoints ? config.audit_checkpoints : beside(t, "audit.checkpoints");
    t->key = arguments->values[OPTION_AUDIT_KEY] ? arguments->values[OPTION_AUDIT_KEY] : beside(t, "audit.key");
    return t->ledger && t->checkpoints && t->key ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the names");
}

static int trail_close(struct trail *t, enum gw_status rc, const struct gw_error *failure)
{
    gw_arena_release(&t->arena);
    return rc == GW_OK ? 0 : output_failed(failure);
}

/* ---- show ------------------------------------------------------------------------------------------------------ */

struct showing {
    const struct output *output;
    const char *subject;
    const char *since; /* YYYY-MM-DD in UTC; NULL: from the first */
    cJSON *list;       /* NULL: in words */
    size_t shown;
    struct gw_zone *zone;
};

/* The wall clock of the site: "16:00 in Europe/Madrid"; with its day where that is another. "": no site. */
static const char *local_time(struct showing *s, const struct gw_audit_row *row, char *out, size_t size)
{
    int hours, minutes, seconds;
    char date[11];
    gw_day day;

    *out = '\0';
    memcpy(date, row->at, 10);
    date[10] = '\0';
    if (!*row->zone || !gw_day_parse(date, &day) ||
        sscanf(row->at + 11, "%2d:%2d:%2d", &hours, &minutes, &seconds) != 3)
        return out;
    if (!s->zone || strcmp(gw_zone_name(s->zone), row->zone) != 0) {
        gw_zone_close(s->zone);
        s->zone = NULL;
        if (gw_zone_open(row->zone, &s->zone, NULL) != GW_OK)
            return out;
    }
    const int64_t utc = (int64_t)day * 86400 + hours * 3600 + minutes * 60 + seconds;
    const int64_t local = utc + gw_zone_offset_at(s->zone, utc);
    gw_day_print((gw_day)(local / 86400), date);
    snprintf(out, size, " (%s %02d:%02d in %s)", date, (int)(local % 86400 / 3600), (int)(local % 3600 / 60),
             row->zone);
    return out;
}

static void print_words(struct showing *s, const struct gw_audit_row *row)
{
    char local[120];
    FILE *out = s->output->out;

    fprintf(out, "%lld  %s%s  ", (long long)row->n, row->at, local_time(s, row, local, sizeof local));
    output_text(s->output, row->by);
    fprintf(out, " %s", gw_audit_words(row->act));
    if (*row->what) {
        fputc(' ', out);
        output_text(s->output, row->what);
    }
    if (*row->subject) {
        fprintf(out, "; subject ");
        output_text(s->output, row->subject);
    }
    if (*row->reason) {
        fprintf(out, "; because: ");
        output_text(s->output, row->reason);
    }
    if (*row->old_hash || *row->new_hash)
        fprintf(out, "; %.12s -> %.12s", *row->old_hash ? row->old_hash : "nothing",
                *row->new_hash ? row->new_hash : "nothing");
    fprintf(out, "%s\n", row->back ? "; the clock had been set back" : "");
}

static cJSON *row_json(const struct gw_audit_row *row)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddNumberToObject(object, "n", (double)row->n);
    cJSON_AddStringToObject(object, "at", row->at);
    cJSON_AddStringToObject(object, "zone", row->zone);
    cJSON_AddBoolToObject(object, "clock_set_back", row->back);
    cJSON_AddStringToObject(object, "by", row->by);
    cJSON_AddStringToObject(object, "act", row->act);
    cJSON_AddStringToObject(object, "study", row->study);
    cJSON_AddStringToObject(object, "site", row->site);
    cJSON_AddStringToObject(object, "subject", row->subject);
    cJSON_AddStringToObject(object, "what", row->what);
    cJSON_AddStringToObject(object, "old", row->old_hash);
    cJSON_AddStringToObject(object, "new", row->new_hash);
    cJSON_AddStringToObject(object, "reason", row->reason);
    return object;
}

static bool show_row(void *ctx, const struct gw_audit_row *row)
{
    struct showing *s = ctx;

    if ((s->subject && strcmp(s->subject, row->subject) != 0) || (s->since && strncmp(row->at, s->since, 10) < 0))
        return true;
    s->shown++;
    if (s->list)
        cJSON_AddItemToArray(s->list, row_json(row));
    else
        print_words(s, row);
    return true;
}

int audit_show_command(const struct arguments *arguments)
{
    struct trail t = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct showing s = {.output = &t.output, .subject = arguments->values[OPTION_SUBJECT]};
    struct gw_error failure;
    gw_day since;
    enum gw_status rc;

    if (!arguments_day(arguments, OPTION_SINCE, &since))
        return gw_exit_code(GW_EUSAGE);
    s.since = arguments->values[OPTION_SINCE];
    output_init(&t.output, stdout);
    rc = find_files(&t, arguments, &failure);
    s.list = rc == GW_OK && arguments_has(arguments, OPTION_JSON) ? cJSON_CreateArray() : NULL;
    if (rc == GW_OK)
        rc = gw_audit_rows(t.ledger, show_row, &s, &failure);
    if (s.list)
        output_json(&t.output, s.list);
    else if (rc == GW_OK && s.shown == 0)
        fprintf(t.output.out, "Nothing of that in the trail\n");
    gw_zone_close(s.zone);
    return trail_close(&t, rc, &failure);
}

/* ---- verify ---------------------------------------------------------------------------------------------------- */

static void print_place(FILE *out, const struct gw_audit_verdict *verdict)
{
    if (verdict->first_bad == verdict->last_bad)
        fprintf(out, "row %lld", (long long)verdict->first_bad);
    else
        fprintf(out, "the first bad row lies between %lld and %lld", (long long)verdict->first_bad,
                (long long)verdict->last_bad);
}

static void print_cover(const struct trail *t, const struct gw_audit_verdict *verdict)
{
    const int64_t open = verdict->rows - verdict->covered;
    FILE *out = t->output.out;

    if (open == 0)
        fprintf(out, "checkpoints outside (%s) cover them all\n", t->checkpoints);
    else
        fprintf(out,
                "not yet signed: %lld %s since %s, of which no checkpoint outside (%s) tells; they are chained, but "
                "whether others behind them were cut off cannot be seen before the next checkpoint\n",
                (long long)open, plural(open, "row", "rows"), *verdict->signed_at ? verdict->signed_at : "the first",
                t->checkpoints);
}

static void print_verdict(const struct trail *t, const struct gw_audit_verdict *verdict)
{
    FILE *out = t->output.out;

    fprintf(out, "%lld %s, %zu %s\n", (long long)verdict->rows, plural(verdict->rows, "row", "rows"), verdict->points,
            plural((int64_t)verdict->points, "signed checkpoint", "signed checkpoints"));
    if (verdict->torn > 0)
        fprintf(out, "%zu %s of %s %s no checkpoint: a write that ended early\n", verdict->torn,
                plural((int64_t)verdict->torn, "line", "lines"), t->checkpoints,
                plural((int64_t)verdict->torn, "is", "are"));
    if (verdict->first_bad != 0) {
        fprintf(out, "%s  ", output_mark(&t->output, MARK_FAIL));
        print_place(out, verdict);
        fprintf(out, ": %s\n", verdict->what);
        return;
    }
    fprintf(out, "%s  every row follows from the one before, and every checkpoint fits\n",
            output_mark(&t->output, MARK_OK));
    print_cover(t, verdict);
    for (size_t i = 0; i < verdict->differences && i < GW_AUDIT_NAMED; i++)
        fprintf(out, "%s  %s\n", output_mark(&t->output, MARK_FAIL), verdict->named[i]);
    if (verdict->differences > GW_AUDIT_NAMED)
        fprintf(out, "and %zu more\n", verdict->differences - GW_AUDIT_NAMED);
    if (verdict->differences == 0)
        fprintf(out, "%s  decisions, revisions and receipts are those that it tells of\n",
                output_mark(&t->output, MARK_OK));
}

static void print_verdict_json(const struct trail *t, const struct gw_audit_verdict *verdict)
{
    cJSON *root = cJSON_CreateObject(), *list;

    cJSON_AddBoolToObject(root, "sound", verdict->first_bad == 0 && verdict->differences == 0);
    cJSON_AddNumberToObject(root, "rows", (double)verdict->rows);
    cJSON_AddNumberToObject(root, "checkpoints", (double)verdict->points);
    cJSON_AddNumberToObject(root, "covered_outside", (double)verdict->covered);
    cJSON_AddNumberToObject(root, "covered_in_ledger", (double)verdict->covered_here);
    cJSON_AddNumberToObject(root, "not_signed", (double)(verdict->rows - verdict->covered));
    cJSON_AddNumberToObject(root, "torn_lines", (double)verdict->torn);
    cJSON_AddNumberToObject(root, "differences", (double)verdict->differences);
    list = cJSON_AddArrayToObject(root, "named");
    for (size_t i = 0; i < verdict->differences && i < GW_AUDIT_NAMED; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(verdict->named[i]));
    if (verdict->first_bad != 0) {
        cJSON_AddNumberToObject(root, "first_bad_from", (double)verdict->first_bad);
        cJSON_AddNumberToObject(root, "first_bad_to", (double)verdict->last_bad);
        cJSON_AddStringToObject(root, "what", verdict->what);
    }
    output_json(&t->output, root);
}

int audit_verify_command(const struct arguments *arguments)
{
    struct trail t = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_audit_verdict verdict = {.rows = 0};
    struct gw_error failure;
    enum gw_status rc = find_files(&t, arguments, &failure);

    output_init(&t.output, stdout);
    if (rc == GW_OK)
        rc = gw_audit_verify(t.ledger, t.checkpoints, t.key, &verdict, &failure);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_verdict_json : print_verdict)(&t, &verdict);
    if (rc == GW_OK && verdict.first_bad == 0 && verdict.differences > 0)
        rc = gw_fail(&failure, GW_EINPUT, where,
                     "%s: the ledger is not what its audit trail tells: keep all files as they are", t.ledger);
    if (rc == GW_OK && verdict.first_bad != 0)
        rc = gw_fail(&failure, GW_EINPUT, where,
                     "%s: the audit trail is not what was signed: keep all files as they are", t.ledger);
    return trail_close(&t, rc, &failure);
}

/* ---- key ------------------------------------------------------------------------------------------------------- */

int audit_key_command(const struct arguments *arguments)
{
    struct trail t = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_signature_key *key = NULL;
    struct gw_text pem = GW_TEXT_INIT(16 * 1024);
    struct gw_error failure;
    enum gw_status rc = find_files(&t, arguments, &failure);

    if (rc == GW_OK && access(t.key, F_OK) != 0)
        rc = gw_fail(&failure, GW_ENOINPUT, where, "%s: is not there: it is made with the first checkpoint", t.key);
    if (rc == GW_OK)
        rc = gw_signature_key_read(t.key, &key, &failure);
    if (rc == GW_OK)
        rc = gw_signature_key_public(key, &pem, &failure);
    if (rc == GW_OK)
        fputs(pem.at, stdout);
    gw_signature_key_free(key);
    gw_text_release(&pem);
    return trail_close(&t, rc, &failure);
}
