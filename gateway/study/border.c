/*
 * What crosses the border, by its form.
 */
#include "study/border.h"

#include <string.h>
#include <strings.h>

#include "study/units.h"

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

enum { MOST_CODE = 32, MOST_SYSTEM = 255, MOST_SIGNS = 3, MOST_NUMBER = 64 };

/* All of it is of these characters, and it is not longer. */
static const char *made_of(const char *text, const char *allowed, size_t most)
{
    const size_t length = text ? strspn(text, allowed) : 0;

    return length > 0 && length <= most && text[length] == '\0' ? text : NULL;
}

const char *border_code(const char *code)
{
    return made_of(code, LETTERS DIGITS "-._+:/#", MOST_CODE);
}

const char *border_system(const char *system)
{
    const size_t scheme = system ? strspn(system, LETTERS DIGITS "+-.") : 0;

    return scheme > 0 && system[scheme] == ':' ? made_of(system, LETTERS DIGITS ":/?#[]@!$&'()*+,;=-._~%", MOST_SYSTEM)
                                               : NULL;
}

/* Those of HL7's ObservationInterpretation, v3 and v2, and the words for them; laboratories leave the system out. */
const char *border_mark(const char *code)
{
    static const char *const marks[] = {
        "A",  "AA",   "AC",  "B",      "CAR",      "Carrier",  "D",        "DET",      "E",   "EX",  "EXP",
        "H",  "HH",   "HM",  "HU",     "HX",       "I",        "IE",       "IND",      "L",   "LL",  "LU",
        "LX", "MS",   "N",   "NCL",    "ND",       "NEG",      "NR",       "NS",       "OBX", "POS", "QCF",
        "R",  "RR",   "S",   "SDD",    "SYN-R",    "SYN-S",    "TOX",      "U",        "UNE", "VS",  "W",
        "WR", "high", "low", "normal", "abnormal", "critical", "negative", "positive",
    };

    for (size_t i = 0; code && i < sizeof marks / sizeof *marks; i++)
        if (strcasecmp(code, marks[i]) == 0)
            return code;
    return made_of(code, "<>=+-*!?^", MOST_SIGNS);
}

const char *border_number(const char *text)
{
    const char *number = text;

    if (!text)
        return NULL;
    number += strspn(number, "<>=");
    number += strspn(number, " ");
    return made_of(number, DIGITS "+-.,eE", MOST_NUMBER) && number[strcspn(number, DIGITS)] ? text : NULL;
}

const char *border_first_code(const struct gw_concept *concepts, size_t count)
{
    const char *code = NULL;

    for (size_t i = 0; !code && i < count; i++)
        code = border_code(concepts[i].count ? concepts[i].codings[0].code : NULL);
    return code;
}

const char *border_value(const struct gw_observed *observed)
{
    if (observed->kind == GW_VALUE_QUANTITY)
        return border_number(observed->quantity.value);
    if (observed->kind == GW_VALUE_CONCEPT)
        return border_first_code(&observed->concept, 1);
    return border_number(observed->string);
}

const char *border_unit(const struct engine *e, const struct gw_lab *lab, const struct gw_quantity *quantity)
{
    if (unit_known(e->in->tables, e->in->site, lab, quantity->code))
        return quantity->code;
    return unit_known(e->in->tables, e->in->site, lab, quantity->unit) ? quantity->unit : NULL;
}
