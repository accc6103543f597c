/*
 * CDISC ODM-XML 1.3.2, one file, through libxml2's xmlTextWriter: definitions first, then subject by subject.
 *
 * Only the writer is used. Nothing here, or anywhere in Casement, reads XML: a check of the program's symbols says so.
 * A domain is an item group (and a form of its own), a variable an item; all of a subject's data are of one event,
 * since visits without a plan are a variable of the data, not of the definition.
 */
#include "sinks/folder_export.h"

#if GATEWAY_ODM

#include <stdio.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "sinks/unfit.h"

static const char where[] = "sinks.odm";

#define NAMESPACE "http://www.cdisc.org/ns/odm/v1.3"
#define EVENT     "SE.DATA"

struct odm {
    struct folder_export *x;
    xmlTextWriterPtr writer;
    bool failed;          /* a call of the writer did */
    enum gw_status taken; /* how the file took what the writer gave */
};

/* ---- writing elements ---- */

static void element(struct odm *o, const char *name)
{
    o->failed |= xmlTextWriterStartElement(o->writer, BAD_CAST name) < 0;
}

static void end(struct odm *o)
{
    o->failed |= xmlTextWriterEndElement(o->writer) < 0;
}

static void attribute(struct odm *o, const char *name, const char *value)
{
    o->failed |= xmlTextWriterWriteAttribute(o->writer, BAD_CAST name, BAD_CAST value) < 0;
}

/* prefix, then the name of a domain, then that of a variable */
static void oid(struct odm *o, const char *name, const char *prefix, const char *domain, const char *variable)
{
    char text[64];

    snprintf(text, sizeof text, "%s.%s%s%s", prefix, domain, variable ? "." : "", variable ? variable : "");
    attribute(o, name, text);
}

/* A file is known by the program and the study, however long its name is. */
static void file_oid(struct odm *o)
{
    const char *text = gw_arena_print(&o->x->arena, "casement.%s", o->x->origin.study);

    if (text)
        attribute(o, "FileOID", text);
    o->failed |= !text;
}

static void number(struct odm *o, const char *name, size_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%zu", value);
    attribute(o, name, text);
}

static void text_element(struct odm *o, const char *name, const char *text)
{
    o->failed |= xmlTextWriterWriteElement(o->writer, BAD_CAST name, BAD_CAST text) < 0;
}

static void description(struct odm *o, const char *text)
{
    element(o, "Description");
    element(o, "TranslatedText");
    attribute(o, "xml:lang", "en");
    o->failed |= xmlTextWriterWriteString(o->writer, BAD_CAST text) < 0;
    end(o);
    end(o);
}

/* The writer itself fails for want of memory alone. */
static enum gw_status check(struct odm *o)
{
    if (o->taken != GW_OK)
        return o->taken;
    return o->failed ? gw_fail(o->x->err, GW_ENOMEM, where, "%s/odm.xml: no memory to write it", o->x->folder.part)
                     : GW_OK;
}

/* ---- definitions ---- */

static void define_event(struct odm *o)
{
    element(o, "Protocol");
    element(o, "StudyEventRef");
    attribute(o, "StudyEventOID", EVENT);
    attribute(o, "Mandatory", "Yes");
    end(o);
    end(o);
    element(o, "StudyEventDef");
    attribute(o, "OID", EVENT);
    attribute(o, "Name", "Data of routine care");
    attribute(o, "Repeating", "No");
    attribute(o, "Type", "Common");
    for (int d = 0; d < SDTM_DOMAINS; d++) {
        element(o, "FormRef");
        oid(o, "FormOID", "F", sdtm_domains()[d].name, NULL);
        attribute(o, "Mandatory", "No");
        end(o);
    }
    end(o);
}

static void define_form(struct odm *o, const struct sdtm_domain *domain)
{
    element(o, "FormDef");
    oid(o, "OID", "F", domain->name, NULL);
    attribute(o, "Name", domain->label);
    attribute(o, "Repeating", "No");
    element(o, "ItemGroupRef");
    oid(o, "ItemGroupOID", "IG", domain->name, NULL);
    attribute(o, "Mandatory", "No");
    end(o);
    end(o);
}

static void define_group(struct odm *o, const struct sdtm_domain *domain)
{
    size_t order = 0;

    element(o, "ItemGroupDef");
    oid(o, "OID", "IG", domain->name, NULL);
    attribute(o, "Name", domain->name);
    attribute(o, "Repeating", "Yes");
    attribute(o, "SASDatasetName", domain->name);
    attribute(o, "Domain", domain->code);
    attribute(o, "Comment", domain->notes);
    description(o, domain->label);
    for (size_t i = 0; i < domain->count; i++) {
        const struct sdtm_variable *variable = &domain->variables[i];

        if (variable->absent)
            continue;
        element(o, "ItemRef");
        oid(o, "ItemOID", "IT", domain->name, variable->name);
        number(o, "OrderNumber", ++order);
        attribute(o, "Mandatory", "No");
        if (variable->key)
            number(o, "KeySequence", variable->key);
        end(o);
    }
    end(o);
}

static void define_item(struct odm *o, const struct sdtm_domain *domain, const struct sdtm_variable *variable)
{
    static const char *const types[] = {"text", "integer", "float"};
    struct gw_text source = GW_TEXT_INIT(512);

    define_source(variable, &source);
    element(o, "ItemDef");
    oid(o, "OID", "IT", domain->name, variable->name);
    attribute(o, "Name", variable->name);
    attribute(o, "DataType", types[variable->type]);
    if (variable->type != SDTM_DECIMAL)
        number(o, "Length", variable->type == SDTM_TEXT ? variable->length : 10);
    attribute(o, "SASFieldName", variable->name);
    if (source.length)
        attribute(o, "Origin", source.at);
    if (variable->says)
        attribute(o, "Comment", variable->says);
    description(o, variable->label);
    end(o);
    o->failed |= source.failed;
    gw_text_release(&source);
}

static void define_study(struct odm *o)
{
    const struct sdtm_domain *domains = sdtm_domains();

    element(o, "Study");
    attribute(o, "OID", o->x->origin.study);
    element(o, "GlobalVariables");
    text_element(o, "StudyName", o->x->origin.study);
    text_element(o, "StudyDescription", "Data of routine care in the windows of a study without imposed visits");
    text_element(o, "ProtocolName", o->x->origin.study);
    end(o);
    element(o, "MetaDataVersion");
    attribute(o, "OID", "MDV.1");
    attribute(o, "Name", "SDTM-shaped domains");
    define_event(o);
    for (int d = 0; d < SDTM_DOMAINS; d++)
        define_form(o, &domains[d]);
    for (int d = 0; d < SDTM_DOMAINS; d++)
        define_group(o, &domains[d]);
    for (int d = 0; d < SDTM_DOMAINS; d++)
        for (size_t i = 0; i < domains[d].count; i++)
            if (!domains[d].variables[i].absent)
                define_item(o, &domains[d], &domains[d].variables[i]);
    end(o);
    end(o);
}

/* ---- data ---- */

/* XML 1.0 has no way to write most control characters. */
static bool is_xml(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 && *text != '\t' && *text != '\n' && *text != '\r')
            return false;
    return true;
}

static enum gw_status write_record(struct odm *o, const struct sdtm_domain *domain, const char *const *record,
                                   size_t place)
{
    enum gw_status rc = GW_OK;

    element(o, "ItemGroupData");
    oid(o, "ItemGroupOID", "IG", domain->name, NULL);
    number(o, "ItemGroupRepeatKey", place);
    for (size_t i = 0; rc == GW_OK && i < domain->count; i++) {
        const struct sdtm_variable *variable = &domain->variables[i];

        if (!record[i])
            continue;
        if (!is_xml(record[i])) {
            rc = unfit_add(o->x, domain, record, variable, "a control character");
            continue;
        }
        element(o, "ItemData");
        oid(o, "ItemOID", "IT", domain->name, variable->name);
        attribute(o, "Value", record[i]);
        end(o);
    }
    end(o);
    return rc == GW_OK ? check(o) : rc;
}

static enum gw_status write_form(struct odm *o, const struct sdtm_domain *domain)
{
    struct sdtm_records records;
    enum gw_status rc = sdtm_read(&o->x->reading, domain, &records);

    if (rc != GW_OK || records.count == 0)
        return rc;
    element(o, "FormData");
    oid(o, "FormOID", "F", domain->name, NULL);
    for (size_t i = 0; rc == GW_OK && i < records.count; i++)
        rc = write_record(o, domain, records.list[i], i + 1);
    end(o);
    return rc;
}

static enum gw_status write_subject(struct odm *o)
{
    enum gw_status rc = GW_OK;

    element(o, "SubjectData");
    attribute(o, "SubjectKey", o->x->reading.subject_key);
    element(o, "StudyEventData");
    attribute(o, "StudyEventOID", EVENT);
    for (int d = 0; rc == GW_OK && d < SDTM_DOMAINS; d++)
        rc = write_form(o, &sdtm_domains()[d]);
    end(o);
    end(o);
    return rc;
}

static enum gw_status write_data(struct odm *o)
{
    enum gw_status rc;

    element(o, "ClinicalData");
    attribute(o, "StudyOID", o->x->origin.study);
    attribute(o, "MetaDataVersionOID", "MDV.1");
    while ((rc = reading_next(&o->x->reading)) == GW_OK && o->x->reading.subject_key) {
        rc = write_subject(o);
        if (rc != GW_OK)
            return rc;
    }
    end(o);
    return rc;
}

static enum gw_status write_document(struct odm *o)
{
    enum gw_status rc;

    o->failed |= xmlTextWriterSetIndent(o->writer, 1) < 0;
    o->failed |= xmlTextWriterStartDocument(o->writer, NULL, "UTF-8", NULL) < 0;
    element(o, "ODM");
    attribute(o, "xmlns", NAMESPACE);
    attribute(o, "ODMVersion", "1.3.2");
    attribute(o, "FileType", "Snapshot");
    file_oid(o);
    attribute(o, "CreationDateTime", o->x->origin.delivered ? o->x->origin.delivered : SDTM_NO_MOMENT);
    attribute(o, "SourceSystem", "Casement");
    attribute(o, "SourceSystemVersion", GATEWAY_VERSION);
    define_study(o);
    rc = write_data(o);
    if (rc != GW_OK)
        return rc;
    o->failed |= xmlTextWriterEndDocument(o->writer) < 0 || xmlTextWriterFlush(o->writer) < 0;
    return check(o);
}

/* A failure is told by check(): told to the library, it would go to standard error too, in words of its own. */
static int take_bytes(void *context, const char *bytes, int length)
{
    struct odm *o = context;

    if (o->taken == GW_OK) {
        gw_text_append(&o->x->file.text, bytes, (size_t)length);
        o->taken = text_file_flush_some(&o->x->file);
    }
    return length;
}

static enum gw_status write_all(struct folder_export *x)
{
    struct odm odm = {.x = x};
    enum gw_status rc = text_file_open(&x->file, x->folder.part, "odm.xml");
    xmlOutputBufferPtr buffer;

    if (rc != GW_OK)
        return rc;
    buffer = xmlOutputBufferCreateIO(take_bytes, NULL, &odm, NULL);
    odm.writer = buffer ? xmlNewTextWriter(buffer) : NULL;
    if (!odm.writer) {
        xmlOutputBufferClose(buffer);
        return database_no_memory(x->err);
    }
    rc = write_document(&odm);
    xmlFreeTextWriter(odm.writer); /* which sends what it still holds */
    if (rc == GW_OK)
        rc = odm.taken;
    return rc == GW_OK ? text_file_close(&x->file) : rc;
}

static const char *const files[] = {"odm.xml", "unfit.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_odm = {
    .name = "odm",
    .write = write_all,
    .kind = {.maker = "casement export --format odm", .mark = "odm.xml", .holds = files, .inner = none}};

#endif
