/*
 * A subject of which one record is told in other words, each in turn: what must hold whatever it says. The derivation
 * ends well, every row has its lineage, every held part its question, and the order of the records makes no difference.
 */
#ifndef SUPPORT_VARY_SUBJECT_H
#define SUPPORT_VARY_SUBJECT_H

#include "support/subject.h"

/* Every record of it by every change of vary_records; how many there were. The subject is as before. */
size_t vary_subject(struct subject *s);

/*
 * Fail unless all that holds of its derivation; what costs is looked at now and then, by the number of this variation.
 * what: in the message. s->derived is what was delivered before.
 */
void vary_check(struct subject *s, const char *what, size_t number);

#endif
