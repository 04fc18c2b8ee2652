/* The evaluation text's documents, as datasets/texts.tsv lists them; the program carries that
 * file's bytes, so an installed program checks against what it was built with. */
#ifndef ATTEST_DATASETS_TEXT_LIST_H
#define ATTEST_DATASETS_TEXT_LIST_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_PAGES = 512 };

struct text_row {
    char name[64];
    char split[16];  /* "training" or "evaluation" */
    char source[64]; /* "Debian PACKAGE VERSION" */
    char licence[64];
    char sha256[65];        /* of the document's text, lower-case hex */
    char directory[128];    /* below /usr/share/doc */
    char pages[TEXT_PAGES]; /* file names with spaces between, in reading order */
};

/* Row `index` in the file's order, which is that of names; false behind the last one. */
bool text_list_at(size_t index, struct text_row *out);

#endif
