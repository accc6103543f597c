/*
 * The small steering tables, read from CSV.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/study/decision.h"
#include "study/rules_parts.h"

#define MAX_TABLE_BYTES (1024 * 1024)

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "study.rules", "the tables need more memory than allowed");
}

/* Kinds of decisions, joined by ";"; may be empty. */
static bool are_kinds(const char *list)
{
    char word[40]; /* longer than any kind */

    for (size_t length; *list; list += length + (list[length] == ';')) {
        length = strcspn(list, ";");
        snprintf(word, sizeof word, "%.*s", (int)length, list);
        if (gw_decision_kind_of(word) == GW_DECIDE_COUNT)
            return false;
    }
    return true;
}

static enum gw_status load_classes(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_error *err)
{
    static const char *const names[] = {"code", "blocks", "rule_scope", "cause", "resolutions", "decisions"};
    struct gw_csv csv;
    int at[6];
    struct gw_item_class *classes;
    const char *path = gw_arena_print(arena, "%s/exception-codes.csv", dir);
    enum gw_status rc = path ? gw_csv_load(arena, path, MAX_TABLE_BYTES, &csv, err) : no_memory(err);

    if (rc == GW_OK)
        rc = gw_csv_columns(&csv, names, 6, at, err);
    if (rc != GW_OK)
        return rc;
    classes = gw_arena_alloc(arena, csv.count * sizeof *classes);
    if (!classes)
        return no_memory(err);
    for (size_t i = 0; i < csv.count; i++) {
        const char **f = csv.records[i].fields;

        classes[i] = (struct gw_item_class){f[at[0]], f[at[1]], f[at[2]], f[at[3]], f[at[4]], f[at[5]]};
        if (strlen(f[at[1]]) != 1 || !strchr("RASE-", f[at[1]][0]))
            return gw_fail(err, GW_ECONFIG, "study.rules", "%s:%u: blocks is \"%s\": write one of R A S E -", path,
                           csv.records[i].line, f[at[1]]);
        if (!are_kinds(f[at[5]]))
            return gw_fail(err, GW_ECONFIG, "study.rules", "%s:%u: \"%s\" names a kind of decision there is none of",
                           path, csv.records[i].line, f[at[5]]);
    }
    out->classes = classes;
    out->class_count = csv.count;
    return GW_OK;
}

static enum gw_status load_texts(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_error *err)
{
    static const char *const names[] = {"rule_id", "section", "sentence"};
    struct gw_csv csv;
    int at[3];
    struct gw_rule_text *texts;
    const char *path = gw_arena_print(arena, "%s/rule-texts.csv", dir);
    enum gw_status rc = path ? gw_csv_load(arena, path, MAX_TABLE_BYTES, &csv, err) : no_memory(err);

    if (rc == GW_OK)
        rc = gw_csv_columns(&csv, names, 3, at, err);
    if (rc != GW_OK)
        return rc;
    texts = gw_arena_alloc(arena, (csv.count + 1) * sizeof *texts);
    if (!texts)
        return no_memory(err);
    for (size_t i = 0; i < csv.count; i++) {
        const char **f = csv.records[i].fields;

        texts[i] = (struct gw_rule_text){f[at[0]], f[at[1]], f[at[2]]};
        if (!*texts[i].id || !*texts[i].section || !*texts[i].sentence)
            return gw_fail(err, GW_ECONFIG, "study.rules",
                           "%s:%u: a rule needs an id, its section of RULES.md and a sentence: fill in what is empty",
                           path, csv.records[i].line);
    }
    out->texts = texts;
    out->text_count = csv.count;
    return GW_OK;
}

static enum gw_status load_reasons(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_error *err)
{
    static const char *const names[] = {"reason", "sentence"};
    struct gw_csv csv;
    int at[2];
    struct gw_reason_text *reasons;
    const char *path = gw_arena_print(arena, "%s/reason-texts.csv", dir);
    enum gw_status rc = path ? gw_csv_load(arena, path, MAX_TABLE_BYTES, &csv, err) : no_memory(err);

    if (rc == GW_OK)
        rc = gw_csv_columns(&csv, names, 2, at, err);
    if (rc != GW_OK)
        return rc;
    reasons = gw_arena_alloc(arena, (csv.count + 1) * sizeof *reasons);
    if (!reasons)
        return no_memory(err);
    for (size_t i = 0; i < csv.count; i++) {
        reasons[i] = (struct gw_reason_text){csv.records[i].fields[at[0]], csv.records[i].fields[at[1]]};
        if (!*reasons[i].reason || !*reasons[i].sentence)
            return gw_fail(err, GW_ECONFIG, "study.rules", "%s:%u: a reason needs a sentence: fill in what is empty",
                           path, csv.records[i].line);
    }
    out->reasons = reasons;
    out->reason_count = csv.count;
    return GW_OK;
}

void rules_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    struct gw_error failure = {.status = GW_OK};

    *out = (struct gw_rules){0};
    if (load_classes(arena, dir, out, &failure) != GW_OK)
        gw_findings_failure(findings, &failure);
    if (load_texts(arena, dir, out, &failure) != GW_OK)
        gw_findings_failure(findings, &failure);
    if (load_reasons(arena, dir, out, &failure) != GW_OK)
        gw_findings_failure(findings, &failure);
    evidence_read(arena, dir, out, findings);
    compositions_read(arena, dir, out, findings);
    scales_read(arena, dir, out, findings);
    answers_read(arena, dir, out, findings);
    stay_codes_read(arena, dir, out, findings);
    causality_read(arena, dir, out, findings);
}

enum gw_status gw_rules_load(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_error *err)
{
    struct gw_findings findings = {.out = NULL};

    rules_read(arena, dir, out, &findings);
    return gw_findings_close(&findings, arena, dir, err);
}

const struct gw_item_class *gw_rules_class(const struct gw_rules *rules, const char *code)
{
    for (size_t i = 0; i < rules->class_count; i++)
        if (strcmp(rules->classes[i].code, code) == 0)
            return &rules->classes[i];
    return NULL;
}

/* How much of an id a text speaks for: all of it, or the beginning before its "*". 0: nothing. */
static size_t speaks_for(const char *text, const char *id)
{
    const size_t length = strlen(text);

    if (strcmp(text, id) == 0)
        return length + 1;
    return text[length - 1] == '*' && strncmp(text, id, length - 1) == 0 ? length : 0;
}

const struct gw_rule_text *gw_rules_text(const struct gw_rules *rules, const char *id)
{
    const struct gw_rule_text *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < rules->text_count; i++) {
        const size_t length = speaks_for(rules->texts[i].id, id);

        if (length <= most)
            continue;
        most = length;
        found = &rules->texts[i];
    }
    return found;
}

const char *gw_rules_reason(const struct gw_rules *rules, const char *reason)
{
    for (size_t i = 0; i < rules->reason_count; i++)
        if (strcmp(rules->reasons[i].reason, reason) == 0)
            return rules->reasons[i].sentence;
    return NULL;
}
