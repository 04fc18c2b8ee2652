/* Products: named texts that one report makes, and what becomes of them: written, compared,
 * printed. */
#ifndef ATTEST_REPORTS_PRODUCT_H
#define ATTEST_REPORTS_PRODUCT_H

#include <stddef.h>

#include "../harness/base/status.h"
#include "text.h"

struct product {
    char *name; /* file name without folder */
    struct text text;
};

/* Starts as {0}. */
struct products {
    struct product *items;
    size_t count, capacity;
};

/* Adds an empty text under that name; *text stays valid until the next call.
 * ST_USAGE: the name is taken (two records with one file name); ST_SYSTEM: memory. */
enum status product_add(struct products *p, struct text **text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void products_free(struct products *p);

/* Writes each as a file in folder, which is made if absent; a file is replaced as a whole.
 * ST_SYSTEM names the file. */
enum status products_write(const struct products *p, const char *folder);

/* Compares each with the file in folder.  ST_CHECK names the first that is missing or differs. */
enum status products_compare(const struct products *p, const char *folder);

#endif
