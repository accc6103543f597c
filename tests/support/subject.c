#include "support/subject.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "support/chance.h"
#include "support/lineage.h"

gw_day subject_day(const char *text)
{
    gw_day day = GW_NO_DAY;

    cr_assert(gw_day_parse(text, &day), "%s", text);
    return day;
}

void subject_init_at(struct subject *s, const char *study, const char *site)
{
    struct gw_error err;
    char path[512];

    memset(s, 0, sizeof *s);
    s->arena = (struct gw_arena)GW_ARENA_INIT(256u << 20);
    snprintf(path, sizeof path, SOURCE_DIR "/mappings/studies/%s", study);
    cr_assert(gw_study_load(&s->arena, path, &s->study, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_tables_load_for(&s->arena, SOURCE_DIR "/mappings/common", s->study, &s->tables, &err) == GW_OK, "%s",
              err.text);
    cr_assert(gw_rules_load(&s->arena, SOURCE_DIR "/mappings/common", &s->rules, &err) == GW_OK, "%s", err.text);
    snprintf(path, sizeof path, SOURCE_DIR "/mappings/sites/%s.json", site);
    cr_assert(gw_site_load(&s->arena, path, s->tables, &s->site, &err) == GW_OK, "%s", err.text);
    s->line = (struct gw_roster_line){.site = site,
                                      .study = study,
                                      .patient = "p1",
                                      .subject = "ES-001",
                                      .recruited = GW_NO_DAY,
                                      .end_of_treatment = GW_NO_DAY,
                                      .withdrawn = GW_NO_DAY,
                                      .first_dose = subject_day("2024-01-15")};
    s->key = gw_hmac_new("a key of the tests, made up by us", 33);
    s->horizon = subject_day("2024-12-31");
}

void subject_set_profile(struct subject *s, struct scratch *scratch, const char *json)
{
    const char *name = gw_arena_print(&s->arena, "%s.json", gw_site_id(s->site));
    struct gw_error err;

    gw_site_close(s->site);
    cr_assert(gw_site_load(&s->arena, scratch_write(scratch, name, json), s->tables, &s->site, &err) == GW_OK, "%s",
              err.text);
}

void subject_init(struct subject *s)
{
    subject_init_at(s, "lendex-rrmm", "madrid");
}

void subject_release(struct subject *s)
{
    gw_hmac_free(s->key);
    gw_site_close(s->site);
    gw_arena_release(&s->arena);
}

bool subject_replace(struct subject *s, size_t fact, const char *json)
{
    struct gw_fact *slot = &s->facts[fact];
    const cJSON *tree = NULL;
    struct gw_error err;

    if (gw_json_parse(&s->arena, json, strlen(json), NULL, &tree, NULL, &err) != GW_OK ||
        gw_fact_read(&s->arena, tree, slot, &err) != GW_OK)
        return false;
    slot->endpoint = gw_site_id(s->site);
    slot->source = "test";
    slot->delivery = s->delivery;
    gw_sha256(json, strlen(json), slot->sha256);
    s->texts[fact] = json;
    return true;
}

void subject_add(struct subject *s, const char *json, ...)
{
    char text[8192];
    va_list args;
    char *kept;
    int length;

    va_start(args, json);
    length = vsnprintf(text, sizeof text, json, args);
    va_end(args);
    cr_assert(length > 0 && (size_t)length < sizeof text && s->count < SUBJECT_MAX_FACTS);
    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    kept = gw_arena_copy(&s->arena, text, (size_t)length);
    cr_assert(kept && subject_replace(s, s->count, kept), "%s", text);
    s->count++;
}

void subject_add_lab(struct subject *s, const char *id, const char *loinc, const char *effective, const char *value)
{
    subject_add(s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'unit':'10*9/L','system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'referenceRange':[{'low':{'value':1.5,'unit':'10*9/L','system':'http://unitsofmeasure.org',"
                "'code':'10*9/L'},'high':{'value':7.5,'unit':'10*9/L','system':'http://unitsofmeasure.org',"
                "'code':'10*9/L'}}]}",
                id, loinc, effective, value);
}

void subject_add_value(struct subject *s, const char *id, const char *loinc, const char *effective, const char *value,
                       const char *unit)
{
    const size_t sign = strspn(value, "<>=");
    const char *comparator = sign > 0 ? gw_arena_print(&s->arena, "'comparator':'%.*s',", (int)sign, value) : "";

    subject_add(s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{%s'value':%s,'unit':'%s','system':'http://unitsofmeasure.org','code':'%s'}}",
                id, loinc, effective, comparator, value + sign, unit, unit);
}

void subject_add_condition_as(struct subject *s, const char *id, const char *verification, const char *code,
                              const char *onset, const char *end)
{
    const char *abated = end ? gw_arena_print(&s->arena, "'abatementDateTime':'%s',", end) : "";

    subject_add(s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},"
                "'verificationStatus':{'coding':[{'code':'%s'}]},'onsetDateTime':'%s',%s"
                "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'%s'}]}}",
                id, verification, onset, abated, code);
}

void subject_add_condition(struct subject *s, const char *id, const char *code, const char *onset, const char *end)
{
    subject_add_condition_as(s, id, "confirmed", code, onset, end);
}

void subject_add_drug(struct subject *s, const char *type, const char *id, const char *atc, const char *members)
{
    subject_add(s,
                "{'resourceType':'%s','id':'%s','status':'completed','subject':{'reference':'Patient/p1'},"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'%s'}]},%s}",
                type, id, atc, members);
}

void subject_add_patient(struct subject *s, const char *gender, const char *born)
{
    subject_add(s, "{'resourceType':'Patient','id':'p1','gender':'%s','birthDate':'%s'}", gender, born);
}

void subject_add_visit(struct subject *s, const char *id, const char *day)
{
    subject_add(s,
                "{'resourceType':'Encounter','id':'%s','status':'finished','class':{'code':'AMB'},"
                "'subject':{'reference':'Patient/p1'},'period':{'start':'%s','end':'%s'}}",
                id, day, day);
}

const char *subject_day_text(struct subject *s, gw_day day)
{
    char text[11];

    gw_day_print(day, text);
    return gw_arena_copy(&s->arena, text, strlen(text));
}

const char *subject_date(struct subject *s, int days)
{
    return subject_day_text(s, s->line.first_dose + days);
}

void subject_add_visit_after(struct subject *s, int days)
{
    subject_add_visit(s, gw_arena_print(&s->arena, "v%d", days), subject_date(s, days));
}

void subject_add_visits(struct subject *s, int visits)
{
    for (int k = 1; k <= visits; k++)
        subject_add_visit(s, gw_arena_print(&s->arena, "e%d", k), subject_date(s, 30 * k));
}

void subject_add_monthly_visits(struct subject *s, int visits)
{
    subject_add_patient(s, "male", "1950-03-01");
    subject_add_visits(s, visits);
    subject_add_lab(s, "base", "751-8", "2024-01-15", "3.0");
}

static enum gw_status read_decision(struct subject *s, const char *json, struct gw_error *err)
{
    char *text = gw_arena_copy(&s->arena, json, strlen(json));
    enum gw_status rc;

    cr_assert(text && s->decision_count < SUBJECT_MAX_DECISIONS);
    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    rc = gw_decision_read(&s->arena, (struct gw_slice){text, strlen(text)}, &s->decisions[s->decision_count], err);
    s->decision_count += rc == GW_OK;
    return rc;
}

const struct gw_decision *subject_decide_json(struct subject *s, const char *json)
{
    struct gw_error err;

    cr_assert(read_decision(s, json, &err) == GW_OK, "%s: %s", err.text, json);
    return &s->decisions[s->decision_count - 1];
}

static const char *match_json(struct subject *s, const char *match)
{
    const char *slash = strchr(match, '/'), *mark = strchr(match, '#');
    const int type = (int)(slash ? slash - match : 0);

    if (strchr(match, '|'))
        return gw_arena_print(&s->arena, "{'fingerprint':'%s'}", match);
    if (!slash)
        return gw_arena_print(&s->arena, "{'subject':'%s'}", s->line.subject);
    return gw_arena_print(&s->arena, "{'subject':'%s','endpoint':'%s','type':'%.*s','id':'%.*s','part':'%s'}",
                          s->line.subject, gw_site_id(s->site), type, match,
                          (int)(mark ? mark - slash - 1 : (long)strlen(slash + 1)), slash + 1, mark ? mark + 1 : "");
}

static const char *decision_json(struct subject *s, const char *kind, const char *match, const char *set)
{
    const bool cause = strchr(match, '|');

    return gw_arena_print(
        &s->arena,
        "{'n':%zu,'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'as told','kind':'%s','scope':'%s:%s','match':%s,"
        "'set':%s,'approved_by':'dm2'}",
        s->decision_count + 1, kind, cause ? "site" : "study", cause ? gw_site_id(s->site) : s->study->id,
        match_json(s, match), set);
}

int64_t subject_decide(struct subject *s, const char *kind, const char *match, const char *set)
{
    return subject_decide_json(s, decision_json(s, kind, match, set))->n;
}

bool subject_may_decide(struct subject *s, const char *kind, const char *match, const char *set)
{
    struct gw_error err;

    return read_decision(s, decision_json(s, kind, match, set), &err) == GW_OK;
}

const char *subject_rules(struct subject *s, const char *row_id)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_provenance];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *row = (const struct gw_row_provenance *)list->rows[i];

        if (gw_same(row->of_row, row_id) && row->rule_ids)
            return row->rule_ids;
    }
    return "";
}

static void swap_facts(struct subject *s, size_t i, size_t j)
{
    const struct gw_fact fact = s->facts[i];

    s->facts[i] = s->facts[j];
    s->facts[j] = fact;
}

void subject_turn(struct subject *s)
{
    for (size_t i = 0; i < s->count / 2; i++)
        swap_facts(s, i, s->count - 1 - i);
}

void subject_shuffle(struct subject *s, uint64_t *seed)
{
    for (size_t i = s->count - 1; i > 0; i--)
        swap_facts(s, i, chance_next(seed) % (i + 1));
}

struct gw_subject_input subject_input(const struct subject *s)
{
    return (struct gw_subject_input){.study = s->study,
                                     .tables = s->tables,
                                     .rules = &s->rules,
                                     .site = s->site,
                                     .roster = &s->line,
                                     .facts = s->facts,
                                     .fact_count = s->count,
                                     .decisions = s->decisions,
                                     .decision_count = s->decision_count,
                                     .author_approves = s->author_approves,
                                     .refusals = s->refusals,
                                     .refusal_count = s->refusal_count,
                                     .signatures = s->signatures,
                                     .signature_count = s->signature_count,
                                     .horizon = s->horizon,
                                     .key = s->key};
}

void subject_derive(struct subject *s)
{
    const struct gw_subject_input input = subject_input(s);
    struct gw_error err;

    cr_assert(gw_derive(&s->arena, &input, &s->derived, &err) == GW_OK, "%s", err.text);
    lineage_check(&s->derived.rows, &s->rules);
}

static size_t newest(const struct subject *s, const char *id)
{
    size_t found = SUBJECT_MAX_FACTS;

    for (size_t i = 0; i < s->count; i++)
        if (gw_same(s->facts[i].id, id))
            found = i;
    cr_assert(found < SUBJECT_MAX_FACTS, "no resource %s", id);
    return found;
}

const char *subject_state_of(struct subject *s, const char *id, int part)
{
    const size_t fact = newest(s, id);

    for (size_t i = 0; i < s->derived.part_count; i++) {
        const struct gw_part_state *p = &s->derived.parts[i];

        if (p->fact == fact && p->part == part)
            return *p->reason ? gw_arena_print(&s->arena, "%s %s", gw_state_name(p->state), p->reason)
                              : gw_state_name(p->state);
    }
    return "no such part";
}

const char *subject_state(struct subject *s, const char *id)
{
    return subject_state_of(s, id, 0);
}

void subject_expect_part(struct subject *s, const char *id, int part, const char *state)
{
    const char *got = subject_state_of(s, id, part);

    cr_expect(strcmp(got, state) == 0, "%s[%d] is %s, wanted %s", id, part, got, state);
}

void subject_expect(struct subject *s, const char *id, const char *state)
{
    subject_expect_part(s, id, 0, state);
}

static const char *row_ids_of(struct subject *s, const char *id)
{
    const size_t fact = newest(s, id);

    for (size_t i = 0; i < s->derived.part_count; i++)
        if (s->derived.parts[i].fact == fact)
            return s->derived.parts[i].rows;
    return "";
}

const struct gw_row_observations *subject_observation(struct subject *s, const char *id, const char *window)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_observations];
    const char *ids = row_ids_of(s, id);

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (gw_same(row->window_id, window) && strstr(ids, row->row_id))
            return row;
    }
    return NULL;
}

const struct gw_row_windows *subject_window(struct subject *s, const char *window)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_windows *row = (const struct gw_row_windows *)list->rows[i];

        if (gw_same(row->window_id, window))
            return row;
    }
    return NULL;
}

const struct gw_row_ae_episodes *subject_episode(struct subject *s, size_t index)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_ae_episodes];

    return index < list->count ? (const struct gw_row_ae_episodes *)list->rows[index] : NULL;
}

size_t subject_count(const struct subject *s, enum gw_table_id table)
{
    return s->derived.rows.tables[table].count;
}

const struct gw_row_subjects *subject_row(const struct subject *s)
{
    cr_assert(subject_count(s, GW_TABLE_subjects) == 1);
    return (const struct gw_row_subjects *)s->derived.rows.tables[GW_TABLE_subjects].rows[0];
}

const struct gw_row_ae_episodes *subject_episode_of(struct subject *s, const char *category)
{
    for (size_t i = 0; subject_episode(s, i); i++)
        if (gw_same(subject_episode(s, i)->category, category))
            return subject_episode(s, i);
    cr_assert_fail("no event of %s", category);
    return NULL;
}

const struct gw_item *subject_item(struct subject *s, const char *code)
{
    for (size_t i = 0; i < s->derived.item_count; i++)
        if (gw_same(s->derived.items[i].code, code))
            return &s->derived.items[i];
    return NULL;
}

size_t subject_items(struct subject *s, const char *code)
{
    size_t count = 0;

    for (size_t i = 0; i < s->derived.item_count; i++)
        count += gw_same(s->derived.items[i].code, code);
    return count;
}

void subject_expect_context(struct subject *s, const char *code, const char *part)
{
    const struct gw_item *item = subject_item(s, code);

    cr_expect(item && strstr(item->context, part) != NULL, "%s in %s", part, item ? item->context : "nothing");
}

const char *subject_item_codes(struct subject *s)
{
    const char *codes = "";

    for (size_t i = 0; i < s->derived.item_count; i++)
        codes = gw_arena_print(&s->arena, "%s%s%s", codes, *codes ? ";" : "", s->derived.items[i].code);
    return codes;
}

struct gw_study *subject_study(struct subject *s)
{
    struct gw_study *own = gw_arena_alloc(&s->arena, sizeof *own);

    cr_assert(own != NULL);
    *own = *s->study;
    s->study = own;
    return own;
}

void subject_trust_roster(struct subject *s)
{
    struct gw_study *study = subject_study(s);

    for (int r = 0; r < GW_RANK_COUNT; r++)
        study->d1_evidence[r] = r == GW_RANK_ROSTER;
}

void subject_ask(struct subject *s, const char *parameters)
{
    struct gw_study *study = subject_study(s);
    char *rest = gw_arena_copy(&s->arena, parameters, strlen(parameters)), *name;
    const char **names = gw_arena_alloc(&s->arena, (strlen(parameters) + 1) * sizeof *names);

    cr_assert(rest && names);
    study->derived = names;
    study->derived_count = 0;
    while ((name = strsep(&rest, ";")))
        names[study->derived_count++] = name;
}

const struct gw_row_derived *subject_parameter(struct subject *s, const char *name, const char *window, const char *of)
{
    const char *const parts[] = {s->line.subject, name, window, of};
    const char *id = gw_arena_join(&s->arena, '|', parts, of ? 4 : window ? 3 : 2);

    return (const struct gw_row_derived *)gw_rows_find(&s->derived.rows, GW_TABLE_derived, id);
}

void subject_expect_parameter(struct subject *s, const char *name, const char *window, const char *of,
                              const char *wanted)
{
    const struct gw_row_derived *row = subject_parameter(s, name, window, of);
    const char *got = row ? row->value ? row->value : row->text : "nothing";

    if (row && row->reason)
        got = gw_arena_print(&s->arena, "!%s", row->reason);
    cr_expect(row && !row->reason == (strcmp(row->state, "not_assessable") != 0), "%s %s: its state", name,
              window ? window : "");
    cr_expect(gw_same(got, wanted), "%s %s %s is %s, wanted %s", name, window ? window : "", of ? of : "", got, wanted);
}

void expect_text(const char *what, const char *got, const char *wanted)
{
    cr_expect(got ? strcmp(got, wanted) == 0 : *wanted == '\0', "%s is %s, wanted %s", what, got ? got : "nothing",
              wanted);
}
