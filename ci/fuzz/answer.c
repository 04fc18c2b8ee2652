/* What is checked of every answer. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/escape.h"
#include "../../harness/base/memory.h"
#include "fuzz.h"

unsigned long fuzz_accepted;

void fuzz_fail(const char *what) {
    fprintf(stderr, "fuzz: %s\nfuzz: the last message was \"%s\"\n", what, status_message());
    abort();
}

/* One line: no control bytes, and nothing that escape_text would change. */
static void require_line(const char *line) {
    char shown[4096];
    fuzz_require(line[0] != '\0', "a refusal without a message");
    escape_text(line, shown, sizeof shown);
    fuzz_require(strcmp(line, shown) == 0, "a message that may move a terminal's cursor");
}

static bool answer(enum status st, enum status refusal) {
    if (st == ST_OK) {
        fuzz_accepted++;
        return true;
    }
    fuzz_require(st == refusal, "a status that the reader's header does not name");
    return false;
}

bool fuzz_answer(enum status st, enum status refusal) {
    if (answer(st, refusal))
        return true;
    require_line(status_message());
    return false;
}

bool fuzz_answer_escaped(enum status st, enum status refusal) {
    char shown[4096];
    if (answer(st, refusal))
        return true;
    escape_text(status_message(), shown, sizeof shown);
    require_line(shown);
    return false;
}

bool fuzz_in_process(void) { return getenv("FUZZ_IN_PROCESS") != NULL; }

void fuzz_hdf5_closed(void) {
    fuzz_require(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0, "HDF5 objects left open");
}

void fuzz_view(const struct view *view, const void *bytes, size_t size) {
    const unsigned char *start = bytes;
    const size_t row = (size_t)view->d * element_size(view->element);
    fuzz_require(view->n > 0 && view->d > 0, "an accepted file without vectors");
    fuzz_require(view->stride >= row, "rows that overlap");
    fuzz_require(view->rows >= start && view->rows <= start + size, "rows outside the file");
    fuzz_require((size_t)view->n <= size / row, "more rows than the file can hold");
    fuzz_require(((size_t)view->n - 1) * view->stride + row <= size - (size_t)(view->rows - start),
                 "rows past the end of the file");
    struct vectors all;
    if (view_load(view, "case", 0, view->n, &all) == ST_OK) {
        mem_free(all.rows);
        return;
    }
    fuzz_require(all.rows == NULL, "vectors left behind by a refusal");
    require_line(status_message());
}
