/*
 * The ledger equation at every commit of every ledger of this process, counted from the tables by somebody else: a
 * connection beside looks, as the next commit is about to be made, at what the one before it left.
 *
 *      every_commit_watch();            before the first ledger opens
 *      ... the work ...
 *      every_commit_expect(path, 100);  of this ledger the last one too; at least so many were looked at since
 */
#ifndef SUPPORT_EVERY_COMMIT_H
#define SUPPORT_EVERY_COMMIT_H

#include <stddef.h>

void every_commit_watch(void);
void every_commit_expect(const char *ledger, size_t least);

#endif
