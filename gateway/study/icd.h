/*
 * Codes of the International Classification of Diseases as they are compared. Private to the study room.
 */
#ifndef STUDY_ICD_H
#define STUDY_ICD_H

#include <stdbool.h>

#define ICD_MAX_CODE 24

/* ICD-10, its clinical (CM) or its German modification. */
bool icd_is_system(const char *system);

/*
 * The part of a code that is compared: of an ICD code without its dot, in capitals, without the marks of the German
 * modification (+ * !); of any other as it is. False for what cannot be a code.
 */
bool icd_normalise(const char *code, bool icd, char out[ICD_MAX_CODE]);

#endif
