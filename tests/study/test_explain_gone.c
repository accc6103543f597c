/*
 * What became of a row that was delivered: the record it stood on was refused since, or is no longer kept.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/explained.h"

static struct subject s;
static struct gw_rows delivered;
static struct explained e;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "0.4");
    subject_derive(&s);
    delivered = s.derived.rows;
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(explain_gone, .init = start, .fini = stop);

static void explain(const char *row_id)
{
    explained_derive(&e, &s);
    e.in.delivered = &delivered;
    explained_row(&e, row_id);
}

static void expect_sentence(const char *sentence)
{
    cr_expect(explained_says(&e, sentence), "%s: told\n%s", sentence, explained_sentences(&e));
}

static const struct gw_row *row_of_value(void)
{
    for (size_t i = 0; i < delivered.tables[GW_TABLE_observations].count; i++) {
        const struct gw_row *const row = delivered.tables[GW_TABLE_observations].rows[i];

        if (strcmp(((const struct gw_row_observations *)row)->window_id, "T30-01") == 0)
            return row;
    }
    cr_assert(false, "the value was not delivered");
    return NULL;
}

Test(explain_gone, says_that_the_record_was_refused)
{
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'cancelled-by-nobody','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'coding':[{'system':'http://loinc.org','code':"
                    "'751-8'}]},'effectiveDateTime':'2024-02-14','valueQuantity':{'value':0.4,'unit':'10*9/L'}}");
    s.facts[s.count - 1].delivery = 1;
    explain(row_of_value()->row_id);
    expect_text("answer", e.told.answer, "TO_BE_WITHDRAWN");
    expect_sentence("Observation/v version 2 of madrid is now held, STATUS_UNKNOWN.");
}

Test(explain_gone, says_that_the_record_was_withdrawn)
{
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'text':'gone'}}");
    s.facts[s.count - 1].delivery = 1;
    explain(row_of_value()->row_id);
    expect_text("answer", e.told.answer, "TO_BE_WITHDRAWN");
    expect_sentence("Observation/v version 2 of madrid is now retracted.");
}

Test(explain_gone, says_that_the_bytes_are_gone)
{
    const struct gw_row *const row = row_of_value();
    const struct gw_row_list *const lines = &delivered.tables[GW_TABLE_provenance];
    const char *hash = NULL;

    for (size_t i = 0; i < lines->count && !hash; i++) {
        const struct gw_row_provenance *const line = (const struct gw_row_provenance *)lines->rows[i];

        if (strcmp(line->of_row, row->row_id) == 0 && strcmp(line->role, "value") == 0)
            hash = line->source_hash;
    }
    cr_assert(hash != NULL);
    s.count--; /* the value, added last */
    explain(row->row_id);
    expect_sentence(
        gw_arena_print(&s.arena, "The value came from Observation %s, whose bytes are no longer in the ledger.", hash));
}

/* The subject died before the window: nothing is left of it, so that it tells neither state nor contact. */
Test(explain_gone, says_nothing_of_a_window_that_is_no_more)
{
    subject_add(&s, "{'resourceType':'Patient','id':'p1','deceasedDateTime':'2024-01-20'}");
    explain("ES-001@T30-01");
    expect_text("answer", e.told.answer, "TO_BE_WITHDRAWN");
    cr_expect(not(explained_has_topic(&e, "window")));
}
