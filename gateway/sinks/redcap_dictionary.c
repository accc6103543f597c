/*
 * The data dictionary of a REDCap project that takes a study's rows: a line a field, REDCap's 18 columns.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/sinks/redcap.h"
#include "sinks/redcap_fields.h"

static const char where[] = "sinks.redcap";

enum { DICTIONARY_MAX_BYTES = 1 << 20, CHOICES_MAX_BYTES = 4096 };

struct taking { /* of entries */
    void (*take)(void *ctx, const struct redcap_entry *entry);
    void *ctx;
    bool no_memory;
};

static const char header[] =
    "\"Variable / Field Name\",\"Form Name\",\"Section Header\",\"Field Type\",\"Field Label\",\"Choices, "
    "Calculations, OR Slider Labels\",\"Field Note\",\"Text Validation Type OR Show Slider Number\",\"Text Validation "
    "Min\",\"Text Validation Max\",Identifier?,\"Branching Logic (Show field only if...)\",\"Required Field?\","
    "\"Custom Alignment\",\"Question Number (surveys only)\",\"Matrix Group Name\",\"Matrix Ranking?\",\"Field "
    "Annotation\"\n";

const char *redcap_field(const struct gw_table *table, const char *column, char out[REDCAP_FIELD_BYTES])
{
    snprintf(out, REDCAP_FIELD_BYTES, "%s_%s", table->name, column);
    return out;
}

bool redcap_is_field(const struct gw_table *table, size_t column)
{
    return strcmp(table->columns[column].name, REDCAP_RECORD) != 0;
}

static void print_entry(void *ctx, const struct redcap_entry *entry)
{
    const char *const columns[18] = {entry->name, entry->form,       entry->section,
                                     entry->type, entry->label,      entry->choices,
                                     entry->note, entry->validation, [17] = entry->annotation};
    struct gw_text *out = ctx;

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        gw_csv_field(out, columns[i], i == 0, false);
    gw_csv_end(out);
}

/* Codes of choices are letters, digits and underscores; a column with another value ("-") stays a text. */
static bool has_choices(const struct gw_column *column)
{
    if (column->type == GW_COLUMN_boolean)
        return true;
    for (const char *at = column->values; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '_' && *at != '|')
            return false;
    return *column->values != '\0';
}

/* "active, active | withdrawn, withdrawn | NI, no information" */
static void print_choices(struct gw_text *out, const struct gw_column *column)
{
    const char *at = column->type == GW_COLUMN_boolean ? "Y" : column->values;

    while (*at) {
        const int length = (int)strcspn(at, "|");

        gw_text_print(out, "%.*s, %.*s | ", length, at, length, at);
        at += length + (at[length] == '|');
    }
    gw_text_add(out, REDCAP_NOTHING ", no information");
}

static const char *validation_of(const struct gw_column *column)
{
    return column->type == GW_COLUMN_integer ? "integer" : column->type == GW_COLUMN_decimal ? "number" : NULL;
}

/* "value_num" to read: "value num". */
static void print_label(struct gw_text *out, const char *name)
{
    for (; *name; name++)
        gw_text_append(out, *name == '_' ? " " : name, 1);
}

static void take_column(struct taking *taking, const struct gw_table *table, const struct gw_column *column)
{
    struct gw_text choices = GW_TEXT_INIT(CHOICES_MAX_BYTES), label = GW_TEXT_INIT(CHOICES_MAX_BYTES);
    const bool chosen = has_choices(column);
    char name[REDCAP_FIELD_BYTES];

    if (chosen)
        print_choices(&choices, column);
    print_label(&label, column->name);
    taking->no_memory |= choices.failed || label.failed;
    if (!taking->no_memory)
        taking->take(taking->ctx, &(struct redcap_entry){.name = redcap_field(table, column->name, name),
                                                         .form = table->name,
                                                         .type = chosen                           ? "dropdown"
                                                                 : column->type == GW_COLUMN_list ? "notes"
                                                                                                  : "text",
                                                         .label = label.at,
                                                         .choices = choices.at,
                                                         .validation = chosen ? NULL : validation_of(column),
                                                         .annotation = column->cdisc});
    gw_text_release(&choices);
    gw_text_release(&label);
}

static void take_table(struct taking *taking, const struct gw_table *table)
{
    char name[REDCAP_FIELD_BYTES];

    for (size_t i = 0; i < table->column_count; i++)
        if (redcap_is_field(table, i))
            take_column(taking, table, &table->columns[i]);
    taking->take(taking->ctx,
                 &(struct redcap_entry){.name = redcap_field(table, REDCAP_WRITTEN, name),
                                        .form = table->name,
                                        .type = "text",
                                        .label = "written",
                                        .note = "Digest of the row as the gateway wrote it. Leave it as it is."});
}

static void take_receipt(struct taking *taking)
{
    static const struct redcap_entry entries[] = {
        {.name = REDCAP_RECORD, .form = REDCAP_INSTRUMENT, .type = "text", .label = "subject", .annotation = "USUBJID"},
        {.name = REDCAP_STUDY, .form = REDCAP_INSTRUMENT, .type = "text", .label = "study"},
        {.name = REDCAP_SITE, .form = REDCAP_INSTRUMENT, .type = "text", .label = "installation"},
        {.name = REDCAP_REVISION,
         .form = REDCAP_INSTRUMENT,
         .type = "text",
         .label = "revision",
         .note = "Where the subject stands. Leave it as it is.",
         .validation = "integer"},
        {.name = REDCAP_REFUSALS,
         .form = REDCAP_INSTRUMENT,
         .type = "notes",
         .label = "refusals",
         .note = "Rows of this revision that were not written."},
    };

    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        taking->take(taking->ctx, &entries[i]);
}

bool redcap_entries(void (*take)(void *ctx, const struct redcap_entry *entry), void *ctx)
{
    struct taking taking = {take, ctx, false};

    take_receipt(&taking);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        take_table(&taking, gw_table_of((enum gw_table_id)t));
    return !taking.no_memory;
}

enum gw_status gw_redcap_dictionary(FILE *out, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(DICTIONARY_MAX_BYTES);
    enum gw_status rc = GW_OK;

    gw_text_add(&text, header);
    if (!redcap_entries(print_entry, &text) || text.failed)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the data dictionary");
    else if (fwrite(text.at, 1, text.length, out) != text.length || fflush(out) != 0)
        rc = gw_fail(err, GW_EIO, where, "the data dictionary cannot be written: %s", strerror(errno));
    gw_text_release(&text);
    return rc;
}
