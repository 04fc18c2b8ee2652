/* HDF5 parses foreign bytes in a child process only; the tree comes back packed. */
#include <stdlib.h>

#include "../base/child.h"
#include "../base/escape.h"
#include "record.h"
#include "tree_pack.h"

/* What the child needs; it has it by fork. */
struct task {
    const void *bytes;
    size_t size;
    const char *label;
};

static enum status decode_and_pack(void *arg, void **bytes, size_t *size) {
    const struct task *t = arg;
    struct tree *root;
    const enum status st = record_decode(t->bytes, t->size, t->label, &root);
    return st == ST_OK ? tree_pack(root, bytes, size) : st;
}

enum status record_decode_contained(const void *bytes, size_t size, const char *label,
                                    struct tree **root) {
    /* HDF5's copy of the image, the tree and its packed form, each at most as large as the record
     * but for bookkeeping, and a fixed part for HDF5 itself. */
    enum { MEMORY = 256 << 20, MEMORY_A_BYTE = 16, RESULT = 2 * RECORD_MAX_BYTES };
    const struct child_limits limits = {.cpu_seconds = 20,
                                        .wall_seconds = 60,
                                        .memory_bytes = MEMORY + MEMORY_A_BYTE * size,
                                        .result_bytes = RESULT,
                                        .failure = ST_RECORD,
                                        .doing = "reading it",
                                        .advice = "no record of this program; do not use it"};
    struct task task = {bytes, size, label};
    char shown[ESCAPE_LINE];
    void *packed = NULL;
    size_t packed_size = 0;
    escape_text(label, shown, sizeof shown);
    *root = NULL;
    enum status st = child_run(&limits, decode_and_pack, &task, shown, &packed, &packed_size);
    if (st == ST_OK)
        st = tree_unpack(packed, packed_size, label, root);
    free(packed);
    return st;
}
