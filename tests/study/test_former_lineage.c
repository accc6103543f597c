/*
 * A study database whose provenance an older release wrote, with the plain SHA-256, the versionId and the instant of
 * each source: it is put in order by the next pass, once, and nobody is told of a correction that there was not.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/study/seal.h"
#include "study/lineage.h"
#include "support/subject.h"

#define WBC "6690-2" /* leukocytes: in both grids, and evidence of no event of the study */

static struct subject s;
static struct gw_rows delivered; /* what stands in the study database */
static struct gw_difference difference;
static struct gw_signed_rows signatures[1];

static void add_version(const char *version, const char *value)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Observation','id':'v','meta':{'versionId':'%s','lastUpdated':'2024-02-15T23:30:00Z'},"
                "'status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" WBC "'}]},'effectiveDateTime':'2024-02-14',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'10*9/L'}}",
                version, value);
    s.facts[s.count - 1].delivery = s.delivery;
}

static void deliver(void)
{
    struct gw_error err;

    subject_derive(&s);
    cr_assert(gw_identify_derived(&s.arena, &delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_history(&delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_difference(&s.arena, &delivered, &s.derived.rows, &difference, &err) == GW_OK);
    delivered = s.derived.rows;
}

static size_t plain_lines(void)
{
    const struct gw_row_list *lines = &delivered.tables[GW_TABLE_provenance];
    size_t plain = 0;

    for (size_t i = 0; i < lines->count; i++)
        plain += lineage_is_plain((const struct gw_row_provenance *)lines->rows[i]);
    return plain;
}

static void write_plainly(struct gw_row_provenance *line)
{
    for (size_t i = 0; i < s.count; i++) {
        if (!gw_same(line->content_sha256, lineage_content(s.derived.engine, i)))
            continue;
        char *digest = gw_arena_alloc(&s.arena, 2 * GW_SHA256_BYTES + 1);

        gw_hex(s.facts[i].sha256, GW_SHA256_BYTES, digest);
        line->content_sha256 = digest;
        line->version_id = s.facts[i].version_id;
        line->last_updated = s.facts[i].last_updated;
        return;
    }
}

/* As the release before wrote it. */
static void age(void)
{
    const struct gw_row_list *lines = &delivered.tables[GW_TABLE_provenance];

    for (size_t i = 0; i < lines->count; i++)
        write_plainly((struct gw_row_provenance *)lines->rows[i]);
    cr_assert(gt(sz, plain_lines(), 2));
}

static void start(void)
{
    subject_init(&s);
    s.signatures = signatures;
    delivered = (struct gw_rows){0};
    subject_add_monthly_visits(&s, 3);
    add_version("1", "5.1");
    deliver();
    age();
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(former_lineage, .init = start, .fini = stop);

Test(former_lineage, is_put_in_order_once_though_nothing_else_changed)
{
    const size_t plain = plain_lines();

    deliver();
    cr_expect(eq(sz, difference.count, plain), "each such line, and no other row");
    for (size_t i = 0; i < difference.count; i++) {
        cr_expect(eq(int, difference.changes[i].table, GW_TABLE_provenance));
        cr_expect(eq(int, difference.changes[i].kind, GW_CHANGE_UPDATE));
    }
    cr_expect(eq(sz, plain_lines(), 0));
    cr_expect(eq(sz, subject_items(&s, "CORRECTION_AFTER_PUSH"), 0));
    deliver();
    cr_expect(eq(sz, difference.count, 0), "once");
}

static size_t changed_observations(void)
{
    size_t count = 0;

    for (size_t i = 0; i < difference.count; i++)
        count += difference.changes[i].table == GW_TABLE_observations;
    return count;
}

Test(former_lineage, is_known_as_that_of_the_version_it_names)
{
    const struct gw_row_observations *row = subject_observation(&s, "v", "T30-01");

    ((struct gw_row_observations *)row)->source_unit = "g/L"; /* the release before took it for another */
    deliver();
    cr_expect(eq(sz, changed_observations(), 1));
    cr_expect(eq(sz, subject_items(&s, "CORRECTION_AFTER_PUSH"), 0), "the source is what it was: nobody corrected it");
}

Test(former_lineage, tells_a_correction_as_ever)
{
    add_version("2", "5.2");
    deliver();
    cr_expect(eq(sz, subject_items(&s, "CORRECTION_AFTER_PUSH"), 1));
    cr_expect(eq(sz, plain_lines(), 0));
}

Test(former_lineage, is_put_in_order_where_a_signed_row_stands_and_nothing_else_of_it)
{
    const struct gw_row_provenance *line = NULL;
    char seal[GW_SEAL_BYTES];
    struct gw_error err;
    size_t rows;

    cr_assert(gw_window_seal(&delivered, "T30-01", seal, &rows, &err) == GW_OK);
    signatures[0] = (struct gw_signed_rows){
        subject_decide(&s, "sign", "", gw_arena_print(&s.arena, "{'window':'T30-01','revision':1,'seal':'%s'}", seal)),
        delivered};
    s.signature_count = 1;
    add_version("2", "5.2");
    deliver();
    cr_assert(eq(sz, subject_items(&s, "SIGNED_CHANGED"), 1));
    for (size_t i = 0; i < delivered.tables[GW_TABLE_provenance].count; i++) {
        const struct gw_row_provenance *each =
            (const struct gw_row_provenance *)delivered.tables[GW_TABLE_provenance].rows[i];

        if (gw_same(each->role, "value") && strstr(each->of_row, "@T30-01") &&
            lineage_is_of(s.derived.engine, s.count - 2, each->content_sha256))
            line = each;
    }
    cr_expect(eq(sz, plain_lines(), 0));
    cr_assert(line != NULL, "the version that was signed");
    expect_text("day", line->last_updated, "2024-02-16");
    cr_expect(line->version_id && line->version_id[0] == 'v' && strlen(line->version_id) == 21);
    deliver();
    cr_expect(eq(sz, difference.count, 0));
}
