/* Packed trees as search projections: accepted ones are written back with the same values. */
#include <string.h>

#include "../../datasets/projections.h"
#include "../../harness/record/record.h"
#include "../../harness/record/tree_pack.h"
#include "fuzz.h"

static void write_back(const struct projections *p, const struct tree *from) {
    struct tree *root;
    char first[DIGEST_HEX], second[DIGEST_HEX];
    fuzz_require(projections_to_tree(p, &root) == ST_OK, "read, but cannot be written");
    tree_digest(tree_find(from, "outputs"), first);
    tree_digest(tree_find(root, "outputs"), second);
    fuzz_require(strcmp(first, second) == 0, "other values when they are written again");
    tree_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tree *root;
    struct projections p;
    if (tree_unpack(data, size, "case", &root) != ST_OK)
        return 0;
    if (fuzz_answer(projections_from_tree(root, "case", &p), ST_INPUT)) {
        write_back(&p, root);
        projections_free(&p);
    } else {
        fuzz_require(p.set_count == 0 && p.sets[0].wq == NULL, "values left behind by a refusal");
    }
    tree_free(root);
    return 0;
}
