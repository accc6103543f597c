/*
 * The page for a vendor: Markdown that reads as plain text. What is asked of them comes first, then all that was found
 * of this endpoint. Lines of the configuration (roster, study, keys) are the hospital's own and stay out.
 */
#include <string.h>

#include "gateway/service/check.h"

static const char *const words[] = {
    [GW_CHECK_OK] = "works", [GW_CHECK_NOTE] = "note", [GW_CHECK_FAIL] = "fails", [GW_CHECK_SKIPPED] = "not tried"};

/* What belongs to this side and is of no use to the vendor. */
static bool is_ours(const struct gw_check_line *line)
{
    static const char *const names[] = {"site", "key", "profile", "roster line", "settings", "retrieval"};

    return !line->endpoint || gw_is_among(names, sizeof names / sizeof names[0], line->what);
}

/* One line, and no Markdown of anybody else's. */
static void add_plain(struct gw_text *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        const char plain = (unsigned char)*at < 0x20 || *at == 0x7F ? ' ' : *at;

        if (strchr("|`<>", plain))
            gw_text_add(out, "\\");
        gw_text_append(out, &plain, 1);
    }
}

static bool concerns(const struct gw_check_line *line, const struct gw_config_endpoint *endpoint)
{
    return !is_ours(line) && gw_same(line->endpoint, endpoint->id);
}

static void add_request(struct gw_text *out, size_t number, const struct gw_check_line *line)
{
    gw_text_print(out, "%zu. Please see to: ", number);
    add_plain(out, line->ask);
    gw_text_add(out, ".\n   Found (");
    add_plain(out, line->what);
    gw_text_add(out, "): ");
    add_plain(out, line->text);
    gw_text_add(out, ".\n");
    if (!line->means)
        return;
    gw_text_add(out, "   For the study: ");
    add_plain(out, line->means);
    gw_text_add(out, ".\n");
}

static void add_requests(const struct gw_config_endpoint *endpoint, const struct gw_check_line *lines, size_t count,
                         struct gw_text *out)
{
    size_t asked = 0;

    gw_text_add(out, "\n## What we ask of you\n\n");
    for (int fails = 1; fails >= 0; fails--)
        for (size_t i = 0; i < count; i++)
            if (concerns(&lines[i], endpoint) && lines[i].ask && (lines[i].verdict == GW_CHECK_FAIL) == fails)
                add_request(out, ++asked, &lines[i]);
    if (asked == 0)
        gw_text_add(out, "Nothing: all that was tried works as the study needs it.\n");
}

static void add_findings(const struct gw_config_endpoint *endpoint, const struct gw_check_line *lines, size_t count,
                         struct gw_text *out)
{
    gw_text_add(out, "\n## All that was tried\n\n| | | |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        if (!concerns(&lines[i], endpoint))
            continue;
        gw_text_print(out, "| %s | ", words[lines[i].verdict]);
        add_plain(out, lines[i].what);
        gw_text_add(out, " | ");
        add_plain(out, lines[i].text);
        gw_text_add(out, " |\n");
    }
}

void gw_check_report(const struct gw_config_endpoint *endpoint, const char *today, const struct gw_check_line *lines,
                     size_t count, struct gw_text *out)
{
    gw_text_print(out, "# FHIR interface check: %s\n\nAddress: ", endpoint->id);
    add_plain(out, endpoint->base);
    gw_text_print(
        out,
        "\nDate: %s\nBy: casement %s, a gateway that reads data of patients who take part in a study\n\n"
        "The interface was asked a few dozen questions about one patient, spaced in time. This page holds no\n"
        "patient data, no record numbers and no secrets.\n",
        today, GATEWAY_VERSION);
    add_requests(endpoint, lines, count, out);
    add_findings(endpoint, lines, count, out);
}
