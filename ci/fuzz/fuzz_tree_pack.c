/* Packed trees: what is accepted packs to the same bytes, and its cells, if it has any, are shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/record/cells_tree.h"
#include "../../harness/cli/show.h"
#include "../../harness/record/tree_pack.h"
#include "fuzz.h"

static void pack_again(const struct tree *root, const uint8_t *data, size_t size) {
    void *bytes;
    size_t packed;
    fuzz_require(tree_pack(root, &bytes, &packed) == ST_OK, "unpacked, but cannot be packed");
    fuzz_require(packed == size && memcmp(bytes, data, size) == 0, "packed to other bytes");
    free(bytes);
}

static void show(struct shown *s, FILE *out) {
    fuzz_require(show_json(s, out) == ST_OK, "cannot be shown as JSON");
    fuzz_require(show_text(s, out) == ST_OK, "cannot be shown as text");
}

/* All of it, then each cell with its samples. */
static void show_cells(struct tree *root) {
    struct shown s = {.path = "case", .root = root};
    if (!fuzz_answer_escaped(cells_from_tree(root, &s.cells, &s.cell_count), ST_RECORD))
        return;
    FILE *out = fopen("/dev/null", "w");
    fuzz_require(out != NULL, "no /dev/null");
    show(&s, out);
    for (size_t i = 0; i < s.cell_count; i++) {
        s.only = &s.cells[i];
        show(&s, out);
    }
    fclose(out);
    cells_free(s.cells, s.cell_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tree *root;
    if (!fuzz_answer(tree_unpack(data, size, "case", &root), ST_RECORD)) {
        fuzz_require(root == NULL, "a tree left behind by a refusal");
        return 0;
    }
    pack_again(root, data, size);
    show_cells(root);
    tree_free(root);
    return 0;
}
