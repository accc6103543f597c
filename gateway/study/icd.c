/*
 * What of a code is compared. Source: mappings/RULES.md 6.
 */
#include "study/icd.h"

#include <ctype.h>
#include <string.h>

#include "gateway/core/text.h"
#include "gateway/fhir/fact.h"

bool icd_is_system(const char *system)
{
    return gw_same(system, GW_SYSTEM_ICD10) || gw_same(system, GW_SYSTEM_ICD10_CM) ||
           gw_same(system, GW_SYSTEM_ICD10_GM);
}

bool icd_normalise(const char *code, bool icd, char out[ICD_MAX_CODE])
{
    size_t length = 0;

    for (; *code; code++) {
        if (icd && strchr(".+*!", *code))
            continue;
        if (length + 1 >= ICD_MAX_CODE)
            return false;
        out[length++] = icd ? (char)toupper((unsigned char)*code) : *code;
    }
    out[length] = '\0';
    return length > 0;
}
