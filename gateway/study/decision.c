/*
 * What a decision may say, by the lists of decision.def, and how it is printed.
 */
#include "gateway/study/decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"
#include "gateway/core/decimal.h"
#include "gateway/core/json.h"
#include "study/decision_parts.h"
#include "study/sheet.h"

static const char where[] = "study.decision";

enum { MAX_TEXT_BYTES = 1000, MAX_NUMBER_DIGITS = 9 };

const struct member_rule member_rules[GW_SET_COUNT] = {
#define GW_MEMBER(id, name, form, choices) [GW_SET_##id] = {name, FORM_##form, choices},
#define GW_KIND(id, name, matches, one_of, needs, takes)
#include "gateway/study/decision.def"
#undef GW_KIND
#undef GW_MEMBER
};

const struct kind_rule kind_rules[GW_DECIDE_COUNT] = {
#define GW_MEMBER(id, name, form, choices)
#define GW_KIND(id, name, matches, one_of, needs, takes) [GW_DECIDE_##id] = {name, matches, one_of, needs, takes},
#include "gateway/study/decision.def"
#undef GW_KIND
#undef GW_MEMBER
};

const char *gw_decision_kind_name(enum gw_decision_kind kind)
{
    return kind_rules[kind].name;
}

const char *gw_decision_matches(enum gw_decision_kind kind)
{
    return kind_rules[kind].matches;
}

enum gw_decision_kind gw_decision_kind_of(const char *name)
{
    int kind = 0;

    while (kind < GW_DECIDE_COUNT && !gw_same(kind_rules[kind].name, name))
        kind++;
    return (enum gw_decision_kind)kind;
}

enum gw_decision_member member_of(const char *name)
{
    int member = 0;

    while (member < GW_SET_COUNT && !gw_same(member_rules[member].name, name))
        member++;
    return (enum gw_decision_member)member;
}

/* ---- one member ---- */

static bool is_whole_number(const char *text, long low, long high)
{
    const size_t digits = strspn(text, "0123456789");
    long number;

    if (digits == 0 || digits > MAX_NUMBER_DIGITS || text[digits] || (text[0] == '0' && digits > 1))
        return false;
    number = strtol(text, NULL, 10);
    return number >= low && number <= high;
}

static bool is_decimal(const char *text)
{
    struct gw_arena spare = GW_ARENA_INIT(MAX_TEXT_BYTES);
    struct gw_decimal ignored;
    const bool good =
        strlen(text) <= MAX_TEXT_BYTES / 4 && gw_decimal_parse(&spare, text, strlen(text), &ignored, NULL) == GW_OK;

    gw_arena_release(&spare);
    return good;
}

static bool is_day(const char *text)
{
    gw_day ignored;

    return gw_day_parse(text, &ignored);
}

/* At least one, and none that is empty. */
static bool are_choices(const char *choices, const char *list)
{
    for (;;) {
        const size_t length = strcspn(list, ";");
        char word[40] = "";

        if (length < sizeof word)
            memcpy(word, list, length);
        if (!*word || !sheet_list_has(choices, '|', word))
            return false;
        if (!list[length])
            return true;
        list += length + 1;
    }
}

enum gw_status member_check(enum gw_decision_member member, const char *text, struct gw_error *err)
{
    const struct member_rule *rule = &member_rules[member];
    const char *wanted = NULL;

    switch (rule->form) {
    case FORM_TEXT:
    case FORM_EVIDENCE:
        wanted = *text && strlen(text) <= MAX_TEXT_BYTES ? NULL : "a text of 1 to 1,000 bytes";
        break;
    case FORM_YES:
        wanted = strcmp(text, "true") == 0 ? NULL : "true, or leave it out";
        break;
    case FORM_SWITCH:
        wanted = sheet_list_has("true|false", '|', text) ? NULL : "true or false";
        break;
    case FORM_DAY:
        wanted = is_day(text) ? NULL : "a day, as 2024-02-14";
        break;
    case FORM_DECIMAL:
        wanted = is_decimal(text) ? NULL : "a number, as 7.5";
        break;
    case FORM_GRADE:
        wanted = is_whole_number(text, 0, 5) ? NULL : "a grade from 0 to 5";
        break;
    case FORM_COUNT:
        wanted = is_whole_number(text, 1, 999999999) ? NULL : "a whole number from 1";
        break;
    case FORM_CHOICE:
        wanted = *text && sheet_list_has(rule->choices, '|', text) ? NULL : rule->choices;
        break;
    case FORM_CHOICES:
        wanted = are_choices(rule->choices, text) ? NULL : rule->choices;
        break;
    }
    return wanted ? gw_fail(err, GW_EINPUT, where, "set.%s: write %s", rule->name, wanted) : GW_OK;
}

/* "endpoint|type|id|part", the part may be missing with its bar. */
static bool split_evidence(struct gw_arena *arena, const char *text, struct gw_decision_match *out)
{
    const char *cells[4] = {"", "", "", ""};

    for (int i = 0; i < 4 && *text; i++) {
        const size_t length = strcspn(text, "|");

        cells[i] = gw_arena_copy(arena, text, length);
        if (!cells[i])
            return false;
        text += length + (text[length] == '|');
    }
    *out = (struct gw_decision_match){.endpoint = cells[0], .type = cells[1], .id = cells[2], .part = cells[3]};
    return *cells[0] && *cells[1] && *cells[2];
}

enum gw_status gw_decision_set(struct gw_arena *arena, struct gw_decision *decision, const char *name,
                               const char *value, struct gw_error *err)
{
    const enum gw_decision_member member = member_of(name);
    const char *text = value ? value : "true";
    enum gw_status rc;

    if (member == GW_SET_COUNT)
        return gw_fail(err, GW_EINPUT, where, "set.%.40s: no decision sets that", name);
    rc = member_check(member, text, err);
    if (rc == GW_OK && member_rules[member].form == FORM_EVIDENCE && !split_evidence(arena, text, &decision->with))
        rc = gw_fail(err, GW_EINPUT, where, "set.%s: write endpoint|type|id|part", name);
    if (rc != GW_OK)
        return rc;
    decision->set[member] = gw_arena_copy(arena, text, strlen(text));
    return decision->set[member] ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for a decision");
}

/* ---- the whole ---- */

static char match_letter(const struct gw_decision_match *match)
{
    return match->fingerprint ? 'F' : match->id ? 'E' : match->subject ? 'S' : 'N';
}

static enum gw_status check_match(const struct gw_decision *d, struct gw_error *err)
{
    const struct gw_decision_match *match = &d->match;
    const struct kind_rule *rule = &kind_rules[d->kind];
    const bool evidence = match->endpoint || match->type || match->id || match->part;

    if (match->fingerprint && (match->subject || evidence))
        return gw_fail(err, GW_EINPUT, where, "match: name a fingerprint or a subject's evidence, not both");
    if (evidence && !(match->subject && match->endpoint && match->type && match->id))
        return gw_fail(err, GW_EINPUT, where, "match: evidence needs subject, endpoint, type and id");
    if (d->kind == GW_DECIDE_UNDO || d->kind == GW_DECIDE_APPROVE)
        return GW_OK; /* of whom the other decision is about, or nobody */
    if (!strchr(rule->matches, match_letter(match)))
        return gw_fail(err, GW_EINPUT, where, "match: a decision of kind %s is about %s", rule->name,
                       strcmp(rule->matches, "S") == 0    ? "a subject"
                       : strcmp(rule->matches, "E") == 0  ? "one resource of a subject"
                       : strcmp(rule->matches, "FE") == 0 ? "a cause or one resource of a subject"
                       : strcmp(rule->matches, "ES") == 0 ? "one resource of a subject, or the subject"
                       : strcmp(rule->matches, "FS") == 0 ? "a cause, or one row of a subject"
                                                          : "nothing but its scope");
    return GW_OK;
}

static enum gw_status check_set(const struct gw_decision *d, struct gw_error *err)
{
    const struct kind_rule *rule = &kind_rules[d->kind];
    int chosen = 0;

    for (int m = 0; m < GW_SET_COUNT; m++) {
        const char *name = member_rules[m].name;
        const bool one = sheet_list_has(rule->one_of, '|', name), need = sheet_list_has(rule->needs, '|', name);

        if (!d->set[m] && need)
            return gw_fail(err, GW_EINPUT, where, "set.%s: is missing, kind %s needs it", name, rule->name);
        if (!d->set[m])
            continue;
        if (!one && !need && !sheet_list_has(rule->takes, '|', name))
            return gw_fail(err, GW_EINPUT, where, "set.%s: is none of kind %s, which sets one of %s", name, rule->name,
                           *rule->one_of ? rule->one_of : "nothing");
        chosen += one;
    }
    if (chosen != (*rule->one_of ? 1 : 0))
        return gw_fail(err, GW_EINPUT, where, "set: kind %s sets exactly one of %s", rule->name, rule->one_of);
    return GW_OK;
}

static bool is_scope(const char *scope)
{
    static const char *const kinds[] = {"endpoint:", "site:", "study:"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(scope, kinds[i], strlen(kinds[i])) == 0)
            return scope[strlen(kinds[i])] != '\0';
    return false;
}

/* What the lists cannot say. */
static enum gw_status check_sense(const struct gw_decision *d, struct gw_error *err)
{
    if (!is_scope(d->scope))
        return gw_fail(err, GW_EINPUT, where, "scope: write endpoint:, site: or study: and its id");
    if ((d->kind == GW_DECIDE_UNDO) != (d->undoes != 0) || d->undoes >= d->n)
        return gw_fail(err, GW_EINPUT, where, "undoes: kind undo, and no other, names an earlier decision");
    if (d->kind == GW_DECIDE_APPROVE && d->set[GW_SET_DECISION] && strtoll(d->set[GW_SET_DECISION], NULL, 10) >= d->n)
        return gw_fail(err, GW_EINPUT, where, "set.decision: name an earlier decision");
    if (d->kind == GW_DECIDE_RULE && strncmp(d->scope, "endpoint:", strlen("endpoint:")) == 0)
        return gw_fail(err, GW_EINPUT, where, "scope: a rule is switched off for a site or a study");
    if (gw_same(d->set[GW_SET_ANCHOR], "D1") && d->set[GW_SET_REJECT])
        return gw_fail(err, GW_EINPUT, where, "set.reject: D1 is set or confirmed, not rejected");
    if (d->set[GW_SET_ONSET] && d->set[GW_SET_END] && strcmp(d->set[GW_SET_END], d->set[GW_SET_ONSET]) < 0)
        return gw_fail(err, GW_EINPUT, where, "set.end: lies before set.onset");
    if (d->kind == GW_DECIDE_RANGE && !d->set[GW_SET_LOW] && !d->set[GW_SET_HIGH])
        return gw_fail(err, GW_EINPUT, where, "set.low: a range needs low, high or both");
    if (d->kind == GW_DECIDE_VALUE && d->set[GW_SET_VALUE] && d->match.fingerprint && !d->set[GW_SET_PHRASE])
        return gw_fail(err, GW_EINPUT, where, "set.phrase: a value for a whole cause needs the phrase it stands for");
    if (d->kind == GW_DECIDE_RESEND && d->match.subject && !(d->set[GW_SET_ROW] && d->set[GW_SET_ITEM]))
        return gw_fail(err, GW_EINPUT, where, "set.row: of a subject one row is sent again; name it, and set.item");
    return GW_OK;
}

enum gw_status gw_decision_check(const struct gw_decision *decision, struct gw_error *err)
{
    enum gw_status rc = check_sense(decision, err);

    if (rc == GW_OK)
        rc = check_match(decision, err);
    return rc == GW_OK ? check_set(decision, err) : rc;
}

bool gw_decision_wants_approval(const struct gw_decision *decision)
{
    if (decision->kind == GW_DECIDE_UNDO || decision->kind == GW_DECIDE_APPROVE)
        return false;
    return decision->match.fingerprint || decision->kind == GW_DECIDE_RULE ||
           (decision->kind == GW_DECIDE_ANCHOR && !decision->set[GW_SET_CONFIRM]);
}

static size_t name_length(const char *name)
{
    size_t length = strlen(name);

    while (length > 0 && strchr(" \t", name[length - 1]))
        length--;
    return length;
}

bool gw_decision_same_person(const char *a, const char *b)
{
    a += strspn(a, " \t");
    b += strspn(b, " \t");
    return name_length(a) == name_length(b) && strncasecmp(a, b, name_length(a)) == 0;
}

/* ---- printing ---- */

static void print_text(struct gw_text *out, const char *name, const char *text)
{
    gw_text_print(out, "\"%s\": ", name);
    gw_json_quote(out, text);
}

static void print_match(struct gw_text *out, const char *name, const struct gw_decision_match *match)
{
    const struct {
        const char *name;
        const char *text;
    } members[] = {{"fingerprint", match->fingerprint},
                   {"subject", match->subject},
                   {"endpoint", match->endpoint},
                   {"type", match->type},
                   {"id", match->id},
                   {"part", match->part}};
    const char *comma = "";

    gw_text_print(out, "\"%s\": ", name);
    if (!match->fingerprint && !match->subject && !match->id) {
        gw_text_add(out, "null");
        return;
    }
    gw_text_add(out, "{");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!members[i].text)
            continue;
        gw_text_add(out, comma);
        print_text(out, members[i].name, members[i].text);
        comma = ", ";
    }
    gw_text_add(out, "}");
}

static void print_list(struct gw_text *out, const char *list)
{
    gw_text_add(out, "[");
    for (size_t length; *list; list += length + (list[length] == ';')) {
        length = strcspn(list, ";");
        gw_text_print(out, "\"%.*s\"%s", (int)length, list, list[length] ? ", " : "");
    }
    gw_text_add(out, "]");
}

static void print_member(struct gw_text *out, const struct gw_decision *d, int member)
{
    const struct member_rule *rule = &member_rules[member];
    const char *text = d->set[member];

    switch (rule->form) {
    case FORM_EVIDENCE:
        print_match(out, rule->name, &d->with);
        return;
    case FORM_CHOICES:
        gw_text_print(out, "\"%s\": ", rule->name);
        print_list(out, text);
        return;
    case FORM_YES:
    case FORM_SWITCH:
    case FORM_GRADE:
    case FORM_COUNT:
        gw_text_print(out, "\"%s\": %s", rule->name, text);
        return;
    default:
        print_text(out, rule->name, text);
    }
}

void gw_decision_print_set(struct gw_text *out, const struct gw_decision *decision)
{
    const char *comma = "";

    gw_text_add(out, "{");
    for (int m = 0; m < GW_SET_COUNT; m++) {
        if (!decision->set[m])
            continue;
        gw_text_add(out, comma);
        print_member(out, decision, m);
        comma = ", ";
    }
    gw_text_add(out, "}");
}

void gw_decision_print(struct gw_text *out, const struct gw_decision *decision)
{
    gw_text_print(out, "{\"n\": %lld, ", (long long)decision->n);
    print_text(out, "at", decision->at);
    gw_text_add(out, ", ");
    print_text(out, "by", decision->by);
    gw_text_add(out, ", ");
    print_text(out, "reason", decision->reason);
    gw_text_print(out, ", \"kind\": \"%s\", ", kind_rules[decision->kind].name);
    print_text(out, "scope", decision->scope);
    gw_text_add(out, ", ");
    print_match(out, "match", &decision->match);
    gw_text_add(out, ", \"set\": ");
    gw_decision_print_set(out, decision);
    gw_text_add(out, ", ");
    print_text(out, "approved_by", decision->approved_by);
    if (decision->undoes)
        gw_text_print(out, ", \"undoes\": %lld}", (long long)decision->undoes);
    else
        gw_text_add(out, ", \"undoes\": null}");
}
